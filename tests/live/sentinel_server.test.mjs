// A sentinel as a server: what it answers is what Debian's redis-sentinel answers, and what its file, its users, its scripts and
// its limits do.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { makeDirectory, program } from './support/holdfast.mjs';
import { freePort } from './support/ports.mjs';
import { Program, run } from './support/program.mjs';
import { RedisServer, Sentinel, withQuorum } from './support/redis.mjs';
import { RespClient } from './support/resp.mjs';
import { promised, until } from './support/until.mjs';

/** What comes back for these bytes, until the server closes or has said PONG to a last PING. */
function conversation(port, bytes) {
  return promised(`an answer to ${JSON.stringify(bytes)}`, new Promise((resolve, reject) => {
    let answer = '';
    const socket = net.connect(port, '127.0.0.1', () => socket.write(`${bytes}*2\r\n$4\r\nPING\r\n$3\r\nend\r\n`));
    socket.setEncoding('utf8').on('data', (data) => {
      answer += data;
      if (/\$3\r\nend\r\n$/.test(answer)) socket.destroy();
    });
    socket.once('error', (error) => (error.code === 'ECONNRESET' ? resolve(answer) : reject(error)));
    socket.once('close', () => resolve(answer));
  }));
}

describe('what a sentinel answers', () => {
  let directory;
  let master;
  let stock;
  let ours;
  before(async () => {
    directory = makeDirectory();
    master = await new RedisServer(directory, await freePort()).start();
    const lines = [`sentinel monitor m 127.0.0.1 ${master.port} 2`];
    stock = await new Sentinel(directory, 'stock', await freePort(), lines).start();
    ours = await new Sentinel(directory, 'holdfast', await freePort(), lines).start();
    await until('they know each other', async () => (await ours.sentinel('SENTINELS', 'm')).length + (await stock.sentinel('SENTINELS', 'm')).length === 2);
  });
  after(async () => {
    for (const one of [ours, stock, master]) await one?.process?.stop('SIGKILL');
    fs.rmSync(directory, { recursive: true, force: true });
  });

  const words = (...all) => `*${all.length}\r\n${all.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;
  const same = [
    'PING\r\n', 'PING hello\r\n', 'PING a b c\r\n', 'ping "a b"\r\n', "ping 'a\\'b'\r\n", '\r\n\r\nPING\r\n', 'PING "x\r\n',
    '*0\r\n', '*-1\r\n', '*x\r\n', '*1\r\nPING\r\n', '*1\r\n$-1\r\n', '*1\r\n$x\r\n', '*1\r\n$536870913\r\n',
    words('PING', 'hello'), words('FOO', 'bar'), words('GET'), words('SET', 'a', 'b'), words('RESET'), words('CONFIG', 'GET', '*'),
    words('SENTINEL'), words('SENTINEL', 'FOO'), words('SENTINEL', 'MASTER'), words('SENTINEL', 'MASTER', 'nobody'),
    words('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'm'), words('SENTINEL', 'get-master-addr-by-name', 'nobody'),
    words('SENTINEL', 'REPLICAS', 'nobody'), words('SENTINEL', 'REPLICAS', 'm'), words('SENTINEL', 'SLAVES', 'm'), words('SENTINEL', 'SENTINELS', 'nobody'),
    words('SENTINEL', 'CKQUORUM', 'nobody'), words('SENTINEL', 'CKQUORUM', 'm'), words('SENTINEL', 'FAILOVER', 'nobody'), words('SENTINEL', 'FAILOVER', 'm'),
    words('SENTINEL', 'REMOVE', 'nobody'), words('SENTINEL', 'RESET', 'nobody*'), words('SENTINEL', 'FLUSHCONFIG'),
    words('SENTINEL', 'MONITOR', 'x', 'not-a-host', '1', '1'), words('SENTINEL', 'MONITOR', 'x', '127.0.0.1', 'port', '1'),
    words('SENTINEL', 'MONITOR', 'x', '127.0.0.1', '99999', '1'), words('SENTINEL', 'MONITOR', 'x', '127.0.0.1', '1', '0'), words('SENTINEL', 'MONITOR', 'm', '127.0.0.1', '1', '1'),
    words('SENTINEL', 'SET', 'm'), words('SENTINEL', 'SET', 'm', 'quorum'), words('SENTINEL', 'SET', 'm', 'quorum', 'x'), words('SENTINEL', 'SET', 'm', 'foo', 'x'),
    words('SENTINEL', 'SET', 'nobody', 'quorum', '1'), words('SENTINEL', 'SET', 'm', 'down-after-milliseconds', '-1'), words('SENTINEL', 'SET', 'm', 'quorum', '2'),
    words('SENTINEL', 'SET', 'm', 'notification-script', '/bin/true'),
    words('SENTINEL', 'CONFIG', 'GET', 'announce-port'), words('SENTINEL', 'CONFIG', 'GET', 'nothing'), words('SENTINEL', 'CONFIG', 'SET', 'announce-port', 'x'), words('SENTINEL', 'CONFIG', 'FOO'),
    words('SENTINEL', 'IS-MASTER-DOWN-BY-ADDR', '127.0.0.1', '1', '0', '*'), words('SENTINEL', 'IS-MASTER-DOWN-BY-ADDR', '127.0.0.1', 'x', '0', '*'), words('SENTINEL', 'IS-MASTER-DOWN-BY-ADDR', '127.0.0.1'),
    words('SENTINEL', 'PENDING-SCRIPTS'), words('SENTINEL', 'SIMULATE-FAILURE', 'nothing'), words('SENTINEL', 'INFO-CACHE', 'nobody'), words('SENTINEL', 'DEBUG', 'foo', '1'),
    words('ROLE'), words('ROLE', 'x'), words('COMMAND', 'COUNT'), words('COMMAND', 'FOO'), words('PUBLISH', 'foo', 'bar'), words('PUBLISH', '__sentinel__:hello', 'bar'),
    words('HELLO', 'x'), words('HELLO', '4'), words('HELLO', '2', 'FOO'), words('HELLO', '2', 'AUTH', 'a', 'b'), words('HELLO', '2', 'SETNAME', 'a b'),
    words('AUTH'), words('AUTH', 'a'), words('AUTH', 'a', 'b'), words('AUTH', 'a', 'b', 'c'), words('AUTH', 'default', 'x'),
    words('SUBSCRIBE'), words('SUBSCRIBE', 'a', 'b', 'a') + words('PUBLISH', 'a', 'b') + words('PING') + words('UNSUBSCRIBE', 'a', 'b') + words('UNSUBSCRIBE'),
    words('PSUBSCRIBE', 'a*') + words('SENTINEL', 'MASTERS') + words('PING', 'x') + words('PUNSUBSCRIBE', 'a*') + words('UNSUBSCRIBE') + words('PUNSUBSCRIBE'),
    words('CLIENT'), words('CLIENT', 'FOO'), words('CLIENT', 'GETNAME'), words('CLIENT', 'SETNAME', 'x') + words('CLIENT', 'GETNAME'), words('CLIENT', 'SETNAME', 'a b'),
    words('CLIENT', 'SETNAME'), words('CLIENT', 'KILL', '1.1.1.1:1'), words('CLIENT', 'KILL', 'ID', 'x'), words('CLIENT', 'KILL', 'ID', '999999'), words('CLIENT', 'KILL', 'TYPE', 'foo'),
    words('CLIENT', 'KILL', 'ADDR', '1.1.1.1:1', 'SKIPME', 'x'), words('CLIENT', 'LIST', 'TYPE', 'foo'), words('CLIENT', 'LIST', 'TYPE', 'pubsub'), words('CLIENT', 'LIST', 'x'),
    words('CLIENT', 'REPLY', 'OFF') + words('PING') + words('CLIENT', 'REPLY', 'ON'), words('CLIENT', 'REPLY', 'SKIP') + words('PING') + words('PING'), words('CLIENT', 'REPLY', 'x'),
    words('CLIENT', 'NO-EVICT', 'ON'), words('CLIENT', 'NO-EVICT', 'x'),
    words('ACL'), words('ACL', 'FOO'), words('ACL', 'WHOAMI'), words('ACL', 'LIST'), words('ACL', 'USERS'), words('ACL', 'CAT'), words('ACL', 'CAT', 'foo'),
    words('ACL', 'GETUSER', 'nobody'), words('ACL', 'GETUSER', 'default'), words('ACL', 'SETUSER', 'x', 'zork'), words('ACL', 'SETUSER', 'x', '+foo'), words('ACL', 'SETUSER', 'x', '+@foo'),
    words('ACL', 'SETUSER', 'a b'), words('ACL', 'DELUSER', 'default'), words('ACL', 'DELUSER', 'nobody'), words('ACL', 'GENPASS', 'x'), words('ACL', 'DRYRUN', 'nobody', 'ping'), words('ACL', 'DRYRUN', 'default', 'foo'),
    words('ACL', 'DRYRUN', 'default', 'ping'), words('ACL', 'LOG', 'x'), words('ACL', 'LOG', 'RESET'),
    words('SHUTDOWN', 'FOO'), words('SHUTDOWN', 'ABORT'), words('INFO', 'sentinel'),
  ];
  for (const bytes of same) {
    it(`to ${JSON.stringify(bytes).slice(0, 100)}`, async () => {
      assert.equal(await conversation(ours.port, bytes), await conversation(stock.port, bytes));
    });
  }

  it('to QUIT, which sentinels before 7.0 knew too', async () => {
    assert.equal(await conversation(ours.port, 'QUIT\r\n'), '+OK\r\n');
  });

  it('to endless lines', async () => {
    for (const bytes of ['x'.repeat(70_000), `*${'1'.repeat(70_000)}`, `*1\r\n$${'1'.repeat(70_000)}`]) {
      assert.match(await conversation(ours.port, bytes), /^-ERR Protocol error: too big .*\r\n$/);
    }
  });
});

/** A sentinel that watches nothing. */
async function withSentinel(lines, use) {
  const directory = makeDirectory();
  const sentinel = new Sentinel(directory, 'holdfast', await freePort(), lines);
  try {
    await sentinel.start();
    return await use(sentinel, directory);
  } catch (error) {
    error.message += `\n${sentinel.log}`;
    throw error;
  } finally {
    await sentinel.process.stop('SIGKILL');
    fs.rmSync(directory, { recursive: true, force: true });
  }
}

describe('a sentinel as a process', () => {
  it('ends in order, and begins again as it was', () => withSentinel(['sentinel monitor m 127.0.0.1 1 2'], async (sentinel) => {
    const id = await sentinel.sentinel('MYID');
    assert.match(id, /^[0-9a-f]{40}$/);
    assert.deepEqual(await sentinel.process.stop('SIGTERM'), { code: 0, signal: null });
    await sentinel.start();
    assert.equal(await sentinel.sentinel('MYID'), id);
    await sentinel.call('SHUTDOWN').catch(() => {});
    assert.deepEqual(await sentinel.process.end(), { code: 0, signal: null });
  }));

  it('refuses a file that is wrong as redis-sentinel does', () => withSentinel([], async (sentinel, directory) => {
    const wrong = path.join(directory, 'wrong.conf');
    fs.writeFileSync(wrong, 'port 1\nsentinel monitor m 127.0.0.1\n');
    const ended = await run(program, ['sentinel', wrong]);
    assert.equal(ended.code, 1);
    assert.match(ended.stderr, /FATAL CONFIG FILE ERROR/);
    assert.match(ended.stderr, /at line 2\n>>> 'sentinel monitor m 127\.0\.0\.1'/);
    const none = await run(program, ['sentinel', path.join(directory, 'none.conf')]);
    assert.equal(none.code, 1);
    assert.match(none.stderr, /can't open config file/);
  }));

  it('goes by the name of redis-sentinel, with directives behind the file', () => withSentinel([], async (sentinel, directory) => {
    const link = path.join(directory, 'redis-sentinel');
    fs.symlinkSync(path.resolve(program), link);
    const port = await freePort();
    const file = path.join(directory, 'named.conf');
    fs.writeFileSync(file, 'bind 127.0.0.1\n');
    const process = new Program(link, [file, '--port', String(port), '--sentinel', 'monitor', 'm', '127.0.0.1', '1', '2']);
    try {
      await until('it answers', async () => {
        const client = await RespClient.connect(port);
        const masters = await client.call('SENTINEL', 'MASTERS');
        client.end();
        return masters.length === 1;
      });
    } finally {
      await process.stop();
    }
  }));

  it('lets users do what their lines say, and remembers those who were added', () => withSentinel([
    'user default off', 'user admin on >secret ~* &* +@all', 'user looker on >look resetchannels &+switch-master -@all +ping +subscribe +sentinel|masters',
  ], async (sentinel) => {
    const looker = await RespClient.connect(sentinel.port);
    assert.match((await looker.call('PING')).message, /^NOAUTH/);
    assert.equal(await looker.call('AUTH', 'looker', 'look'), 'OK');
    assert.equal(await looker.call('PING'), 'PONG');
    assert.deepEqual(await looker.call('SENTINEL', 'MASTERS'), []);
    assert.equal((await looker.call('SENTINEL', 'RESET', '*')).message, "NOPERM this user has no permissions to run the 'sentinel|reset' command");
    assert.equal((await looker.call('SUBSCRIBE', '+sdown')).message, 'NOPERM this user has no permissions to access one of the channels used as arguments');
    assert.deepEqual(await looker.call('SUBSCRIBE', '+switch-master'), ['subscribe', '+switch-master', 1]);
    const admin = await RespClient.connect(sentinel.port);
    assert.equal(await admin.call('AUTH', 'admin', 'secret'), 'OK');
    assert.equal(await admin.call('ACL', 'SETUSER', 'third', 'on', '>three', '+ping'), 'OK');
    const refused = await admin.call('ACL', 'LOG');
    assert.equal(refused.length, 2);
    assert.equal(await admin.call('ACL', 'DELUSER', 'looker'), 1);
    await until('the connection of a user who was removed ends', () => looker.closed);
    await until('the file has the new user', () => /user third on #/.test(sentinel.text));
    await until('and not the one who was removed', () => !sentinel.text.includes('user looker'));
    await sentinel.kill();
    await sentinel.start();
    const third = await RespClient.connect(sentinel.port);
    assert.equal(await third.call('AUTH', 'third', 'three'), 'OK');
    assert.match((await third.call('AUTH', 'looker', 'look')).message, /^WRONGPASS/);
    admin.end();
    third.end();
    assert.doesNotMatch(sentinel.log, /secret|three/);
  }));

  it('takes little from strangers', () => withSentinel(['requirepass secret'], async (sentinel) => {
    assert.match(await conversation(sentinel.port, '*11\r\n'), /^-ERR Protocol error: unauthenticated multibulk length\r\n$/);
    assert.match(await conversation(sentinel.port, '*1\r\n$16385\r\n'), /^-ERR Protocol error: unauthenticated bulk length\r\n$/);
    const client = await RespClient.connect(sentinel.port);
    assert.match((await client.call('HELLO', '2')).message, /^NOAUTH HELLO must be called/);
    assert.equal((await client.call('HELLO', '2', 'AUTH', 'default', 'secret'))[0], 'server');
    assert.match((await client.call('PING', 'x'.repeat(20_000))), /^x{20000}$/);
    client.end();
  }));

  it('lets in as many as it is told, and ends those who idle', () => withSentinel(['maxclients 3', 'timeout 1'], async (sentinel) => {
    const clients = [];
    for (let i = 0; i < 3; ++i) clients.push(await RespClient.connect(sentinel.port));
    assert.equal(await clients[2].call('PING'), 'PONG');
    assert.deepEqual(await clients[0].call('SUBSCRIBE', 'x'), ['subscribe', 'x', 1]);
    assert.equal(await conversation(sentinel.port, ''), '-ERR max number of clients reached\r\n');
    await until('the idle ones are gone', () => clients[1].closed && clients[2].closed);
    assert.equal(clients[0].closed, false, 'a subscriber waits for others');
    clients[0].end();
  }));

  it('says that its file cannot be replaced, goes on, and says when it can be again', async (t) => {
    if (process.getuid() !== 0) return t.skip('only root can mount');
    return withSentinel(['sentinel monitor m 127.0.0.1 1 2'], async (sentinel) => {
      const mounted = await run('mount', ['--bind', sentinel.file, sentinel.file]);
      if (mounted.code !== 0) return t.skip('no mounts here');
      try {
        assert.match((await sentinel.sentinel('FLUSHCONFIG')).message, /Failed to save config file/);
        assert.equal((await sentinel.sentinel('FLUSHCONFIG')).message.includes('Failed'), true);
        await until('that is in the log', () => /cannot be saved: cannot replace .*mount the directory that it lies in/.test(sentinel.log));
        assert.equal(sentinel.log.split('cannot be saved').length, 2, 'it is said once');
      } finally {
        await run('umount', [sentinel.file]);
      }
      assert.equal(await sentinel.sentinel('FLUSHCONFIG'), 'OK');
      await until('that is in the log', () => sentinel.log.includes('the state is saved again'));
      assert.deepEqual(fs.readdirSync(sentinel.directory), ['sentinel.conf'], 'no temporary files are left');
    });
  });
});

describe('scripts', () => {
  it('are told of events and of the new master, and inherit nothing', async () => {
    const directory = makeDirectory();
    const script = path.join(directory, 'script.sh');
    const told = path.join(directory, 'told');
    fs.writeFileSync(script, `#!/bin/sh\necho "$@" "fds:" $(ls /proc/self/fd | tr '\\n' ' ') >> ${told}\necho said by the script\n`, { mode: 0o755 });
    try {
      await withQuorum({
        replicas: 1, sentinels: ['holdfast'], quorum: 1,
        sentinelLines: [`sentinel notification-script m ${script}`, `sentinel client-reconfig-script m ${script}`],
      }, async (quorum) => {
        const [old, replica] = quorum.servers;
        await old.kill();
        await quorum.agreed({ not: old.port });
        const lines = () => fs.readFileSync(told, 'utf8').split('\n');
        const expected = `m leader start 127.0.0.1 ${old.port} 127.0.0.1 ${replica.port} fds:`;
        await until('the clients are to be told', () => lines().some((line) => line.startsWith(expected)));
        await until('an event was told', () => lines().some((line) => line.startsWith(`+sdown master m 127.0.0.1 ${old.port} fds:`)));
        // Its standard streams, and the directory that ls reads.
        for (const line of lines().filter(Boolean)) assert.match(line, /fds: 0 1 2 3 ?$/);
        await until('what it says is in the log', () => quorum.sentinels[0].log.includes('said by the script'));
        await until('none runs', async () => (await quorum.sentinels[0].sentinel('PENDING-SCRIPTS')).length === 0);
      });
    } finally {
      fs.rmSync(directory, { recursive: true, force: true });
    }
  });
});
