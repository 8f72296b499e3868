// The command side in processes of its own: one with gateway and fleet, two centres, two channels. They do together what one
// process does, and any of them may be killed at any moment.
//
// HOLDFAST_ROUNDS says how many rounds of killing (default 10), HOLDFAST_SEED which is the first.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { CentreProcess, ChannelProcess } from './support/command_processes.mjs';
import { commandedDevice } from './support/commanded.mjs';
import { makeHoldfast } from './support/holdfast.mjs';
import { StubbornDevice, assertTrue, dice, ended, submitted } from './support/under_fire.mjs';
import { pause, until, within } from './support/until.mjs';

const rounds = Number(process.env.HOLDFAST_ROUNDS ?? 10);
const firstSeed = Number(process.env.HOLDFAST_SEED ?? 1);
const deviceCount = 6;
const commandsPerRound = 18;
const deadlineMs = 15_000;

describe('the command side in processes of its own', () => {
  let holdfast;
  const centres = [];
  const channels = [];
  const devices = [];

  before(async () => {
    holdfast = makeHoldfast({
      gateway: { listen: ['127.0.0.1:0'], threads: 1 },
      commands: { enabled: false, queue: 'file', answer_timeout: '700ms', channel_timeout: '700ms', lease: '2s' },
      probe: { interval: '100ms', timeout: '500ms' },
    });
    await holdfast.start();
    // From now on at the same place, so that devices find it again.
    holdfast.configure({ ...holdfast.settings, gateway: { ...holdfast.settings.gateway, listen: [`127.0.0.1:${holdfast.port}`] } });
    for (const name of ['first', 'second']) centres.push(await new CentreProcess(holdfast, name).start());
    channels.push(await new ChannelProcess(holdfast, 'east', 'west').start());
    channels.push(await new ChannelProcess(holdfast).start());
  });
  after(async () => {
    await Promise.all(devices.map((device) => device.leave()));
    for (const side of [...channels, ...centres]) {
      const how = await side.process?.stop('SIGTERM');
      assert.ok(how === undefined || how.code === 0 || how.signal, `${side.words[0]} ended with ${JSON.stringify(how)}\n${side.log.slice(-3000)}`);
    }
    await holdfast?.end();
  });

  const send = (centre, device, command, query = '') => centre.api.post(`/devices/${device}/commands${query}`, command);

  it('a command sent at one centre is waited for at the other', async (t) => {
    const device = await commandedDevice(t, holdfast, { clientId: 'meter-7' });
    for (const [here, there] of [[0, 1], [1, 0]]) {
      const command = await until('the centre knows the device', async () => send(centres[here], device.id, { name: 'read' }).catch(() => undefined));
      const waited = await centres[there].api.get(`/commands/${command.id}?wait=10s`);
      assert.equal(waited.state, 'succeeded', JSON.stringify(waited));
      assert.equal(waited.executed, 'yes');
    }
    assert.equal(device.journal.executed.size, 2);
  });

  it('devices of every cluster are reached from every centre', async (t) => {
    for (const [i, node] of ['east-1', 'west-1'].entries()) {
      await holdfast.api.tie(`tied-${i}`, node);
      const device = await commandedDevice(t, holdfast, { clientId: `tied-${i}`, protocolVersion: i ? 4 : 5 });
      for (const centre of centres) {
        const command = await until('it is known', async () => {
          const done = await send(centre, device.id, { name: 'read' }, '?wait=10s').catch(() => undefined);
          return done?.state === 'succeeded' && done;
        });
        assert.equal(command.executed, 'yes');
      }
    }
  });

  it('what a silent device acknowledges is seen by the gateway and told to the centre', async (t) => {
    const device = await commandedDevice(t, holdfast, { clientId: 'silent' }, { act: () => undefined });
    const command = await until('the centre knows the device', () => send(centres[0], device.id, { name: 'x', attempts: 1, deadline_in: '5s' }).catch(() => undefined));
    let shown;
    await until('it is delivered', async () => {
      shown = await centres[0].api.get(`/commands/${command.id}`);
      return shown.attempts?.[0]?.delivered_at;
    }, { seconds: 8 }).catch(() => assert.fail(JSON.stringify(shown)));
  });

  it('a centre has no fleet and says who has; the fleet\'s process has no centre', async () => {
    const answer = await centres[0].api.raw('GET', '/api/v1/devices');
    assert.equal(answer.status, 503);
    assert.match(answer.text, /ask the one that has/);
    assert.equal((await holdfast.api.raw('GET', '/api/v1/commands')).status, 503);
    const health = await centres[0].api.health();
    assert.equal(health.status, 'ok', JSON.stringify(health));
    assert.equal(health.fleet, undefined);
    assert.equal((await centres[0].api.metrics('holdfast_info')) && Object.keys(await centres[0].api.metrics('holdfast_info')).length, 1);
  });

  it('the command line finds a centre by itself', async (t) => {
    const device = await commandedDevice(t, holdfast, { clientId: 'of-the-cli' });
    const sent = await until('the centre knows the device', async () => {
      const ran = await holdfast.cli('command', 'send', device.id, 'reboot', '--wait');
      return ran.code === 0 && ran;
    });
    assert.match(sent.stdout, /succeeded/);
    assert.match((await holdfast.cli('device', 'ls')).stdout, /of-the-cli/);
  });

  it('a centre of a name that another one has does not start', async () => {
    const twin = new CentreProcess(holdfast, 'first').launch();
    const how = await twin.process.end();
    assert.equal(how.code, 1);
    assert.match(twin.log, /first/);
  });

  /** Any of the centres. */
  const anyCentre = (random) => () => centres[Math.floor(random() * centres.length)].api;
  const restart = async (side) => {
    await side.kill();
    await side.start();
  };
  const victims = {
    centre: (random) => restart(centres[Math.floor(random() * centres.length)]),
    channel: (random) => restart(channels[Math.floor(random() * channels.length)]),
    async gateway() {
      await holdfast.kill();
      await holdfast.start({ nodesUp: false });
    },
  };

  for (let round = 0; round < rounds; ++round) {
    const seed = firstSeed + round;
    it(`round ${seed}`, { timeout: within(120) }, async () => {
      while (devices.length < deviceCount) {
        const i = devices.length;
        devices.push(new StubbornDevice(holdfast, `d${i}`, i % 2 ? 4 : 5));
        await holdfast.api.connected(`d${i}`);
        for (const centre of centres) {
          await until(`${centre.name} knows d${i}`, () => send(centre, `d${i}`, { name: 'hello' }).catch(() => undefined));
        }
      }
      const random = dice(seed);
      const names = Object.keys(victims);
      const victim = names[Math.floor(random() * names.length)];
      const moment = random() * 120;
      const api = anyCentre(random);
      const taken = [];
      const sending = (async () => {
        const all = [];
        for (let i = 0; i < commandsPerRound; ++i) {
          const device = devices[Math.floor(random() * devices.length)];
          // The key at one centre only: each is asked again until it has taken it.
          const centre = centres[i % centres.length];
          const body = { name: 'count', data: i, offline: 'queue', deadline_in: `${deadlineMs}ms`, attempts: 20, idempotency_key: `r${seed}-${i}` };
          if (random() < 0.2) body.deliver_at = new Date(Date.now() + 300 * random()).toISOString();
          all.push(submitted(() => centre.api, device.id, body).then((id) => taken.push({ id, device })));
          await pause(random() * 12);
        }
        await Promise.all(all);
      })();
      await pause(moment);
      await Promise.all([sending, victims[victim](random)]);
      assert.equal(taken.length, commandsPerRound);
      for (const { id, device } of taken) {
        const command = await ended(api, id, `(victim: ${victim})`);
        const told = assertTrue(command, device, `victim ${victim}`);
        assert.ok(Date.parse(command.ended_at) <= Date.parse(command.deadline) + 5000, `too late: ${told}`);
      }
    });
  }
});
