// What MQTT promises its clients, still true with Holdfast between them and a real mosquitto.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { connectDevice } from './support/devices.mjs';
import { startHoldfast } from './support/holdfast.mjs';
import { publish, subscriber } from './support/mosquitto.mjs';
import { localCluster } from './support/settings.mjs';
import { until } from './support/until.mjs';

const versions = [
  { name: 'MQTT 3.1', protocolVersion: 3, mosquitto: 'mqttv31' },
  { name: 'MQTT 3.1.1', protocolVersion: 4, mosquitto: 'mqttv311' },
  { name: 'MQTT 5', protocolVersion: 5, mosquitto: 'mqttv5' },
];

describe('clients through the gateway', () => {
  let holdfast;
  before(async () => (holdfast = await startHoldfast({ cluster: [localCluster('solo', 1)] })));
  after(() => holdfast?.end());

  for (const { name, protocolVersion, mosquitto } of versions) {
    const id = (what) => `${what}-v${protocolVersion}`;

    it(`${name}: messages of every QoS arrive, up and down, in order and once`, async (t) => {
      const receiver = await connectDevice(t, holdfast, { protocolVersion, clientId: id('receiver') });
      const sender = await connectDevice(t, holdfast, { protocolVersion, clientId: id('sender') });
      for (const qos of [0, 1, 2]) {
        const topic = `${id('qos')}/${qos}`;
        const [granted] = await receiver.subscribe(topic, { qos });
        assert.equal(granted.qos, qos);
        const sent = Array.from({ length: 50 }, (_, i) => `${qos}:${i}`);
        await Promise.all(sent.map((text) => sender.publish(topic, text, { qos })));
        const got = await receiver.messages(topic, sent.length);
        assert.deepEqual(got.map((message) => message.text), sent);
        assert.ok(got.every((message) => message.qos === qos));
      }
    });

    it(`${name}: retained messages wait for who subscribes later`, async (t) => {
      const sender = await connectDevice(t, holdfast, { protocolVersion, clientId: id('keeper') });
      await sender.publish(id('state'), 'open', { qos: 1, retain: true });
      const receiver = await connectDevice(t, holdfast, { protocolVersion, clientId: id('latecomer') });
      await receiver.subscribe(id('state'));
      const [message] = await receiver.messages(id('state'));
      assert.equal(message.text, 'open');
      assert.equal(message.retain, true);
    });

    it(`${name}: 200 KB payloads pass unharmed, both ways at once`, async (t) => {
      const [one, other] = await Promise.all(
        ['large-a', 'large-b'].map((what) => connectDevice(t, holdfast, { protocolVersion, clientId: id(what) })),
      );
      await one.subscribe(id('to-a'), { qos: 2 });
      await other.subscribe(id('to-b'), { qos: 2 });
      const payloads = Array.from({ length: 5 }, () => randomBytes(200_000));
      await Promise.all(
        payloads.flatMap((payload, i) => [one.publish(id('to-b'), payload, { qos: i % 3 }), other.publish(id('to-a'), payload, { qos: i % 3 })]),
      );
      for (const [device, topic] of [[one, id('to-a')], [other, id('to-b')]]) {
        const got = await device.messages(topic, payloads.length, { seconds: 40 });
        const missing = payloads.filter((payload) => !got.some((message) => message.payload.equals(payload)));
        assert.equal(missing.length, 0, 'every payload arrives as it was sent');
      }
    });

    it(`${name}: a device with hundreds of subscriptions gets each of its messages`, async (t) => {
      const device = await connectDevice(t, holdfast, { protocolVersion, clientId: id('many-topics') });
      const topics = Array.from({ length: 500 }, (_, i) => `${id('many')}/${i}`);
      await device.subscribe(Object.fromEntries(topics.map((topic) => [topic, { qos: 1 }])));
      await Promise.all(topics.map((topic, i) => device.publish(topic, String(i), { qos: 1 })));
      await until('all of them came back', () => device.received.length === topics.length, { seconds: 40 });
      assert.deepEqual(
        device.received.map((message) => message.topic).sort(),
        [...topics].sort(),
      );
    });

    it(`${name}: mosquitto_pub and mosquitto_sub speak through it`, async () => {
      const receiver = subscriber(holdfast, '-V', mosquitto, '-i', id('mosquitto-sub'), '-t', id('shell'), '-q', '2', '-C', '3', '-v', '-d');
      try {
        await until('mosquitto_sub is subscribed', () => receiver.stdout.includes('Subscribed'));
        for (const qos of ['0', '1', '2']) {
          const sent = await publish(holdfast, '-V', mosquitto, '-i', id('mosquitto-pub'), '-t', id('shell'), '-q', qos, '-m', `hello ${qos}`);
          assert.equal(sent.code, 0, sent.stderr);
        }
        assert.equal((await receiver.end()).code, 0);
        for (const qos of ['0', '1', '2']) assert.match(receiver.stdout, new RegExp(`${id('shell')} hello ${qos}`));
      } finally {
        await receiver.stop();
      }
    });
  }

  it('shared subscriptions: each message goes to one of the group', async (t) => {
    const group = await Promise.all(
      ['a', 'b', 'c'].map((name) => connectDevice(t, holdfast, { protocolVersion: 5, clientId: `worker-${name}` })),
    );
    for (const worker of group) await worker.subscribe('$share/workers/jobs', { qos: 1 });
    const sender = await connectDevice(t, holdfast, { protocolVersion: 5, clientId: 'foreman' });
    const jobs = Array.from({ length: 60 }, (_, i) => `job ${i}`);
    await Promise.all(jobs.map((job) => sender.publish('jobs', job, { qos: 1 })));
    const all = () => group.flatMap((worker) => worker.received.map((message) => message.text));
    await until('every job is taken', () => all().length >= jobs.length);
    assert.deepEqual(all().sort(), [...jobs].sort());
    assert.ok(group.every((worker) => worker.received.length > 0), 'each worker has some');
  });

  it('MQTT 5 properties reach the other side as they were sent', async (t) => {
    const receiver = await connectDevice(t, holdfast, { protocolVersion: 5, clientId: 'property-receiver' });
    const sender = await connectDevice(t, holdfast, { protocolVersion: 5, clientId: 'property-sender' });
    await receiver.subscribe('properties');
    const properties = {
      userProperties: { 'käse': 'brötchen', twice: ['one', 'two'] },
      contentType: 'text/plain; charset=utf-8',
      responseTopic: 'answers/here',
      correlationData: Buffer.from([0, 1, 2, 255]),
      payloadFormatIndicator: true,
    };
    await sender.publish('properties', 'with everything', { qos: 1, properties });
    const [{ packet }] = await receiver.messages('properties');
    assert.deepEqual({ ...packet.properties.userProperties }, properties.userProperties);
    assert.equal(packet.properties.contentType, properties.contentType);
    assert.equal(packet.properties.responseTopic, properties.responseTopic);
    assert.deepEqual(packet.properties.correlationData, properties.correlationData);
    assert.equal(packet.properties.payloadFormatIndicator, true);
  });

  it('MQTT 5 topic aliases hold between device and node', async (t) => {
    const receiver = await connectDevice(t, holdfast, {
      protocolVersion: 5,
      clientId: 'alias-receiver',
      properties: { topicAliasMaximum: 10 },
    });
    await receiver.subscribe('aliased', { qos: 2 });
    const sender = await connectDevice(t, holdfast, { protocolVersion: 5, clientId: 'alias-sender', autoUseTopicAlias: true, autoAssignTopicAlias: true });
    for (let i = 0; i < 30; ++i) await sender.publish('aliased', String(i), { qos: 2 });
    const got = await receiver.messages('aliased', 30);
    assert.deepEqual(got.map((message) => message.text), Array.from({ length: 30 }, (_, i) => String(i)));
  });
});
