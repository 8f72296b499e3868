// Commands while things are killed, by seeds: whoever dies, and at whichever moment, no command is lost, none is executed twice by a
// device that remembers, and what is said of each in the end is true.
//
// HOLDFAST_ROUNDS says how many rounds (default 10), HOLDFAST_SEED which is the first.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { CommandedDevice, Journal } from './support/commanded.mjs';
import { makeHoldfast } from './support/holdfast.mjs';
import { pause, until, within } from './support/until.mjs';

const rounds = Number(process.env.HOLDFAST_ROUNDS ?? 10);
const firstSeed = Number(process.env.HOLDFAST_SEED ?? 1);
const deviceCount = 6;
const commandsPerRound = 18;
const deadlineMs = 12_000;
const terminal = new Set(['succeeded', 'failed', 'expired', 'timed_out', 'cancelled', 'rejected']);

/** mulberry32: the same numbers for the same seed. */
function dice(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** A device that comes back until it is told to leave, with the same journal. */
class StubbornDevice {
  constructor(holdfast, id, version) {
    this.holdfast = holdfast;
    this.id = id;
    this.version = version;
    this.journal = new Journal();
    this.living = this.live();
  }
  async live() {
    while (!this.leaving) {
      const device = new CommandedDevice(this.holdfast, { clientId: this.id, protocolVersion: this.version, connectTimeout: 3000 }, { journal: this.journal });
      this.device = device;
      try {
        await device.listening();
        while (!this.leaving && device.closes === 0) await pause(20);
      } catch {
        // It is tried again.
      }
      await device.drop().catch(() => {});
      await pause(30);
    }
  }
  cut() {
    this.device?.client.stream?.destroy();
  }
  async leave() {
    this.leaving = true;
    await this.living;
  }
}

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

  /** The id of a command that is certainly recorded, whatever dies meanwhile: the key makes repetitions harmless. */
  async function submit(device, body) {
    return until(`${body.idempotency_key} is taken`, async () => {
      try {
        const answer = await holdfast.api.raw('POST', `/api/v1/devices/${device}/commands`, body);
        if (answer.status === 503 || answer.status === 429) return undefined;
        assert.ok(answer.status < 300, `${answer.status} ${answer.text}`);
        return JSON.parse(answer.text).id;
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error;
        return undefined;
      }
    }, { seconds: 60, every: 30 });
  }

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
          all.push(submit(device.id, body).then((id) => taken.push({ id, device })));
          await pause(random() * 12);
        }
        await Promise.all(all);
      })();
      await pause(moment);
      const striking = victims[victim](random);
      await Promise.all([sending, striking]);
      assert.equal(taken.length, commandsPerRound);
      for (const { id, device } of taken) {
        const command = await until(`${id} has ended (victim: ${victim})`, async () => {
          const now = await holdfast.api.get(`/commands/${id}`).catch(() => undefined);
          return now && terminal.has(now.state) && now;
        }, { seconds: 60, every: 50 });
        const executions = device.journal.executed.get(id) ?? 0;
        const told = `${id} for ${device.id}, victim ${victim}: ${JSON.stringify(command)}`;
        assert.ok(executions <= 1, `executed twice: ${told}`);
        assert.notEqual(command.reason, null, `no reason: ${told}`);
        if (command.executed === 'no') assert.equal(executions, 0, `it was executed: ${told}`);
        if (command.executed === 'yes') assert.equal(executions, 1, `it was not executed: ${told}`);
        assert.ok(Date.parse(command.ended_at) <= Date.parse(command.deadline) + 2500, `too late: ${told}`);
      }
    });
  }
});
