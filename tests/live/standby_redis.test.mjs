// One holdfast sentinel over a Redis master with a replica and a pair of mosquitto at once.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { describe, it } from 'node:test';
import { makeDirectory, program } from './support/holdfast.mjs';
import { freePort } from './support/ports.mjs';
import { Program, run } from './support/program.mjs';
import { RedisServer, withQuorum } from './support/redis.mjs';
import { fields } from './support/resp.mjs';
import { withWatch } from './support/standby.mjs';
import { until } from './support/until.mjs';

async function withRedis(use) {
  const directory = makeDirectory();
  const servers = [new RedisServer(directory, await freePort())];
  servers.push(new RedisServer(directory, await freePort(), [`replicaof 127.0.0.1 ${servers[0].port}`]));
  try {
    for (const server of servers) await server.start();
    await use(servers);
  } finally {
    for (const server of servers) await server.process?.stop('SIGKILL');
    fs.rmSync(directory, { recursive: true, force: true });
  }
}
const table = (server, lines = '') => `[[sentinel.redis]]\nname = "m"\naddress = "127.0.0.1:${server.port}"\n${lines}`;
const master = async (watch) => fields(await watch.call(watch.sentinels[0], 'SENTINEL', 'MASTER', 'm'));
const knowsReplica = (watch) => until('the replica is known and linked', async () => {
  const [replica] = (await watch.call(watch.sentinels[0], 'SENTINEL', 'REPLICAS', 'm')).map(fields);
  return replica?.['master-link-status'] === 'ok';
});
/** What redis-cli prints of an answer. */
async function cli(watch, ...words) {
  const ended = await run('redis-cli', ['-p', String(watch.sentinels[0].port), ...words], { env: { REDISCLI_AUTH: watch.password } });
  assert.equal(ended.code, 0, ended.stderr);
  return ended.stdout;
}

/** `holdfast group`, asking the sentinel on this port. */
const group = (port, password, ...words) =>
  run(program, ['group', ...words, '--sentinel', `127.0.0.1:${port}`], { env: { HOLDFAST_SENTINEL_PASSWORD: password } });
async function shown(port, password, ...words) {
  const ended = await group(port, password, ...words);
  assert.equal(ended.code, 0, ended.stderr);
  return ended.stdout;
}
const told = async (port, password, name) => JSON.parse(await shown(port, password, 'show', name, '--json'));

describe('one sentinel over Redis and mosquitto', () => {
  it('replaces both active ones, and tells so', () => withRedis((servers) => withWatch({ count: 1, extra: table(servers[0]) }, async (watch) => {
    await knowsReplica(watch);
    assert.deepEqual((await cli(watch, 'SENTINEL', 'get-master-addr-by-name', 'm')).split('\n').slice(0, 2), ['127.0.0.1', String(servers[0].port)]);
    await Promise.all([servers[0].kill(), watch.members[0].process.stop('SIGKILL')]);
    await watch.agreed('east-2');
    await until('the replica is the master', async () => (await cli(watch, 'SENTINEL', 'get-master-addr-by-name', 'm')) === `127.0.0.1\n${servers[1].port}\n`);
    await until('it says so itself', async () => (await servers[1].role()) === 'master');
    const groups = (await cli(watch, 'HOLDFAST', 'GROUPS')).split('\n');
    assert.deepEqual(groups.slice(0, 4), ['name', 'east', 'active', 'east-2']);

    // Both come back, and both are remembered.
    await servers[0].start();
    await watch.startMember(watch.members[0]);
    await watch.seen('east-1', 'up');
    await until('the old master follows', async () => (await servers[0].role()) === 'slave');
    const [sentinel] = watch.sentinels;
    await sentinel.process.stop();
    await watch.startSentinel(sentinel);
    await watch.agreed('east-2');
    assert.equal((await master(watch)).port, String(servers[1].port));
  })));

  it('takes up a master, and other options of it, while it runs, and lets it go', () => withRedis((servers) => withWatch({ count: 1 }, async (watch) => {
    const [sentinel] = watch.sentinels;
    watch.options.extra = table(servers[0]);
    await watch.reload(sentinel, /the list of Redis masters is now m \(was none\)/);
    await knowsReplica(watch);
    assert.equal((await master(watch))['down-after-milliseconds'], '600');
    await servers[0].kill();
    await until('the replica is the master', async () => (await master(watch)).port === String(servers[1].port));
    const before = await master(watch);

    watch.options.extra = table(servers[0], 'down_after = "2s"\nparallel_syncs = 3\n');
    await watch.reload(sentinel, /the Redis master m has changed/);
    const changed = await master(watch);
    assert.deepEqual([changed['down-after-milliseconds'], changed['parallel-syncs']], ['2000', '3']);
    assert.deepEqual([changed.port, changed['config-epoch'], changed.runid], [before.port, before['config-epoch'], before.runid]);

    watch.options.extra = '[[sentinel.redis]]\nname = "m"\naddress = "127.0.0.1:1"\n';
    assert.match(await watch.reload(sentinel, /the Redis master m has changed/), /the master m stays where it is known to be/);
    assert.equal((await master(watch)).port, String(servers[1].port));

    watch.options.extra = '';
    await watch.reload(sentinel, /the list of Redis masters is now none \(was m\)/);
    assert.deepEqual(await watch.call(sentinel, 'SENTINEL', 'MASTERS'), []);
  })));
});

