// Wills and sessions belong to the node and the device: what Holdfast does between them must not change them.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { connectDevice } from './support/devices.mjs';
import { startHoldfast } from './support/holdfast.mjs';
import { connect, packetsOf, publish, subscribe } from './support/packets.mjs';
import { connectRaw } from './support/raw_device.mjs';
import { until, within } from './support/until.mjs';

const serverMoved = 0x9d;
const useAnotherServer = 0x9c;
const sessionTakenOver = 0x8e;

describe('wills and sessions', () => {
  let holdfast;
  let api;
  before(async () => {
    holdfast = await startHoldfast();
    api = holdfast.api;
  });
  after(() => holdfast?.end());

  /** A device whose explicit route leads to that node. */
  async function deviceOn(t, node, options) {
    await api.tie(options.clientId, node);
    const device = await connectDevice(t, holdfast, options);
    await api.connected(options.clientId, node);
    return device;
  }
  const willOf = (id, more = {}) => ({ topic: `wills/${id}`, payload: 'gone', qos: 1, ...more });

  /** Fails when the watcher has seen anything on `topic` before a message that is sent to it now. */
  async function sawNothing(watcher, topic) {
    const marker = `marker/${topic}/${Math.random()}`;
    await watcher.subscribe(marker);
    await watcher.publish(marker, 'now', { qos: 1 });
    await watcher.messages(marker);
    assert.deepEqual(watcher.received.filter((message) => message.topic === topic).map((message) => message.text), []);
  }

  for (const protocolVersion of [4, 5]) {
    const id = (what) => `${what}-v${protocolVersion}`;

    it(`version ${protocolVersion}: the will is published when the device vanishes`, async (t) => {
      const watcher = await deviceOn(t, 'east-1', { clientId: id('watcher-vanish'), protocolVersion });
      await watcher.subscribe('wills/#');
      const device = await deviceOn(t, 'east-1', { clientId: id('vanishing'), protocolVersion, will: willOf(id('vanishing')) });
      await device.drop();
      const [message] = await watcher.messages(`wills/${id('vanishing')}`);
      assert.equal(message.text, 'gone');
    });

    it(`version ${protocolVersion}: no will when the device says goodbye`, async (t) => {
      const watcher = await deviceOn(t, 'east-1', { clientId: id('watcher-bye'), protocolVersion });
      await watcher.subscribe('wills/#');
      const device = await deviceOn(t, 'east-1', { clientId: id('polite'), protocolVersion, will: willOf(id('polite')) });
      await device.end();
      await until('it is disconnected', async () => !(await api.device(id('polite'))).connected);
      await sawNothing(watcher, `wills/${id('polite')}`);
    });

    it(`version ${protocolVersion}: no will when the device is moved; it comes back where it was moved to`, async (t) => {
      const watcher = await deviceOn(t, 'east-1', { clientId: id('watcher-move'), protocolVersion });
      await watcher.subscribe('wills/#');
      const device = await deviceOn(t, 'east-1', {
        clientId: id('moving'),
        protocolVersion,
        will: willOf(id('moving')),
        reconnectPeriod: 100,
      });
      await api.move(id('moving'), 'west');
      const moved = await until('it is back', async () => {
        const now = await api.device(id('moving'));
        return now.connected && now.cluster === 'west' && now;
      });
      assert.equal(moved.explicit_cluster, 'west');
      assert.deepEqual(device.goodbyes.map((goodbye) => goodbye.reasonCode), protocolVersion === 5 ? [serverMoved] : []);
      await sawNothing(watcher, `wills/${id('moving')}`);
      await holdfast.logged(new RegExp(`${id('moving')}.*\\bmoved`));
    });

    it(`version ${protocolVersion}: no will when the node is drained; the device comes back on the other`, async (t) => {
      await api.post('/devices', { id: id('drained'), explicit_cluster: 'west' });
      const device = await connectDevice(t, holdfast, {
        clientId: id('drained'),
        protocolVersion,
        will: willOf(id('drained')),
        reconnectPeriod: 100,
      });
      const { node } = await api.connected(id('drained'));
      const other = node === 'west-1' ? 'west-2' : 'west-1';
      const watcher = await deviceOn(t, node, { clientId: id('watcher-drain'), protocolVersion });
      await watcher.subscribe('wills/#');
      try {
        await api.post(`/nodes/${node}/drain`, { pace: 0 });
        await api.connected(id('drained'), other);
        assert.deepEqual(device.goodbyes.map((goodbye) => goodbye.reasonCode), protocolVersion === 5 ? [useAnotherServer] : []);
      } finally {
        await api.post(`/nodes/${node}/undrain`);
      }
      const late = await deviceOn(t, node, { clientId: id('watcher-late'), protocolVersion });
      await late.subscribe('wills/#');
      await sawNothing(late, `wills/${id('drained')}`);
      assert.deepEqual(watcher.received.map((message) => message.topic), []);
    });

    it(`version ${protocolVersion}: what was queued for a session is delivered when the device comes back, to the same node`, async (t) => {
      const options = {
        clientId: id('sleeper'),
        protocolVersion,
        clean: false,
        ...(protocolVersion === 5 ? { properties: { sessionExpiryInterval: 3600 } } : {}),
      };
      const before = await connectDevice(t, holdfast, options);
      await before.subscribe('inbox/sleeper', { qos: 1 });
      const { node } = await api.connected(options.clientId);
      await before.drop();
      await until('it is disconnected', async () => !(await api.device(options.clientId)).connected);

      const sender = await deviceOn(t, node, { clientId: id('sender'), protocolVersion });
      const sent = Array.from({ length: 20 }, (_, i) => `letter ${i}`);
      for (const text of sent) await sender.publish('inbox/sleeper', text, { qos: 1 });

      const back = await connectDevice(t, holdfast, options);
      assert.equal(back.connacks[0].sessionPresent, true);
      const got = await back.messages('inbox/sleeper', sent.length);
      assert.deepEqual(got.map((message) => message.text), sent);
      const now = await api.connected(options.clientId);
      assert.equal(now.node, node);
      assert.equal(now.route, 'sticky');
      await back.end();
    });

    it(`version ${protocolVersion}: the same client id again is the node's to take over`, async (t) => {
      const first = await deviceOn(t, 'east-2', { clientId: id('twin'), protocolVersion });
      const second = await connectDevice(t, holdfast, { clientId: id('twin'), protocolVersion });
      await first.closed();
      // Older mosquittos close without a word; then the gateway tells a v5 device that it may come back.
      const words = protocolVersion === 5 ? [sessionTakenOver, useAnotherServer] : [];
      for (const { reasonCode } of first.goodbyes) assert.ok(words.includes(reasonCode), `0x${reasonCode.toString(16)}`);
      assert.equal(second.closes, 0);
      const connection = await until('one connection is left', async () => {
        const { items } = await api.get(`/connections?device=${id('twin')}`);
        return items.length === 1 && items[0];
      });
      assert.equal(connection.node, 'east-2');
    });
  }

  it('a client id that the node assigned leads back to that node', async (t) => {
    const assigned = async () => {
      const device = await connectRaw(t, holdfast);
      device.send(connect({ level: 5, clientId: '', properties: [0x11, 0, 0, 0x0e, 0x10] }));
      await device.bytes(5);
      const [connack] = packetsOf(device.received);
      const found = /12(....)(.*)$/.exec(connack.slice(10));
      assert.ok(found, 'the CONNACK names the client');
      const clientId = Buffer.from(found[2].slice(0, 2 * parseInt(found[1], 16)), 'hex').toString();
      const { node } = await api.connected(clientId);
      device.destroy();
      return { clientId, node };
    };
    for (const { clientId, node } of await Promise.all(Array.from({ length: 8 }, assigned))) {
      const device = await connectDevice(t, holdfast, { protocolVersion: 5, clientId, clean: false });
      assert.equal((await api.connected(clientId)).node, node);
      assert.equal(device.connacks[0].sessionPresent, true);
    }
  });

  it('a move cuts the stream to the device between two packets', async (t) => {
    await api.tie('reader', 'east-1');
    const reader = await connectRaw(t, holdfast);
    reader.send(connect({ clientId: 'reader' }), subscribe(1, 'stream'));
    await reader.bytes(9);
    const sender = await deviceOn(t, 'east-1', { clientId: 'streamer' });
    const payload = Buffer.alloc(150_000, 7);
    let streaming = true;
    const stream = (async () => {
      while (streaming) await sender.publish('stream', payload, { qos: 1 });
    })();
    let all;
    try {
      await reader.bytes(1_000_000);
      await api.move('reader', 'west');
      all = await reader.end();
    } finally {
      streaming = false;
      await stream;
    }
    const packets = packetsOf(all);
    assert.ok(packets.length > 5);
    const whole = publish('stream', payload).length;
    assert.ok(packets.slice(2).every((packet) => packet.length === 2 * whole), 'the last packet is whole too');
  });

  it('a move lets the device finish the packet that it is sending', async (t) => {
    const watcher = await deviceOn(t, 'east-1', { clientId: 'watcher-half' });
    await watcher.subscribe('half', { qos: 0 });
    await api.tie('halfway', 'east-1');
    const device = await connectRaw(t, holdfast);
    device.send(connect({ clientId: 'halfway' }));
    await device.bytes(4);
    const bytes = publish('half', 'x'.repeat(10_000));
    device.send(bytes.subarray(0, 4000));
    await api.connected('halfway', 'east-1');
    await api.move('halfway', 'west');
    await until('it is asked to go', async () => {
      const { items } = await api.get('/connections?device=halfway');
      return items.length === 0 || items[0].ending;
    });
    device.send(bytes.subarray(4000));
    const [message] = await watcher.messages('half');
    assert.equal(message.payload.length, 10_000);
    await device.end();
  });

  it('an operator can end one connection; a v5 device is told why', async (t) => {
    const device = await deviceOn(t, 'west-1', { clientId: 'unwanted', protocolVersion: 5 });
    const { items } = await api.get('/connections?device=unwanted');
    await api.delete(`/connections/${items[0].id}`);
    await device.closed();
    assert.equal(device.goodbyes[0]?.reasonCode, 0x98);
    await holdfast.logged(/unwanted.*ended_by_operator/);
  });

  it('ends are logged with the device, the node and the reason', async (t) => {
    const device = await deviceOn(t, 'west-2', { clientId: 'leaving' });
    await device.end();
    const line = await holdfast.logged(/leaving.*device_disconnected/);
    assert.match(line, /west-2/);
    const vanished = await deviceOn(t, 'west-2', { clientId: 'vanished' });
    await vanished.drop();
    await holdfast.logged(/vanished.*(device_closed|device_broken)/, { seconds: within(10) / 1000 });
  });
});
