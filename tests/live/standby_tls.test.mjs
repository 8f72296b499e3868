// Sentinels with Holdfast's own settings, by TLS: among each other and to their clients.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';
import { after, before, describe, it } from 'node:test';
import { Certificates } from './support/certificates.mjs';
import { makeDirectory, program } from './support/holdfast.mjs';
import { freePort } from './support/ports.mjs';
import { run } from './support/program.mjs';
import { RedisServer } from './support/redis.mjs';
import { fields, RespClient } from './support/resp.mjs';
import { withWatch } from './support/standby.mjs';
import { until } from './support/until.mjs';

describe('sentinels with settings, by TLS', () => {
  let certificates;
  const lines = (more = '') => `tls_cert_file = "${certificates.file('redis.crt')}"
tls_key_file = "${certificates.file('redis.key')}"
tls_ca_file = "${certificates.file('ca.crt')}"
${more}`;
  const options = (more = {}) => ({ sentinel: lines(), secure: certificates.credentials('redis'), ...more });
  before(async () => {
    certificates = await new Certificates(makeDirectory()).make();
  });
  after(() => fs.rmSync(certificates.directory, { recursive: true, force: true }));

  it('replace an active member', () => withWatch(options(), async (watch) => {
    await watch.members[0].process.stop('SIGKILL');
    await watch.agreed('east-2');
    await watch.sentinels[0].process.stop('SIGKILL');
    await watch.startMember(watch.members[0]);
    await watch.seen('east-1', 'up');
    await watch.members[1].process.stop('SIGKILL');
    await watch.agreed('east-1');
  }));

  it('serve nobody who has no certificate, and nobody who says nothing', () => withWatch(options({ count: 1 }), async (watch) => {
    const [sentinel] = watch.sentinels;
    for (const secure of [certificates.credentials(), certificates.credentials('stranger')]) {
      const client = await RespClient.connect(sentinel.port, '127.0.0.1', secure).catch(() => undefined);
      if (client) await assert.rejects(client.call('PING'));
    }
    const plain = await RespClient.connect(sentinel.port);
    await assert.rejects(plain.call('PING'));
    const silent = net.connect(sentinel.port, '127.0.0.1').on('error', () => {}).resume();
    await until('a silent client is gone', () => silent.destroyed, { seconds: 20 });
    assert.equal(await watch.call(sentinel, 'PING'), 'PONG');
  }));

  it('are asked by the command line', () => withWatch(options({ count: 1 }), async (watch) => {
    const ask = (...words) => run(program, ['group', 'ls', '--sentinel', `127.0.0.1:${watch.sentinels[0].port}`, ...words],
      { env: { HOLDFAST_SENTINEL_PASSWORD: watch.password } });
    const authority = ['--sentinel-ca', certificates.file('ca.crt')];
    const secure = await ask(...authority, '--sentinel-cert', certificates.file('redis.crt'), '--sentinel-key', certificates.file('redis.key'));
    assert.equal(secure.code, 0, secure.stderr);
    assert.match(secure.stdout, /^east +active-standby +east-1 /m);
    for (const words of [authority, []]) assert.equal((await ask(...words)).code, 3);
    assert.match((await ask()).stderr, /if it speaks TLS: --sentinel-ca/);
  }));

  it('serve clients without a certificate when that is wanted', () => withWatch(options({ count: 2, sentinel: lines('tls_mutual = false') }), async (watch) => {
    watch.options.secure = certificates.credentials();
    assert.equal(await watch.call(watch.sentinels[0], 'PING'), 'PONG');
    await watch.members[0].process.stop('SIGKILL');
    await watch.agreed('east-2');
  }));

  it('believe no peer without the right certificate, and wait for none that is silent', async () => {
    const counts = { silent: 0, gone: 0, said: 0 };
    const silent = net.createServer((socket) => {
      ++counts.silent;
      socket.on('error', () => {}).on('close', () => ++counts.gone).resume();
    });
    const stranger = tls.createServer({ cert: fs.readFileSync(certificates.file('stranger.crt')), key: fs.readFileSync(certificates.file('stranger.key')) },
      (socket) => socket.on('error', () => {}).on('data', () => ++counts.said));
    stranger.on('tlsClientError', () => {});
    for (const server of [silent, stranger]) await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      await withWatch(options({ count: 1, peers: [silent.address().port, stranger.address().port] }), async (watch) => {
        const [sentinel] = watch.sentinels;
        await until('the silent peer was let go of and asked again', () => counts.gone > 0 && counts.silent > 1);
        // A slow machine gives up waiting before it sees the certificate.
        const told = new RegExp(`127\\.0\\.0\\.1:${stranger.address().port}: (no TLS|it does not answer)`);
        await until('the stranger is told of', () => told.test(sentinel.process.stderr));
        assert.equal(counts.said, 0);
        assert.equal((await watch.group(sentinel)).active, '', 'one of three decides nothing');
      });
    } finally {
      silent.close();
      stranger.close();
    }
  });

  for (const secured of [false, true]) {
    it(`find each other at a Redis master ${secured ? 'by TLS' : 'in the clear'}`, async () => {
      const directory = makeDirectory();
      const servers = [];
      const add = async (linesOf) => {
        const seen = secured ? await freePort() : undefined;
        const tlsLines = [`tls-port ${seen}`, 'tls-replication yes', `tls-cert-file ${certificates.file('redis.crt')}`,
          `tls-key-file ${certificates.file('redis.key')}`, `tls-ca-cert-file ${certificates.file('ca.crt')}`];
        servers.push(new RedisServer(directory, await freePort(), [...linesOf(), ...(secured ? tlsLines : [])], seen));
        await servers.at(-1).start();
      };
      try {
        await add(() => []);
        await add(() => [`replicaof 127.0.0.1 ${servers[0].seen}`]);
        const extra = `[[sentinel.redis]]\nname = "m"\naddress = "127.0.0.1:${servers[0].seen}"\n`;
        await withWatch(options({ extra, sentinel: lines(`tls_redis = ${secured}`) }), async (watch) => {
          await until('the sentinels know each other and the replica', async () => {
            for (const sentinel of watch.sentinels) {
              const others = (await watch.call(sentinel, 'SENTINEL', 'SENTINELS', 'm')).map(fields);
              const replicas = (await watch.call(sentinel, 'SENTINEL', 'REPLICAS', 'm')).map(fields);
              if (others.length !== 2 || !others.every(({ flags }) => flags === 'sentinel') || replicas[0]?.['master-link-status'] !== 'ok') return false;
            }
            return true;
          }, { seconds: 30 });
          await servers[0].kill();
          await until('all name the replica', async () => {
            const all = await Promise.all(watch.sentinels.map((sentinel) => watch.call(sentinel, 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'm')));
            return all.every(([, port]) => port === String(servers[1].seen));
          }, { seconds: 30 });
        });
      } finally {
        for (const server of servers) await server.process?.stop('SIGKILL');
        fs.rmSync(directory, { recursive: true, force: true });
      }
    });
  }
});
