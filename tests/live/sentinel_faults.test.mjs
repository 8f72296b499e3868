// What goes wrong while something goes wrong: sentinels and servers that are killed or frozen in the middle of a failover, and
// replicas that are not what they seem.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withQuorum } from './support/redis.mjs';
import { fields } from './support/resp.mjs';
import { pause, until } from './support/until.mjs';

/** Switches never lead back to an address of an older epoch, and all end with one configuration. */
async function oneConfiguration(quorum) {
  await until('all have one configuration', async () => {
    const masters = await Promise.all(quorum.living.map((sentinel) => sentinel.master()));
    return new Set(masters.map((master) => `${master.port} ${master['config-epoch']}`)).size === 1;
  });
}

const steps = ['+odown', '+try-failover', '+vote-for-leader', '+elected-leader', '+selected-slave', '+failover-state-wait-promotion', '+promoted-slave',
  '+failover-state-reconf-slaves'];

describe('a sentinel in the middle of a failover', () => {
  for (const step of steps) {
    it(`is killed at ${step}`, () => withQuorum({ failoverTimeout: 2000 }, async (quorum) => {
      const [old] = quorum.servers;
      await old.kill();
      const victim = await until(`one says ${step}`, () => quorum.sentinels.find((sentinel) => sentinel.heard(step).length > 0), { every: 1 });
      await victim.kill();
      await quorum.agreed({ not: old.port, seconds: 40 });
      await victim.start();
      const fresh = await quorum.agreed({ not: old.port });
      await quorum.followed(fresh);
      await old.start();
      await quorum.followed(fresh);
      await oneConfiguration(quorum);
    }));

    it(`is frozen at ${step}, and goes on later`, () => withQuorum({ failoverTimeout: 2000 }, async (quorum) => {
      const [old] = quorum.servers;
      await old.kill();
      const victim = await until(`one says ${step}`, () => quorum.sentinels.find((sentinel) => sentinel.heard(step).length > 0), { every: 1 });
      victim.process.signal('SIGSTOP');
      victim.frozen = true;
      await quorum.agreed({ not: old.port, seconds: 40 });
      await pause(1500);
      victim.process.signal('SIGCONT');
      victim.frozen = false;
      const fresh = await quorum.agreed({ not: old.port });
      await quorum.followed(fresh);
      await oneConfiguration(quorum);
    }));
  }
});

describe('a server in the middle of a failover', () => {
  for (const step of ['+selected-slave', '+promoted-slave', '+switch-master']) {
    it(`the chosen replica is killed at ${step}: the other one takes its place`, () => withQuorum({ failoverTimeout: 2000 }, async (quorum) => {
      const [old, ...replicas] = quorum.servers;
      await old.kill();
      const text = await until('one is chosen', () => quorum.sentinels.flatMap((sentinel) => sentinel.heard('+selected-slave'))[0]?.text, { every: 1 });
      await until(`one says ${step}`, () => quorum.sentinels.some((sentinel) => sentinel.heard(step).length > 0), { every: 1 });
      const chosen = replicas.find((replica) => text.includes(` 127.0.0.1 ${replica.port} @`));
      const other = replicas.find((replica) => replica !== chosen);
      await chosen.kill();
      await until('the other one is the master', async () => {
        const ports = await Promise.all(quorum.sentinels.map((sentinel) => sentinel.masterPort()));
        return ports.every((port) => port === other.port) && (await other.role()) === 'master';
      }, { seconds: 60 });
      await chosen.start();
      await old.start();
      await quorum.followed(other);
      await oneConfiguration(quorum);
    }));
  }

  it('the master comes back in the middle: one master is left', () => withQuorum({}, async (quorum) => {
    const [old] = quorum.servers;
    await old.kill();
    await until('one says +try-failover', () => quorum.sentinels.some((sentinel) => sentinel.heard('+try-failover').length > 0), { every: 1 });
    await old.start();
    await until('one master is left', async () => {
      const roles = await Promise.all(quorum.servers.map((server) => server.role()));
      return roles.filter((role) => role === 'master').length === 1;
    }, { seconds: 40 });
    const ports = new Set(await Promise.all(quorum.sentinels.map((sentinel) => sentinel.masterPort())));
    assert.equal(ports.size, 1);
    await quorum.followed(quorum.server([...ports][0]));
    await oneConfiguration(quorum);
  }));

  it('the master comes back at once and empty: one master is left', () => withQuorum({ downAfter: 3000 }, async (quorum) => {
    const [old] = quorum.servers;
    await old.call('SET', 'key', 'value');
    assert.equal(await old.call('WAIT', '2', '2000'), 2);
    await old.kill();
    await old.start();
    // The replicas may have followed it into the void already: that is not the sentinels' to prevent. They must agree.
    await pause(1000);
    await until('one master is left, and the others follow it', async () => {
      const ports = new Set(await Promise.all(quorum.sentinels.map((sentinel) => sentinel.masterPort())));
      if (ports.size !== 1) return false;
      const roles = await Promise.all(quorum.servers.map((server) => server.role()));
      return roles.filter((role) => role === 'master').length === 1 && (await quorum.server([...ports][0]).role()) === 'master';
    }, { seconds: 40 });
    await oneConfiguration(quorum);
  }));
});

