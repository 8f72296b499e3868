// Limits, closed doors and quarrels: who may not come in is told so in its own version's words, and an operator can see it.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Device } from './support/devices.mjs';
import { withHoldfast } from './support/holdfast.mjs';
import { connect, pingreq } from './support/packets.mjs';
import { answerTo, connectRaw } from './support/raw_device.mjs';
import { localCluster } from './support/settings.mjs';
import { until } from './support/until.mjs';

const solo = { cluster: [localCluster('solo', 1)] };
const accepted = '20020000';

/** Connects and waits for the CONNACK, with which the connection stays open. */
async function comeIn(t, holdfast, options, where) {
  const device = await connectRaw(t, holdfast, where);
  device.send(connect(options));
  await device.bytes(4);
  assert.equal(device.received.subarray(0, 4).toString('hex'), accepted);
  return device;
}
async function answer(t, holdfast, options, where) {
  const device = await connectRaw(t, holdfast, where);
  device.send(connect(options));
  return (await device.end()).toString('hex');
}
const reasonIn = (hex) => Buffer.from(hex, 'hex').toString('latin1');

describe('limits', () => {
  it('connections in all: one too many is told to come later, and comes in when one has left', async (t) => {
    await withHoldfast({ ...solo, gateway: { max_connections: 5 } }, async (holdfast) => {
      const inside = [];
      for (let i = 0; i < 5; ++i) inside.push(await comeIn(t, holdfast, { clientId: `in-${i}` }));
      assert.equal(await answer(t, holdfast, { level: 3, clientId: 'out' }), '20020003');
      assert.equal(await answer(t, holdfast, { level: 4, clientId: 'out' }), '20020003');
      const modern = await answer(t, holdfast, { level: 5, clientId: 'out' });
      assert.match(modern, /^20..0089/);
      assert.match(reasonIn(modern), /there are too many connections/);
      assert.equal((await holdfast.api.get('/refusals')).items[0].refused, 'too_many');
      inside[0].destroy();
      await until('there is room again', async () => (await holdfast.api.health()).gateway.open < 5);
      await comeIn(t, holdfast, { clientId: 'out' });
    });
  });

  it('connections from one address: its neighbours are not concerned', async (t) => {
    await withHoldfast({ ...solo, gateway: { max_connections_per_source: 3 } }, async (holdfast) => {
      const greedy = { localAddress: '127.0.0.2' };
      for (let i = 0; i < 3; ++i) await comeIn(t, holdfast, { clientId: `greedy-${i}` }, greedy);
      assert.equal(await answer(t, holdfast, { clientId: 'greedy-3' }, greedy), '20020003');
      assert.match(await answer(t, holdfast, { level: 5, clientId: 'greedy-4' }, greedy), /^20..0089/);
      await comeIn(t, holdfast, { clientId: 'modest' }, { localAddress: '127.0.0.3' });
    });
  });

  it('CONNECTs a second: a burst comes in, the rest is told that it comes too fast', async (t) => {
    await withHoldfast({ ...solo, gateway: { connect_rate: 0.1, connect_burst: 5 } }, async (holdfast) => {
      const answers = await Promise.all(
        Array.from({ length: 20 }, async (_, i) => {
          const device = await connectRaw(t, holdfast);
          device.send(connect({ level: i % 2 ? 5 : 4, clientId: `storm-${i}` }));
          await until('it is answered', () => device.received.length >= 4);
          return device.hex;
        }),
      );
      const inside = answers.filter((said) => /^20..0000/.test(said)).length;
      assert.ok(inside >= 5 && inside <= 7, `${inside} came in`);
      for (const said of answers.filter((one) => !/^20..0000/.test(one))) assert.match(said, /^(20020003|20..009f.*)$/);
      assert.ok((await holdfast.api.get('/refusals')).items.every(({ refused }) => refused === 'rate_limited'));
    });
  });

  it('out of descriptors: everybody is answered or closed, it is said, and it recovers', async (t) => {
    const options = { wrap: ['prlimit', '--nofile=90:90'] };
    const settings = { ...solo, gateway: { threads: 1, reserve_descriptors: 8, max_connections: 1000 } };
    await withHoldfast(settings, async (holdfast) => {
      const { api } = holdfast;
      const crowd = await Promise.all(Array.from({ length: 150 }, () => connectRaw(t, holdfast)));
      crowd.forEach((device, i) => device.send(connect({ clientId: `crowd-${i}` })));
      await until('everybody is answered or closed', () => crowd.every((device) => device.received.length >= 4 || device.closed), { seconds: 40 });
      const inside = crowd.filter((device) => device.hex.startsWith(accepted));
      assert.ok(inside.length > 10, `${inside.length} are in`);
      for (const device of crowd) assert.match(device.hex, /^(|20020000|20020003)$/);
      // Who is in, stays in.
      for (const device of inside) device.send(pingreq);
      await until('all of them are served', () => inside.every((device) => device.hex.endsWith('d000')));
      assert.ok(holdfast.logLines(/no descriptor left/).length <= 3, 'it is not said again and again');
      for (const device of crowd) device.destroy();
      await until('they are gone', async () => (await api.health()).gateway.open === 0);
      for (let i = 0; i < 10; ++i) await comeIn(t, holdfast, { clientId: `later-${i}` });
      await until('all is well', async () => !(await api.health()).gateway.out_of_descriptors);
    }, options);
  });

  it('a connection flood that says nothing is closed at the deadline and does not keep others out', async (t) => {
    await withHoldfast({ ...solo, gateway: { connect_deadline: '1s' } }, async (holdfast) => {
      const silent = await Promise.all(Array.from({ length: 300 }, () => connectRaw(t, holdfast)));
      await comeIn(t, holdfast, { clientId: 'busy' });
      await until('the silent ones are closed', () => silent.every((device) => device.closed));
      await until('they are gone', async () => (await holdfast.api.health()).gateway.open === 1);
    });
  });
});

