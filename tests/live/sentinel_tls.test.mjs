// Everything by TLS: servers, sentinels of both kinds, clients.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { makeDirectory } from './support/holdfast.mjs';
import { run } from './support/program.mjs';
import { withQuorum } from './support/redis.mjs';
import { RespClient } from './support/resp.mjs';
import { until } from './support/until.mjs';

async function openssl(...words) {
  const ended = await run('openssl', words);
  assert.equal(ended.code, 0, ended.stderr);
}

describe('by TLS', () => {
  let directory;
  let lines;
  const file = (name) => path.join(directory, name);
  before(async () => {
    directory = makeDirectory();
    for (const who of ['ca', 'stranger']) {
      await openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', `/CN=${who}`,
        '-keyout', file(`${who}.key`), '-out', file(`${who}.crt`));
    }
    await openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', '/CN=redis', '-keyout', file('redis.key'), '-out', file('redis.csr'));
    await openssl('x509', '-req', '-in', file('redis.csr'), '-CA', file('ca.crt'), '-CAkey', file('ca.key'), '-CAcreateserial', '-days', '2', '-out', file('redis.crt'));
    lines = [`tls-cert-file ${file('redis.crt')}`, `tls-key-file ${file('redis.key')}`, `tls-ca-cert-file ${file('ca.crt')}`];
  });
  after(() => fs.rmSync(directory, { recursive: true, force: true }));

  const credentials = (who) => ({ cert: fs.readFileSync(file(`${who}.crt`)), key: fs.readFileSync(file(`${who}.key`)), ca: fs.readFileSync(file('ca.crt')), checkServerIdentity: () => undefined });

  for (const sentinels of [['holdfast', 'holdfast', 'holdfast'], ['stock', 'holdfast', 'holdfast']]) {
    it(`a quorum of ${sentinels.join(', ')} replaces its master`, () => withQuorum({ sentinels, downAfter: 2000, replicas: 1, tlsLines: lines }, async (quorum) => {
      const [old] = quorum.servers;
      const ours = quorum.sentinels.at(-1);
      const client = await RespClient.connect(ours.tlsPort, '127.0.0.1', credentials('redis'));
      assert.deepEqual(await client.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'm'), ['127.0.0.1', String(old.seen)]);
      await client.call('SUBSCRIBE', '+switch-master');
      await old.kill();
      const fresh = await quorum.agreed({ not: old.seen, seconds: 40 });
      await until('the client was told', () => client.messages.some((message) => message.text.endsWith(` 127.0.0.1 ${fresh.seen}`)));
      client.end();
      await old.start();
      await quorum.followed(fresh);
    }));
  }

  it('clients without a certificate, or with a stranger\'s, are not served', () => withQuorum({ replicas: 0, sentinels: ['holdfast'], quorum: 1, tlsLines: lines },
    async (quorum) => {
      const [sentinel] = quorum.sentinels;
      for (const secure of [{ ca: fs.readFileSync(file('ca.crt')), checkServerIdentity: () => undefined }, credentials('stranger')]) {
        const client = await RespClient.connect(sentinel.tlsPort, '127.0.0.1', secure).catch(() => undefined);
        if (client) await assert.rejects(client.call('PING'));
      }
      const plain = await RespClient.connect(sentinel.tlsPort);
      await assert.rejects(plain.call('PING'));
      const good = await RespClient.connect(sentinel.tlsPort, '127.0.0.1', credentials('redis'));
      assert.equal(await good.call('PING'), 'PONG');
      good.end();
    }));
});