describe('holdfast group', () => {
  it('looks at groups and Redis masters of a sentinel, and orders', () => withRedis((servers) => withWatch({ count: 1, extra: table(servers[0]) }, async (watch) => {
    await knowsReplica(watch);
    await watch.seen('east-1', 'up');
    await watch.seen('east-2', 'up');
    const [{ port }] = watch.sentinels;
    const { password } = watch;
    const [first, second] = servers.map((server) => `127.0.0.1:${server.port}`);
    const list = (await shown(port, password, 'ls')).split('\n').map((line) => line.split(/ {2,}/));
    assert.deepEqual(list[0], ['GROUP', 'POLICY', 'ACTIVE', 'EPOCH', 'MEMBERS']);
    assert.deepEqual(list[1].filter((_, column) => column !== 3), ['east', 'active-standby', 'east-1', '2/2 up']);
    await until('both servers are up', async () => /m +redis +\S+ +\d+ +2\/2 up/.test(await shown(port, password, 'ls')));
    const m = await told(port, password, 'm');
    assert.deepEqual([m.policy, m.active], ['redis', first]);
    assert.deepEqual(m.members.map(({ name, state, active, detail }) => [name, state, active, detail]),
      [[first, 'up', true, 'master'], [second, 'up', false, 'replica, link ok']]);
    assert.match(await shown(port, password, 'show', 'm'), /^group +m\npolicy +redis\n/);

    const refused = await group(port, password, 'failover', 'm', '--to', second);
    assert.deepEqual([refused.code, refused.stdout], [1, '']);
    assert.match(refused.stderr, /is a Redis master: its sentinels choose/);
    const nobody = await group(port, password, 'failover', 'east', '--to', 'east-9');
    assert.equal(nobody.code, 1);
    assert.match(nobody.stderr, /east-9/);

    const follow = ['events', '--follow', '--json', '--sentinel', `127.0.0.1:${port}`];
    const events = new Program(program, follow, { env: { HOLDFAST_SENTINEL_PASSWORD: password } });
    // The test listens too.
    await until('events are followed', async () => (await cli(watch, 'CLIENT', 'LIST')).match(/ psub=1 /g)?.length === 2);
    await shown(port, password, 'failover', 'east', '--to', 'east-2');
    const line = await until('the switch is told', () => events.stdout.match(/^.*"\+switch-active".*$/m)?.[0]);
    await events.stop();
    const { time, ...event } = JSON.parse(line);
    assert.match(time, /^\d{4}-\d\d-\d\dT/);
    assert.deepEqual(event, { kind: '+switch-active', severity: 'notice', sentence: 'group east east-1 east-2' });
    await until('east-2 is active', async () => (await told(port, password, 'east')).active === 'east-2');
    assert.match(await shown(port, password, 'failover', 'm'), /redis/);
    await until('the replica is the master', async () => (await told(port, password, 'm')).active === second);
  })));

  it('says what is wrong', () => withWatch({ count: 1 }, async (watch) => {
    const [{ port }] = watch.sentinels;
    const says = async (code, sentence, ...words) => {
      const ended = await group(...words);
      assert.equal(ended.code, code, ended.stderr);
      assert.match(ended.stderr, sentence);
    };
    await says(5, /wants a password: give it by HOLDFAST_SENTINEL_PASSWORD/, port, '', 'ls');
    await says(5, /does not take this password/, port, 'wrong', 'ls');
    await says(4, /has no group 'west'/, port, watch.password, 'show', 'west');
    await says(3, /no sentinel answers at 127\.0\.0\.1:/, await freePort(), '', 'ls');
    await says(2, /--sentinel-cert and --sentinel-key go together/, port, '', 'ls', '--sentinel-cert', 'x');
    const [{ process: frozen }] = watch.sentinels;
    frozen.signal('SIGSTOP');
    await says(3, /does not answer in time/, port, watch.password, 'ls');
    frozen.signal('SIGCONT');
  }));

  it('looks at masters of a sentinel of Redis, and of one with a sentinel.conf', () => withQuorum({ sentinels: ['stock', 'holdfast'], replicas: 1 }, async (quorum) => {
    for (const sentinel of quorum.sentinels) {
      const { items } = JSON.parse(await shown(sentinel.port, '', 'ls', '--json'));
      assert.deepEqual(items.map(({ name, policy, active }) => [name, policy, active]), [['m', 'redis', `127.0.0.1:${quorum.servers[0].port}`]]);
      assert.equal(items[0].members.length, 2);
    }
    await shown(quorum.sentinels[0].port, '', 'failover', 'm');
    await quorum.agreed({ not: quorum.servers[0].port });
  }));
});
