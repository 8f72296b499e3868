// A quorum of Holdfast's own sentinels over real Redis servers, through what can happen to them.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RedisServer, withQuorum } from './support/redis.mjs';
import { ask, fields, RespClient } from './support/resp.mjs';
import { pause, until } from './support/until.mjs';

describe('a quorum of three', () => {
  it('replaces a master that is killed, and demotes it when it comes back', () => withQuorum({}, async (quorum) => {
    const [old] = quorum.servers;
    await old.call('SET', 'key', 'value');
    await old.kill();
    const fresh = await quorum.agreed({ not: old.port });
    assert.equal(await fresh.call('GET', 'key'), 'value');
    await quorum.followed(fresh);
    await until('everybody was told once', () => quorum.sentinels.every((sentinel) => sentinel.heard('+switch-master').length === 1));
    await old.start();
    await quorum.followed(fresh);
    await quorum.oneSwitch();
  }));

  it('replaces a master that hangs, and demotes it when it goes on', () => withQuorum({}, async (quorum) => {
    const [old] = quorum.servers;
    old.freeze();
    const fresh = await quorum.agreed({ not: old.port });
    old.thaw();
    await quorum.followed(fresh);
    await quorum.oneSwitch();
  }));

  it('does so with one of the three dead, and that one learns of it when it returns', () => withQuorum({}, async (quorum) => {
    const [old] = quorum.servers;
    const [dead] = quorum.sentinels;
    await dead.kill();
    await old.kill();
    const fresh = await quorum.agreed({ not: old.port });
    await dead.start();
    await dead.listen();
    await until('it knows the new master', async () => (await dead.masterPort()) === fresh.port);
    assert.match(dead.text, new RegExp(`sentinel monitor m 127.0.0.1 ${fresh.port} 2`));
  }));

  it('does nothing when no majority is left', () => withQuorum({ quorum: 1 }, async (quorum) => {
    const [old] = quorum.servers;
    await quorum.sentinels[1].kill();
    await quorum.sentinels[2].kill();
    await old.kill();
    const [alone] = quorum.sentinels;
    await until('it sees that the master is down', () => alone.heard('+odown').length > 0);
    await pause(2000);
    assert.equal(await alone.masterPort(), old.port);
    assert.equal(alone.heard('+switch-master').length, 0);
    assert.equal(alone.heard('+elected-leader').length, 0);
    // And goes on when there is one again.
    await quorum.sentinels[1].start();
    await quorum.sentinels[1].listen();
    await quorum.agreed({ not: old.port, seconds: 40 });
  }));

  it('does nothing when the quorum cannot be met', () => withQuorum({ quorum: 4 }, async (quorum) => {
    const [old] = quorum.servers;
    const answer = await quorum.sentinels[0].sentinel('CKQUORUM', 'm');
    assert.match(answer.message, /^NOQUORUM 3 usable Sentinels/);
    await old.kill();
    await until('all see that it is down', () => quorum.sentinels.every((sentinel) => sentinel.heard('+sdown').length > 0));
    await pause(2000);
    for (const sentinel of quorum.sentinels) {
      assert.equal(sentinel.heard('+odown').length, 0);
      assert.equal(sentinel.heard('+try-failover').length, 0);
      assert.equal(await sentinel.masterPort(), old.port);
    }
  }));

  it('never promotes a replica of priority 0', () => withQuorum({
    replicaLines: (index) => (index === 0 ? ['replica-priority 0'] : []),
  }, async (quorum) => {
    const [old, never, fine] = quorum.servers;
    await old.kill();
    const fresh = await quorum.agreed({ not: old.port });
    assert.equal(fresh.port, fine.port);
    await quorum.followed(fresh);
    assert.equal(await never.role(), 'slave');
  }));

  it('promotes nobody when all have priority 0, until one has another', () => withQuorum({
    replicaLines: () => ['replica-priority 0'], failoverTimeout: 1000,
  }, async (quorum) => {
    const [old, first] = quorum.servers;
    await old.kill();
    await until('somebody says why', () => quorum.sentinels.some((sentinel) => sentinel.heard('-failover-abort-no-good-slave').length > 0));
    await first.call('CONFIG', 'SET', 'replica-priority', '10');
    const fresh = await quorum.agreed({ not: old.port, seconds: 40 });
    assert.equal(fresh.port, first.port);
  }));

  it('fails over when it is told to', () => withQuorum({}, async (quorum) => {
    const [old] = quorum.servers;
    assert.equal(await quorum.sentinels[1].sentinel('FAILOVER', 'm'), 'OK');
    const fresh = await quorum.agreed({ not: old.port });
    await quorum.followed(fresh);
    await quorum.oneSwitch();
    assert.equal((await quorum.sentinels[0].sentinel('FAILOVER', 'nobody')).message, 'ERR No such master with that name');
  }));

  it('keeps a vote over a kill right after it was answered', () => withQuorum({}, async (quorum) => {
    const [old] = quorum.servers;
    const [voter] = quorum.sentinels;
    const vote = (epoch, candidate) => voter.sentinel('IS-MASTER-DOWN-BY-ADDR', '127.0.0.1', old.port, epoch, candidate);
    const candidate = 'a'.repeat(40);
    const another = 'b'.repeat(40);
    for (const epoch of [100, 200, 300]) {
      assert.deepEqual(await vote(epoch, candidate), [0, candidate, epoch]);
      await voter.kill();
      assert.match(voter.text, new RegExp(`^sentinel leader-epoch m ${epoch}$`, 'm'));
      assert.match(voter.text, new RegExp(`^sentinel current-epoch ${epoch}$`, 'm'));
      await voter.start();
      assert.notEqual((await vote(epoch, another))[1], another, 'it does not vote twice in an epoch');
      assert.equal((await vote(epoch - 1, another))[2], epoch, 'nor in an older one');
    }
  }));

  it('goes on when the one that leads is killed in the middle', () => withQuorum({ failoverTimeout: 3000 }, async (quorum) => {
    const [old] = quorum.servers;
    await old.kill();
    const leads = await until('one was elected', () => quorum.sentinels.find((sentinel) => sentinel.heard('+elected-leader').length > 0), { every: 1 });
    await leads.kill();
    const fresh = await quorum.agreed({ not: old.port, seconds: 40 });
    await leads.start();
    await quorum.agreed({ not: old.port });
    await quorum.followed(fresh);
  }));

  it('goes on when passwords change while it runs', () => withQuorum({}, async (quorum) => {
    for (const server of quorum.servers) {
      await server.call('CONFIG', 'SET', 'masterauth', 'new-password');
      await server.call('CONFIG', 'SET', 'requirepass', 'new-password');
    }
    const from = quorum.sentinels.map((sentinel) => sentinel.events.messages.length);
    for (const sentinel of quorum.sentinels) assert.equal(await sentinel.sentinel('SET', 'm', 'auth-pass', 'new-password'), 'OK');
    await quorum.settled();
    quorum.sentinels.forEach((sentinel, index) => {
      assert.equal(sentinel.heard('+odown', from[index]).length, 0);
      assert.equal(sentinel.heard('+set', from[index])[0].text.split(' ').slice(4).join(' '), 'auth-pass ******');
      assert.doesNotMatch(sentinel.log, /new-password/);
    });
    const [old] = quorum.servers;
    await old.kill();
    await until('all name another master', async () => {
      const ports = await Promise.all(quorum.sentinels.map((sentinel) => sentinel.masterPort()));
      return new Set(ports).size === 1 && ports[0] !== old.port;
    });
  }));

  it('asks its clients and peers for a password', () => withQuorum({ sentinelLines: ['requirepass open-sesame'], sentinels: [] },
    async (quorum) => {
      quorum.sentinels = [];
      for (let i = 0; i < 3; ++i) await quorum.addSentinel('holdfast');
      const [first] = quorum.sentinels;
      assert.equal((await first.sentinel('MASTERS')).message, 'NOAUTH Authentication required.');
      const client = await RespClient.connect(first.port);
      assert.match((await client.call('AUTH', 'wrong')).message, /^WRONGPASS/);
      assert.equal(await client.call('AUTH', 'open-sesame'), 'OK');
      await until('they know each other', async () => {
        const master = fields(await client.call('SENTINEL', 'MASTER', 'm'));
        return Number(master['num-other-sentinels']) === 2;
      });
      await until('all are usable', async () => (await client.call('SENTINEL', 'CKQUORUM', 'm')).startsWith?.('OK 3 usable Sentinels'));
      client.end();
    }));
});

