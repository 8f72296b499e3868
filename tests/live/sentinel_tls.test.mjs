// Everything by TLS: servers, sentinels of both kinds, clients.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import { after, before, describe, it } from 'node:test';
import { Certificates } from './support/certificates.mjs';
import { makeDirectory } from './support/holdfast.mjs';
import { withQuorum } from './support/redis.mjs';
import { RespClient } from './support/resp.mjs';
import { until } from './support/until.mjs';

describe('by TLS', () => {
  let certificates;
  let lines;
  before(async () => {
    certificates = await new Certificates(makeDirectory()).make();
    lines = [`tls-cert-file ${certificates.file('redis.crt')}`, `tls-key-file ${certificates.file('redis.key')}`, `tls-ca-cert-file ${certificates.file('ca.crt')}`];
  });
  after(() => fs.rmSync(certificates.directory, { recursive: true, force: true }));

  for (const sentinels of [['holdfast', 'holdfast', 'holdfast'], ['stock', 'holdfast', 'holdfast']]) {
    it(`a quorum of ${sentinels.join(', ')} replaces its master`, () => withQuorum({ sentinels, downAfter: 2000, replicas: 1, tlsLines: lines }, async (quorum) => {
      const [old] = quorum.servers;
      const ours = quorum.sentinels.at(-1);
      const client = await RespClient.connect(ours.tlsPort, '127.0.0.1', certificates.credentials('redis'));
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
      for (const secure of [certificates.credentials(), certificates.credentials('stranger')]) {
        const client = await RespClient.connect(sentinel.tlsPort, '127.0.0.1', secure).catch(() => undefined);
        if (client) await assert.rejects(client.call('PING'));
      }
      // Who connects and says nothing is let go of.
      const silent = net.connect(sentinel.tlsPort, '127.0.0.1').on('error', () => {}).resume();
      await until('a silent client is gone', () => silent.destroyed, { seconds: 20 });
      const plain = await RespClient.connect(sentinel.tlsPort);
      await assert.rejects(plain.call('PING'));
      const good = await RespClient.connect(sentinel.tlsPort, '127.0.0.1', certificates.credentials('redis'));
      assert.equal(await good.call('PING'), 'PONG');
      good.end();
    }));
});