describe('doors', () => {
  it('closed enrolment: strangers are refused, who is enrolled comes in', async (t) => {
    await withHoldfast({ ...solo, fleet: { enrolment: 'closed' } }, async (holdfast) => {
      assert.equal(await answerTo(t, holdfast, connect({ level: 3, clientId: 'stranger' })), '20020005');
      assert.equal(await answerTo(t, holdfast, connect({ clientId: 'stranger' })), '20020005');
      const modern = await answerTo(t, holdfast, connect({ level: 5, clientId: 'stranger' }));
      assert.match(modern, /^20..0087/);
      assert.match(reasonIn(modern), /the device is not known, and enrolment is closed/);
      await holdfast.logged(/stranger .*refused: the device is not known, and enrolment is closed/);
      assert.equal((await holdfast.cli('device', 'show', 'stranger')).code, 4);
      await holdfast.api.post('/devices', { id: 'stranger' });
      await comeIn(t, holdfast, { clientId: 'stranger' });
    });
  });

  it('a disabled device is thrown out, refused, and let in again', async (t) => {
    await withHoldfast(solo, async (holdfast) => {
      const device = await connectRaw(t, holdfast);
      device.send(connect({ level: 5, clientId: 'naughty' }));
      await holdfast.api.connected('naughty');
      await holdfast.api.patch('/devices/naughty', { disabled: true });
      assert.match((await device.end()).toString('hex'), /e00198$/);
      assert.match(await answerTo(t, holdfast, connect({ level: 5, clientId: 'naughty' })), /^20..008a/);
      assert.equal(await answerTo(t, holdfast, connect({ clientId: 'naughty' })), '20020005');
      await holdfast.api.patch('/devices/naughty', { disabled: false });
      await comeIn(t, holdfast, { clientId: 'naughty' });
    });
  });

  it('two devices that fight over one id: noticed, counted, shown', async () => {
    await withHoldfast(solo, async (holdfast) => {
      const rivals = [1, 2].map(() => new Device(holdfast, { clientId: 'mine', reconnectPeriod: 50 }));
      try {
        const line = await holdfast.logged(/two devices fight over the id mine/);
        assert.match(line, /WARN/);
        const { items } = await holdfast.api.get('/fights');
        assert.equal(items[0].device, 'mine');
        assert.ok(items[0].takeovers >= 4);
        assert.equal(items[0].sources.length, 2);
        const shown = await holdfast.cli('fight', 'ls');
        assert.match(shown.stdout, /^mine\s/m);
        assert.ok((await holdfast.api.metrics('holdfast_fights_total'))['holdfast_fights_total'] >= 1);
        const events = (await holdfast.api.get('/events?limit=1000')).items.filter(({ kind }) => kind === 'device_fight');
        assert.equal(events[0].subject, 'mine');
      } finally {
        await Promise.all(rivals.map((rival) => rival.drop().catch(() => {})));
      }
    });
  });
});