describe('a sentinel', () => {
  it('watches a master that it is told of while it runs, and forgets it', () => withQuorum({ replicas: 1, sentinels: ['holdfast'], quorum: 1 },
    async (quorum) => {
      const [sentinel] = quorum.sentinels;
      const other = await new RedisServer(quorum.directory, await (await import('./support/ports.mjs')).freePort()).start();
      quorum.servers.push(other);
      assert.equal(await sentinel.sentinel('MONITOR', 'other', '127.0.0.1', other.port, 1), 'OK');
      await until('it answers', async () => (await sentinel.master('other')).flags === 'master');
      assert.match(sentinel.text, /sentinel monitor other/);
      assert.equal(await sentinel.sentinel('SET', 'other', 'quorum', '2'), 'OK');
      assert.equal((await sentinel.master('other')).quorum, '2');
      assert.equal(await sentinel.sentinel('REMOVE', 'other'), 'OK');
      assert.equal(await sentinel.sentinel('GET-MASTER-ADDR-BY-NAME', 'other'), null);
      await until('the file forgets it too', () => !sentinel.text.includes('other'));
    }));

  it('is one alone with a quorum of one', () => withQuorum({ replicas: 1, sentinels: ['holdfast'], quorum: 1 }, async (quorum) => {
    const [old] = quorum.servers;
    await old.kill();
    const fresh = await quorum.agreed({ not: old.port });
    await old.start();
    await quorum.followed(fresh);
    const [sentinel] = quorum.sentinels;
    assert.equal((await ask(sentinel.port, 'ROLE'))[0], 'sentinel');
    assert.match(await ask(sentinel.port, 'INFO'), new RegExp(`master0:name=m,status=ok,address=127.0.0.1:${fresh.port},slaves=1,sentinels=1`));
  }));
});
