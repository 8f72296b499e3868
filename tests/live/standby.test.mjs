// Three sentinels with Holdfast's own settings over a pair of real mosquitto, through what can happen to that.
// HOLDFAST_ROUNDS: how often the active one dies and comes back in the long test.

import assert from 'node:assert/strict';
import http from 'node:http';
import { describe, it } from 'node:test';
import { ask } from './support/resp.mjs';
import { Watch, withWatch } from './support/standby.mjs';
import { pause, until } from './support/until.mjs';

const rounds = Number(process.env.HOLDFAST_ROUNDS ?? 10);

describe('three sentinels over a pair of mosquitto', () => {
  it(`replace the active one each time it dies or hangs, and never otherwise: ${rounds} rounds`, () => withWatch({}, async (watch) => {
    let [active, standby] = watch.members;
    for (let round = 0; round < rounds; ++round) {
      const before = watch.switches();
      if (round % 2) active.process.signal('SIGSTOP');
      else await active.process.stop('SIGKILL');
      await watch.agreed(standby.name);
      if (round % 2) active.process.signal('SIGCONT');
      else await watch.startMember(active);
      await watch.seen(active.name, 'up');
      await pause(1200);
      assert.deepEqual(watch.switches(), before.map((count) => count + 1), `round ${round}`);
      [active, standby] = [standby, active];
    }
  }));

  it('give the place back when they are told to', () => withWatch({ switchBack: 'automatic' }, async (watch) => {
    const [best] = watch.members;
    const before = watch.switches();
    await best.process.stop('SIGKILL');
    await watch.agreed('east-2');
    await watch.startMember(best);
    await watch.agreed('east-1');
    await pause(1500);
    assert.deepEqual(watch.switches(), before.map((count) => count + 2));
  }));

  it('pass a replaced member over until an operator names it', () => withWatch({ switchBack: 'never' }, async (watch) => {
    const [first, second] = watch.members;
    await first.process.stop('SIGKILL');
    await watch.agreed('east-2');
    await watch.startMember(first);
    await watch.seen('east-1', 'up');
    await second.process.stop('SIGKILL');
    await watch.seen('east-2', 'down');
    await pause(2000);
    await watch.agreed('east-2');
    assert.equal(await watch.call(watch.sentinels[1], 'HOLDFAST', 'FAILOVER', 'east', 'east-1'), 'OK');
    await watch.agreed('east-1');
  }));

  it('act with two of three, not with one, and remember', () => withWatch({}, async (watch) => {
    const [first] = watch.members;
    const [dead, also] = watch.sentinels;
    await dead.process.stop('SIGKILL');
    await first.process.stop('SIGKILL');
    const epoch = await watch.agreed('east-2');
    await watch.startMember(first);
    await watch.seen('east-1', 'up');
    await also.process.stop('SIGKILL');
    await watch.members[1].process.stop('SIGKILL');
    await watch.seen('east-2', 'down');
    await pause(2000);
    assert.equal(await watch.agreed('east-2'), epoch);
    await watch.startSentinel(dead);
    await watch.agreed('east-1');
    await watch.startSentinel(also);
    const now = await watch.agreed('east-1');
    assert.ok(now > epoch);
    for (const sentinel of watch.sentinels) await sentinel.process.stop('SIGKILL');
    for (const sentinel of watch.sentinels) await watch.startSentinel(sentinel);
    assert.equal(await watch.agreed('east-1'), now);
  }));

  it('do what an operator says, and say why they do not', () => withWatch({}, async (watch) => {
    const [one] = watch.sentinels;
    // They may not have reached each other yet.
    await until('the order is taken', async () => (await watch.call(one, 'HOLDFAST', 'FAILOVER', 'east')) === 'OK');
    await watch.agreed('east-2');
    assert.match((await watch.call(one, 'HOLDFAST', 'FAILOVER', 'west')).message, /^ERR there is no group west/);
    assert.match((await watch.call(one, 'HOLDFAST', 'FAILOVER', 'east', 'east-2')).message, /active member of group east already/);
    assert.match((await watch.call(one, 'HOLDFAST', 'NONSENSE')).message, /^ERR not a message/);
    assert.match((await ask(one.port, 'HOLDFAST', 'GROUPS')).message, /^NOAUTH/);
  }));
});

describe('one sentinel over a pair of services', () => {
  for (const probe of ['http', 'tcp']) {
    it(`asks them by ${probe}`, async () => {
      const services = [];
      const watch = new Watch({ count: 1, probe });
      watch.startMember = async (member) => {
        member.server = http.createServer((request, response) => response.writeHead(member.broken ? 500 : 200).end('well'));
        services.push(member.server);
        await new Promise((resolve) => member.server.listen(member.port, '127.0.0.1', resolve));
      };
      try {
        await watch.start();
        const [first] = watch.members;
        if (probe === 'http') first.broken = true;
        else first.server.close();
        await watch.agreed('east-2');
      } finally {
        services.forEach((server) => server.close());
        await watch.end();
      }
    });
  }
});
