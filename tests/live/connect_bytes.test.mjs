// The first packet in every shape that a network or a broken device can give it, and the exact bytes of each answer.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { connectDevice } from './support/devices.mjs';
import { startHoldfast } from './support/holdfast.mjs';
import { connect, disconnect, packet, packetsOf, pingreq, publish, subscribe } from './support/packets.mjs';
import { answerTo, connectRaw } from './support/raw_device.mjs';
import { localCluster } from './support/settings.mjs';
import { pause, until } from './support/until.mjs';

const pingresp = 'd000';
const wholeOf = (device, count) => until(`${count} packets have come`, () => {
  const packets = packetsOf(device.received);
  return packets.length >= count && packets;
}, { every: 5 });

describe('a CONNECT on the wire', () => {
  let holdfast;
  before(async () => {
    holdfast = await startHoldfast({
      gateway: { connect_deadline: '2s', connect_max_size: '4KiB' },
      cluster: [localCluster('solo', 1)],
    });
  });
  after(() => holdfast?.end());

  for (const level of [3, 4, 5]) {
    it(`byte by byte, level ${level}: accepted all the same`, async (t) => {
      const device = await connectRaw(t, holdfast);
      for (const byte of connect({ level, clientId: `slow-${level}` })) {
        device.send([byte]);
        await pause(1);
      }
      const [connack] = await wholeOf(device, 1);
      assert.match(connack, level === 5 ? /^20..0000/ : /^20020000$/);
      device.send(pingreq);
      assert.equal((await wholeOf(device, 2))[1], pingresp);
    });

    it(`with SUBSCRIBE and PUBLISH behind it in one segment, level ${level}: all are served in order`, async (t) => {
      const device = await connectRaw(t, holdfast);
      const topic = `eager/${level}`;
      device.send(connect({ level, clientId: `eager-${level}` }), subscribe(7, topic, { level }), publish(topic, 'now', { level }), pingreq);
      const packets = await wholeOf(device, 4);
      assert.match(packets[0], /^20/);
      assert.match(packets[1], /^90..0007/);
      assert.equal(packets[2], publish(topic, 'now', { level }).toString('hex'));
      assert.equal(packets[3], pingresp);
    });
  }

  it('more behind it than may wait for the CONNACK: nothing is lost', async (t) => {
    const receiver = await connectDevice(t, holdfast, { clientId: 'flood-receiver' });
    await receiver.subscribe('flood', { qos: 0 });
    const device = await connectRaw(t, holdfast);
    const messages = Array.from({ length: 200 }, (_, i) => publish('flood', String(i).padStart(2000, '0')));
    device.send(connect({ clientId: 'flood-sender' }), ...messages);
    const got = await receiver.messages('flood', messages.length);
    assert.deepEqual(got.map((message) => Number(message.text)), messages.map((_, i) => i));
  });

  it('the bridge bit (0x84) is passed on to the node', async (t) => {
    const device = await connectRaw(t, holdfast);
    device.send(connect({ level: 0x84, clientId: 'bridge' }));
    assert.equal((await wholeOf(device, 1))[0], '20020000');
    assert.equal((await holdfast.api.connected('bridge')).connection.mqtt_version, 4);
  });

  it('a second CONNECT is the node\'s matter', async (t) => {
    const device = await connectRaw(t, holdfast);
    device.send(connect({ clientId: 'twice' }));
    await wholeOf(device, 1);
    device.send(connect({ clientId: 'twice' }));
    await device.end();
    await holdfast.logged(/twice.*(node_closed|node_disconnected|node_broken)/);
  });

  it('keep alive 0, client ids longer than 23 bytes, and UTF-8 in them are legal', async (t) => {
    for (const clientId of ['x'.repeat(300), 'zähler-7 ☃', 'a/b?c#d']) {
      const device = await connectRaw(t, holdfast);
      device.send(connect({ clientId, keepAlive: 0 }));
      assert.equal((await wholeOf(device, 1))[0], '20020000');
      assert.equal((await holdfast.api.connected(clientId)).id, clientId);
    }
  });

  it('an empty client id with clean session is served and never stored', async (t) => {
    const device = await connectRaw(t, holdfast);
    device.send(connect({ clientId: '' }));
    assert.equal((await wholeOf(device, 1))[0], '20020000');
    const connections = await until('its connection is listed', async () => {
      const anonymous = (await holdfast.api.all('/connections')).filter((connection) => !connection.device);
      return anonymous.length > 0 && anonymous;
    });
    assert.equal(connections.length, 1);
    assert.ok((await holdfast.api.all('/devices')).every((known) => known.id !== ''));
  });

  // What a refusal looks like. A 3.x device has no code for a malformed packet: it is closed without an answer.
  const malformed = { 3: '', 4: '', 5: '2003008100' };
  const cases = [
    ['level 6 of MQTT, newer than 5', connect({ level: 6, clientId: 'new' }), '2003008400'],
    ['level 2 of MQTT', connect({ level: 2, clientId: 'old' }), '20020001'],
    ['level 3 under the name MQTT', connect({ level: 3, name: 'MQTT', clientId: 'mixed' }), '20020001'],
    ['level 4 under the name MQIsdp', connect({ level: 4, name: 'MQIsdp', clientId: 'mixed' }), '20020001'],
    ['another protocol name', connect({ name: 'MQTX', clientId: 'stranger' }), ''],
    ['a name of another length', connect({ name: 'MQTTT', clientId: 'stranger' }), ''],
    ['the reserved flag, 3.1.1', connect({ flags: 0x03 }), malformed[4]],
    ['the reserved flag, 5', connect({ level: 5, flags: 0x03 }), malformed[5]],
    ['will QoS 3, 3.1', connect({ level: 3, flags: 0x1e }), malformed[3]],
    ['will QoS 3, 3.1.1', connect({ flags: 0x1e }), malformed[4]],
    ['will QoS 3, 5', connect({ level: 5, flags: 0x1e }), malformed[5]],
    ['will retain without a will, 3.1.1', connect({ flags: 0x22 }), malformed[4]],
    ['will retain without a will, 5', connect({ level: 5, flags: 0x22 }), malformed[5]],
    ['a password without a user name, 3.1.1', connect({ password: 'secret' }), malformed[4]],
    ['an empty client id, 3.1', connect({ level: 3, clientId: '' }), '20020002'],
    ['an empty client id without clean session, 3.1.1', connect({ clientId: '', clean: false }), '20020002'],
    ['a client id with U+0000, 3.1.1', connect({ clientId: 'a\0b' }), malformed[4]],
    ['a client id with U+0000, 5', connect({ level: 5, clientId: 'a\0b' }), malformed[5]],
    ['a client id that is not UTF-8, 5', connect({ level: 5, clientId: [0, 2, 0xc3, 0x28] }), malformed[5]],
    ['a client id that runs past the end, 3.1.1', connect({ clientId: [0, 9, 0x61] }), malformed[4]],
    ['a client id that runs past the end, 5', connect({ level: 5, clientId: [0, 9, 0x61] }), malformed[5]],
    ['bytes after the last field, 3.1.1', connect({ tail: [1] }), malformed[4]],
    ['bytes after the last field, 5', connect({ level: 5, tail: [1] }), malformed[5]],
    ['a property that does not exist', connect({ level: 5, properties: [0x7e, 0] }), malformed[5]],
    ['a property that stands twice', connect({ level: 5, properties: [0x17, 1, 0x17, 1] }), '2003008200'],
    ['receive maximum 0', connect({ level: 5, properties: [0x21, 0, 0] }), '2003008200'],
    ['authentication data without a method', connect({ level: 5, properties: [0x16, 0, 1, 7] }), '2003008200'],
    ['larger than allowed, 3.1.1', connect({ clientId: 'x'.repeat(5000) }), ''],
    ['larger than allowed, 5', connect({ level: 5, clientId: 'x'.repeat(5000) }), '2003009500'],
    ['256 MB announced, 5', Buffer.from('10ffffff7f00044d515454050200', 'hex'), '2003009500'],
    ['a remaining length of five bytes', Buffer.from('10ffffffff7f', 'hex'), ''],
    ['another packet first: PINGREQ', pingreq, ''],
    ['another packet first: PUBLISH', publish('x', 'y'), ''],
    ['another packet first: DISCONNECT', disconnect, ''],
    ['another packet first: CONNACK', packet(0x20, [0, 0]), ''],
    ['CONNECT with a flag in its first byte', Buffer.concat([Buffer.from([0x11]), connect({}).subarray(1)]), ''],
    ['not MQTT at all: HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'), ''],
    ['not MQTT at all: TLS', Buffer.from('160301020001000001fc0303', 'hex'), ''],
  ];
  for (const [what, bytes, answer] of cases) {
    it(`${what}: ${answer === '' ? 'closed without an answer' : `answered ${answer} and closed`}`, async (t) => {
      assert.equal(await answerTo(t, holdfast, bytes), answer);
    });
  }

  it('what follows a refused CONNECT reaches no node', async (t) => {
    const witness = await connectDevice(t, holdfast, { clientId: 'witness' });
    await witness.subscribe('#');
    assert.equal(await answerTo(t, holdfast, connect({ level: 6, clientId: 'smuggler' }), publish('smuggled', 'x')), '2003008400');
    await witness.publish('after', 'it');
    await witness.messages('after');
    assert.equal(witness.received.filter((message) => message.topic === 'smuggled').length, 0);
  });

  it('a CONNECT that trickles in is cut off at its deadline, however lively', async (t) => {
    const device = await connectRaw(t, holdfast);
    const bytes = connect({ clientId: 'x'.repeat(3000) });
    const begin = Date.now();
    for (let i = 0; i < bytes.length && !device.closed; ++i) {
      device.send([bytes[i]]);
      await pause(20);
    }
    assert.ok(device.closed, 'it is closed before its CONNECT is whole');
    assert.ok(Date.now() - begin >= 1900, 'and not before its deadline');
    assert.equal(device.hex, '');
    const refusals = await until('the refusal is known', async () => {
      const { items } = await holdfast.api.get('/refusals');
      return items.filter((refusal) => refusal.refused === 'timed_out');
    });
    assert.equal(refusals[0].sentence, 'the CONNECT did not arrive in time');
  });

  it('a connection that says nothing is closed at the deadline', async (t) => {
    const device = await connectRaw(t, holdfast);
    assert.equal((await device.end()).length, 0);
  });

  it('every kind of refusal was counted by its reason', async () => {
    const refused = await holdfast.api.metrics('holdfast_');
    const count = (reason) =>
      Object.entries(refused).filter(([name]) => name.includes('refus') && name.includes(`"${reason}"`)).reduce((sum, [, value]) => sum + value, 0);
    for (const reason of ['malformed', 'unsupported', 'too_large', 'no_identity', 'timed_out']) {
      assert.ok(count(reason) > 0, `${reason} is counted`);
    }
  });
});
