// Commands over real brokers to devices that know nothing of Holdfast but the topics.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { commandedDevice } from './support/commanded.mjs';
import { connectDevice, Device } from './support/devices.mjs';
import { startHoldfast } from './support/holdfast.mjs';
import { until } from './support/until.mjs';

const terminal = new Set(['succeeded', 'failed', 'expired', 'timed_out', 'cancelled', 'rejected']);

describe('commands', () => {
  let holdfast;
  before(async () => {
    holdfast = await startHoldfast({ commands: { answer_timeout: '1s' } });
  });
  after(() => holdfast?.end());

  const send = (device, command, query = '') => holdfast.api.post(`/devices/${encodeURIComponent(device)}/commands${query}`, command);
  const show = (id) => holdfast.api.get(`/commands/${id}`);
  const ended = (id) => until(`${id} has ended`, async () => {
    const command = await show(id);
    return terminal.has(command.state) && command;
  });
  /** The body and status of a request that is refused. */
  const refused = async (method, path, body, headers) => {
    const answer = await holdfast.api.raw(method, `/api/v1${path}`, body, headers);
    return { status: answer.status, ...JSON.parse(answer.text) };
  };

  for (const [name, protocolVersion] of [['MQTT 5', 5], ['MQTT 3.1.1', 4], ['MQTT 3.1', 3]]) {
    it(`reach a device that speaks ${name}, and its result comes back`, async (t) => {
      const device = await commandedDevice(t, holdfast, { clientId: `lock-${protocolVersion}`, protocolVersion }, {
        act: (command) => ({ status: 'succeeded', opened: command.data.door }),
      });
      const command = await send(device.id, { name: 'open', data: { door: 3 } }, '?wait=10s');
      assert.equal(command.state, 'succeeded');
      assert.equal(command.executed, 'yes');
      assert.deepEqual(command.result, { status: 'succeeded', opened: 3 });
      assert.equal(command.attempts.length, 1);
      const [got] = device.commands;
      assert.equal(got.id, command.id);
      assert.equal(got.attempt, 1);
      assert.equal(got.command, 'open');
      if (protocolVersion === 5) {
        assert.equal(got.topic, `holdfast/${device.id}/command/${command.id}`);
        assert.equal(got.packet.properties.responseTopic, `holdfast/${device.id}/reply/${command.id}/1`);
        assert.equal(got.packet.properties.correlationData.toString(), `${command.id}/1`);
        const left = got.packet.properties.messageExpiryInterval;
        assert.ok(left > 20 && left <= 30, `the message expires with its command: ${left}`);
        assert.equal(got.packet.properties.contentType, 'application/json');
      } else {
        assert.equal(got.topic, `holdfast/${device.id}/command/${command.id}/1`);
      }
    });
  }

  it('are followed by the command line: send, wait, show, list, cancel', async (t) => {
    const device = await commandedDevice(t, holdfast, { clientId: 'cli-device' });
    const waited = await holdfast.cli('command', 'send', device.id, 'reboot', '--wait');
    assert.equal(waited.code, 0, waited.stderr);
    assert.match(waited.stdout, /reboot on cli-device succeeded/);
    const sent = await holdfast.cli('command', 'send', device.id, 'set-rate', '--data', '{"hz":2}');
    const id = sent.stdout.trim();
    assert.match(id, /^[0-9a-z]{26}$/);
    await ended(id);
    const shown = await holdfast.cli('command', 'show', id);
    assert.match(shown.stdout, /executed\s+yes/);
    assert.match(shown.stdout, /"hz":2/);
    assert.match((await holdfast.cli('command', 'ls', '--device', device.id)).stdout, /set-rate/);
    const offline = await holdfast.cli('command', 'send', 'nobody-here', 'x');
    assert.equal(offline.code, 4);
  });

  it('fail with the device\'s own words', async (t) => {
    const device = await commandedDevice(t, holdfast, { clientId: 'broken' }, { act: () => ({ status: 'failed', message: 'the motor is stuck' }) });
    const command = await send(device.id, { name: 'open', attempts: 1 }, '?wait=10s');
    assert.equal(command.state, 'failed');
    assert.equal(command.executed, 'yes');
    assert.match(command.explanation, /the motor is stuck/);
    const other = await commandedDevice(t, holdfast, { clientId: 'proud' }, { act: () => ({ status: 'rejected' }) });
    const rejected = await send(other.id, { name: 'open' }, '?wait=10s');
    assert.equal(rejected.state, 'rejected');
    assert.equal(rejected.executed, 'no');
  });

  it('to a device that is not there: an answer at once, or patience, as the sender wishes', async (t) => {
    const gone = await connectDevice(t, holdfast, { clientId: 'sleeper' });
    await holdfast.api.connected('sleeper');
    await gone.end();
    await until('it is gone', async () => !(await holdfast.api.device('sleeper')).connected);
    const failed = await send('sleeper', { name: 'ping', offline: 'fail' }, '?wait=10s');
    assert.equal(failed.state, 'rejected');
    assert.equal(failed.reason, 'device_offline');
    assert.equal(failed.executed, 'no');
    const queued = await send('sleeper', { name: 'ping', offline: 'queue' });
    assert.equal(queued.state, 'queued');
    const back = await commandedDevice(t, holdfast, { clientId: 'sleeper' });
    const done = await ended(queued.id);
    assert.equal(done.state, 'succeeded');
    assert.ok(back.commands.length >= 1);
  });

  it('whose deadline passes before anything was sent end as expired, certainly not executed', async () => {
    const command = await send('sleeper', { name: 'ping', offline: 'queue', deadline_in: '300ms' });
    await until('sleeper is away', async () => !(await holdfast.api.device('sleeper')).connected);
    const late = await send('sleeper', { name: 'ping', offline: 'queue', deadline_in: '300ms' }, '?wait=5s');
    assert.equal(late.state, 'expired');
    assert.equal(late.executed, 'no');
    await ended(command.id);
  });

  it('that a device takes and never answers end by their deadline, executed unknown, delivered by its own PUBACK', async (t) => {
    const device = await commandedDevice(t, holdfast, { clientId: 'mute' }, { act: () => undefined });
    const command = await send(device.id, { name: 'ping', deadline_in: '2s', attempts: 1 }, '?wait=10s');
    assert.equal(command.state, 'timed_out');
    assert.equal(command.executed, 'unknown');
    assert.ok(command.attempts[0].delivered_at, 'the gateway saw the device acknowledge it');
  });

  it('are not delivered because a broker says so', async (t) => {
    // Subscribed at QoS 0 it sends no PUBACK of its own; the node's PUBACK to the channel is worth nothing.
    const device = new Device(holdfast, { clientId: 'qos-zero' });
    t.after(() => device.drop().catch(() => {}));
    await device.connected();
    await device.subscribe('holdfast/qos-zero/command/#', { qos: 0 });
    await holdfast.api.connected('qos-zero');
    const command = await send('qos-zero', { name: 'ping', deadline_in: '1500ms', attempts: 1 }, '?wait=10s');
    assert.equal(command.state, 'timed_out');
    assert.equal(command.attempts[0].delivered_at, null);
    assert.ok(command.attempts[0].sent_at);
  });

  it('to a device that listens to nothing are known not to be executed', async (t) => {
    await connectDevice(t, holdfast, { clientId: 'deaf', protocolVersion: 5 });
    await holdfast.api.connected('deaf');
    const command = await send('deaf', { name: 'ping', deadline_in: '2s' }, '?wait=10s');
    assert.equal(command.executed, 'no');
    assert.match(JSON.stringify(command.attempts), /not_subscribed/);
  });

  it('are tried again when no answer comes, with the same id, and executed once by a device that remembers', async (t) => {
    let asked = 0;
    const device = await commandedDevice(t, holdfast, { clientId: 'forgetful-line' }, { act: () => ({ status: 'succeeded' }) });
    const reply = device.reply.bind(device);
    device.reply = (id, body) => {
      if (++asked > 1) reply(id, body);
    };
    const command = await send(device.id, { name: 'count', answer_timeout: '500ms' }, '?wait=10s');
    assert.equal(command.state, 'succeeded');
    assert.ok(command.attempts.length >= 2);
    assert.equal(device.journal.executed.get(command.id), 1);
    assert.deepEqual([...new Set(device.commands.map((one) => one.id))], [command.id]);
  });

  it('follow a device that moves to another cluster', async (t) => {
    const device = await commandedDevice(t, holdfast, { clientId: 'mover' });
    const from = (await holdfast.api.device('mover')).cluster;
    const to = from === 'east' ? 'west' : 'east';
    await holdfast.api.move('mover', to);
    await device.closed();
    const queued = await send('mover', { name: 'ping', offline: 'queue' });
    const back = await commandedDevice(t, holdfast, { clientId: 'mover' });
    const done = await ended(queued.id);
    assert.equal(done.state, 'succeeded');
    assert.match(done.attempts.at(-1).node, new RegExp(`^${to}-`));
    assert.ok(back.commands.length >= 1);
  });

  it('of one device go one after the other, in their order', async (t) => {
    const device = await commandedDevice(t, holdfast, { clientId: 'orderly' });
    const ids = [];
    for (let i = 0; i < 20; ++i) ids.push((await send(device.id, { name: 'step', data: i, offline: 'queue' })).id);
    for (const id of ids) assert.equal((await ended(id)).state, 'succeeded');
    assert.deepEqual(device.commands.map((one) => one.data), [...Array(20).keys()]);
  });

  it('with the same key and body are one command; with another body a conflict', async (t) => {
    const device = await commandedDevice(t, holdfast, { clientId: 'keyed' });
    const first = await send(device.id, { name: 'open', idempotency_key: 'k-1' }, '?wait=10s');
    const again = await send(device.id, { name: 'open', idempotency_key: 'k-1' });
    assert.equal(again.id, first.id);
    const conflict = await refused('POST', '/devices/keyed/commands', { name: 'close', idempotency_key: 'k-1' });
    assert.equal(conflict.status, 409);
    assert.equal(device.commands.length, 1);
  });

  it('survive replies for nobody, ten replies, replies after the end, and replies for another device', async (t) => {
    const device = await commandedDevice(t, holdfast, { clientId: 'chatty' });
    const reply = device.reply.bind(device);
    device.reply = (id, body) => {
      for (let i = 0; i < 10; ++i) reply(id, body);
    };
    const command = await send(device.id, { name: 'ping' }, '?wait=10s');
    assert.equal(command.state, 'succeeded');
    reply(command.id, { status: 'failed' });
    reply('00000000000000000000000000', { status: 'succeeded' });
    device.client.publish('holdfast/chatty/reply/not-an-id', 'x', { qos: 1 });
    const victim = await commandedDevice(t, holdfast, { clientId: 'victim' }, { act: () => undefined });
    const other = await send('victim', { name: 'ping', deadline_in: '1500ms', attempts: 1 });
    await until('victim has it', () => victim.commands.length > 0);
    reply(other.id, { status: 'succeeded' });
    assert.equal((await ended(other.id)).state, 'timed_out', 'a device cannot answer for another one');
    assert.equal((await show(command.id)).state, 'succeeded', 'terminal is final');
    assert.equal((await send(device.id, { name: 'ping' }, '?wait=10s')).state, 'succeeded');
  });

  it('are scheduled, to the moment', async (t) => {
    const device = await commandedDevice(t, holdfast, { clientId: 'punctual' });
    const at = Date.now() + 1500;
    const command = await send(device.id, { name: 'ping', deliver_at: new Date(at).toISOString() });
    assert.equal(command.state, 'scheduled');
    const done = await ended(command.id);
    assert.equal(done.state, 'succeeded');
    const started = Date.parse(done.attempts[0].queued_at);
    assert.ok(started >= at, 'not before its time');
  });

  it('are taken back', async () => {
    const command = await send('sleeper', { name: 'ping', offline: 'queue', deadline_in: '1h' });
    const taken = await holdfast.api.delete(`/commands/${command.id}`);
    assert.equal(taken.state, 'cancelled');
    assert.equal(taken.executed, 'no');
    assert.equal((await refused('DELETE', `/commands/${command.id}`)).status, 409);
  });

  it('for many devices are one job with a tally', async (t) => {
    for (let i = 1; i <= 6; ++i) {
      await commandedDevice(t, holdfast, { clientId: `floor-${i}` }, { act: () => ({ status: i === 6 ? 'failed' : 'succeeded' }) });
      await holdfast.api.patch(`/devices/floor-${i}`, { tags: ['floor-3'] });
    }
    const { stdout, code } = await holdfast.cli('command', 'send', '--tag', 'floor-3', 'ping', '--attempts', '1', '--wait');
    assert.equal(code, 6, 'one did not succeed');
    assert.match(stdout, /5 .*succeeded|succeeded.*5/s);
  });

  it('are refused with the field that is wrong', async () => {
    const cases = [
      ['/devices/nobody/commands', { name: 'x' }, 404, undefined],
      ['/devices/sleeper/commands', {}, 400, 'name'],
      ['/devices/sleeper/commands', { name: 'x', deadline: '2001-01-01T00:00:00Z' }, 400, 'deadline'],
      ['/devices/sleeper/commands', { name: 'x', deadline_in: '-3s' }, 400, 'deadline_in'],
      ['/devices/sleeper/commands', { name: 'x', offline: 'perhaps' }, 400, 'offline'],
      ['/devices/sleeper/commands', { name: 'x', attempts: 1000 }, 400, 'attempts'],
      ['/devices/sleeper/commands', { name: 'x', data: 'y'.repeat(100_000) }, 400, 'payload'],
      ['/devices/sleeper/commands', { name: 'x', surprise: 1 }, 400, 'surprise'],
    ];
    for (const [path, body, status, field] of cases) {
      const answer = await refused('POST', path, body);
      assert.equal(answer.status, status, JSON.stringify(answer));
      if (field) assert.ok(answer.detail.includes(field), JSON.stringify(answer));
    }
  });

  it('leave no payload in the log', () => {
    assert.equal(holdfast.logLines(/the motor is stuck|"door"/).length, 0);
  });
});
