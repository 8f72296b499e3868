// Commands while things are killed, by seeds: whoever dies, and at whichever moment, no command is lost, none is executed twice by a
// device that remembers, and what is said of each in the end is true.
//
// HOLDFAST_ROUNDS says how many rounds (default 10), HOLDFAST_SEED which is the first.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { makeHoldfast } from './support/holdfast.mjs';
import { StubbornDevice, assertTrue, dice, ended, submitted } from './support/under_fire.mjs';
import { pause, within } from './support/until.mjs';

const rounds = Number(process.env.HOLDFAST_ROUNDS ?? 10);
const firstSeed = Number(process.env.HOLDFAST_SEED ?? 1);
const deviceCount = 6;
const commandsPerRound = 18;
const deadlineMs = 12_000;

describe('commands under fire', () => {
  let holdfast;
  const devices = [];
  before(async () => {
    holdfast = makeHoldfast({
      gateway: { listen: ['127.0.0.1:0'], threads: 1 },
      commands: { answer_timeout: '700ms', channel_timeout: '700ms' },
      probe: { interval: '100ms', timeout: '500ms' },
    });
    await holdfast.start();
    // From now on at the same places, so that devices find it again.
    holdfast.configure({
      ...holdfast.settings,
      gateway: { ...holdfast.settings.gateway, listen: [`127.0.0.1:${holdfast.port}`] },
      admin: { ...holdfast.settings.admin, listen: `127.0.0.1:${holdfast.api.place.port}` },
    });
    for (let i = 0; i < deviceCount; ++i) devices.push(new StubbornDevice(holdfast, `d${i}`, i % 2 ? 4 : 5));
    for (const device of devices) await holdfast.api.connected(device.id);
  });
  after(async () => {
    await Promise.all(devices.map((device) => device.leave()));
    await holdfast?.end();
  });

  const api = () => holdfast.api;

  const victims = {
    async holdfast() {
      await holdfast.kill();
      await holdfast.start({ nodesUp: false });
    },
    async node(random) {
      const nodes = await holdfast.api.nodes();
      const node = nodes[Math.floor(random() * nodes.length)];
      if (node.pid) process.kill(node.pid, 'SIGKILL');
    },
    async frozenNode(random) {
      const nodes = (await holdfast.api.nodes()).filter((node) => node.pid);
      const { pid } = nodes[Math.floor(random() * nodes.length)];
      process.kill(pid, 'SIGSTOP');
      await pause(1500);
      process.kill(pid, 'SIGCONT');
    },
    async device(random) {
      devices[Math.floor(random() * devices.length)].cut();
    },
  };

  for (let round = 0; round < rounds; ++round) {
    const seed = firstSeed + round;
    it(`round ${seed}`, { timeout: within(120) }, async () => {
      const random = dice(seed);
      const names = Object.keys(victims);
      const victim = names[Math.floor(random() * names.length)];
      const moment = random() * 120;
      const taken = [];
      const sending = (async () => {
        const all = [];
        for (let i = 0; i < commandsPerRound; ++i) {
          const device = devices[Math.floor(random() * devices.length)];
          const body = { name: 'count', data: i, offline: 'queue', deadline_in: `${deadlineMs}ms`, attempts: 20, idempotency_key: `r${seed}-${i}` };
          if (random() < 0.2) body.deliver_at = new Date(Date.now() + 300 * random()).toISOString();
          all.push(submitted(api, device.id, body).then((id) => taken.push({ id, device })));
          await pause(random() * 12);
        }
        await Promise.all(all);
      })();
      await pause(moment);
      const striking = victims[victim](random);
      await Promise.all([sending, striking]);
      assert.equal(taken.length, commandsPerRound);
      for (const { id, device } of taken) {
        const command = await ended(api, id, `(victim: ${victim})`);
        const told = assertTrue(command, device, `victim ${victim}`);
        assert.ok(Date.parse(command.ended_at) <= Date.parse(command.deadline) + 2500, `too late: ${told}`);
      }
    });
  }
});
