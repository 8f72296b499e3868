// Clients from the field find the master by Holdfast's sentinels, and find it again after a failover.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import Redis from 'ioredis';
import { Program, run } from './support/program.mjs';
import { withQuorum } from './support/redis.mjs';
import { pause, until } from './support/until.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
// Debian's own has its packages.
const python = fs.existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';

describe('clients', () => {
  it('redis-cli speaks with a sentinel', () => withQuorum({ replicas: 1, sentinels: ['holdfast'], quorum: 1 }, async (quorum) => {
    const [sentinel] = quorum.sentinels;
    const [master] = quorum.servers;
    const cli = async (...words) => (await run('redis-cli', ['-p', String(sentinel.port), ...words])).stdout.trim();
    assert.equal(await cli('PING'), 'PONG');
    assert.equal(await cli('SENTINEL', 'get-master-addr-by-name', 'm'), `127.0.0.1\n${master.port}`);
    assert.match(await cli('SENTINEL', 'masters'), /^name\nm\nip\n127\.0\.0\.1\n/);
    assert.match(await cli('INFO', 'sentinel'), /master0:name=m,status=ok/);
    assert.match(await cli('SENTINEL', 'nothing'), /^ERR unknown subcommand 'nothing'\. Try SENTINEL HELP\./);
    assert.match(await cli('GET', 'x'), /^ERR unknown command 'GET', with args beginning with: 'x'/);
    // RESP3 is refused, and redis-cli goes on in RESP2.
    assert.match(await cli('-3', 'PING'), /PONG/);
    const subscriber = new Program('stdbuf', ['-oL', 'redis-cli', '-p', String(sentinel.port), 'PSUBSCRIBE', '*']);
    await until('it is subscribed', () => subscriber.stdout.includes('psubscribe'));
    await cli('SENTINEL', 'SET', 'm', 'down-after-milliseconds', '1500');
    await until('it hears', () => subscriber.stdout.includes(`master m 127.0.0.1 ${master.port} down-after-milliseconds 1500`));
    await subscriber.stop();
  }));

  it('ioredis follows the master through a failover', () => withQuorum({}, async (quorum) => {
    const [old] = quorum.servers;
    const client = new Redis({
      sentinels: quorum.sentinels.map((sentinel) => ({ host: '127.0.0.1', port: sentinel.port })),
      name: 'm', sentinelRetryStrategy: () => 50, retryStrategy: () => 50, maxRetriesPerRequest: null, failoverDetector: true,
    });
    client.on('error', () => {});
    const replica = new Redis({
      sentinels: quorum.sentinels.map((sentinel) => ({ host: '127.0.0.1', port: sentinel.port })), name: 'm', role: 'slave',
    });
    replica.on('error', () => {});
    try {
      await client.set('a', '1');
      await until('the replica has it', async () => (await replica.get('a')) === '1');
      await old.kill();
      const fresh = await quorum.agreed({ not: old.port });
      assert.equal(await client.set('a', '2'), 'OK');
      assert.equal(await fresh.call('GET', 'a'), '2');
    } finally {
      client.disconnect();
      replica.disconnect();
    }
  }));

  it("Python's client follows the master through a failover, and through one by hand", () => withQuorum({}, async (quorum) => {
    const [old] = quorum.servers;
    const client = new Program(python, [path.join(here, 'support/sentinel_client.py'), ...quorum.sentinels.map((sentinel) => String(sentinel.port))]);
    const written = (port) => client.stdout.split('\n').filter((line) => line.startsWith('ok ') && line.endsWith(` ${port}`)).length;
    try {
      await until('it writes', () => {
        assert.equal(client.ended, undefined, client.stderr);
        return written(old.port) > 5;
      });
      await old.kill();
      const fresh = await quorum.agreed({ not: old.port });
      await until('it writes to the new master', () => written(fresh.port) > 5);
      await old.start();
      await quorum.followed(fresh);
      await pause(100);
      await quorum.settled();
      assert.equal(await quorum.sentinels[0].sentinel('FAILOVER', 'm'), 'OK');
      const third = await quorum.agreed({ not: fresh.port });
      await until('it writes to the third', () => written(third.port) > 5);
    } finally {
      await client.stop();
    }
  }));
});