describe('a master that comes back at once and empty', () => {
  // Before a replica gives up its data for the empty ones of its master, this one waits for other replicas (5 s by default).
  it('is replaced by a replica that has the data', () => withQuorum({ downAfter: 10000, serverLines: ['repl-diskless-sync-delay 5'] }, async (quorum) => {
    const [old] = quorum.servers;
    for (let i = 0; i < 100; ++i) await old.call('SET', `key-${i}`, 'value');
    for (const sentinel of quorum.sentinels) await sentinel.sentinel('DEBUG', 'info-period', '1000');
    await until('the sentinels know what it has', async () => {
      for (const sentinel of quorum.sentinels) {
        if (!JSON.stringify(await sentinel.sentinel('INFO-CACHE', 'm')).includes('keys=100')) return false;
      }
      return true;
    }, { seconds: 30 });
    await old.kill();
    await old.start();
    const fresh = await quorum.agreed({ not: old.port });
    await quorum.followed(fresh);
    for (const server of quorum.servers) assert.equal(await server.call('GET', 'key-99'), 'value');
    await oneConfiguration(quorum);
  }));
});

describe('replicas', () => {
  it('without a link to the master are not chosen', () => withQuorum({}, async (quorum) => {
    const [old, cut, fine] = quorum.servers;
    await cut.call('CONFIG', 'SET', 'masterauth', 'wrong-password');
    await cut.call('CONFIG', 'SET', 'masteruser', 'nobody');
    await cut.call('CLIENT', 'KILL', 'TYPE', 'master');
    await until('the link is down', async () => (await cut.call('ROLE'))[3] !== 'connected');
    for (let i = 0; i < 100; ++i) await old.call('SET', `key-${i}`, 'value');
    await until('the sentinels know', async () => {
      for (const sentinel of quorum.sentinels) {
        const replicas = (await sentinel.sentinel('REPLICAS', 'm')).map(fields);
        if (replicas.find((replica) => Number(replica.port) === cut.port)['master-link-status'] !== 'err') return false;
      }
      return true;
    }, { seconds: 20 });
    await old.kill();
    const fresh = await quorum.agreed({ not: old.port });
    assert.equal(fresh.port, fine.port);
    assert.equal(await fresh.call('GET', 'key-99'), 'value');
  }));

  it('that are not announced are hidden from clients', () => withQuorum({ replicas: 1, sentinels: ['holdfast'], quorum: 1 }, async (quorum) => {
    const [, replica] = quorum.servers;
    const [sentinel] = quorum.sentinels;
    assert.equal((await sentinel.sentinel('REPLICAS', 'm')).length, 1);
    await replica.call('CONFIG', 'SET', 'replica-announced', 'no');
    await until('it is hidden', async () => (await sentinel.sentinel('REPLICAS', 'm')).length === 0, { seconds: 30 });
    await replica.call('CONFIG', 'SET', 'replica-announced', 'yes');
    await until('it is shown again', async () => (await sentinel.sentinel('REPLICAS', 'm')).length === 1, { seconds: 30 });
  }));

  it('are told apart by names where names are to be used', () => withQuorum({
    replicas: 0, sentinels: [], serverLines: ['replica-announce-ip localhost'],
  }, async (quorum) => {
    // The sentinels are told of the master by name; what they say is names too.
    const [old] = quorum.servers;
    const { RedisServer } = await import('./support/redis.mjs');
    const { freePort } = await import('./support/ports.mjs');
    const replica = new RedisServer(quorum.directory, await freePort(), [`replicaof localhost ${old.port}`, 'replica-announce-ip localhost']);
    quorum.servers.push(replica);
    await replica.start();
    quorum.host = 'localhost';
    quorum.options.sentinelLines = ['sentinel announce-hostnames yes'];
    for (let i = 0; i < 3; ++i) await quorum.addSentinel('holdfast');
    await quorum.settled();
    await Promise.all(quorum.sentinels.map((sentinel) => sentinel.listen()));
    assert.deepEqual(await quorum.sentinels[0].sentinel('GET-MASTER-ADDR-BY-NAME', 'm'), ['localhost', String(old.port)]);
    await old.kill();
    const fresh = await quorum.agreed({ not: old.port });
    assert.deepEqual(await quorum.sentinels[0].sentinel('GET-MASTER-ADDR-BY-NAME', 'm'), ['localhost', String(fresh.port)]);
    await old.start();
    await quorum.followed(fresh);
    await oneConfiguration(quorum);
    for (const sentinel of quorum.sentinels) assert.equal(sentinel.heard('+switch-master').length, 1);
  }));
});
