// Five thousand clients at once: every one of them is answered, served, and forgotten when it is gone.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import { describe, it } from 'node:test';
import { withHoldfast } from './support/holdfast.mjs';
import { connect, disconnect, pingreq, publish } from './support/packets.mjs';
import { localCluster } from './support/settings.mjs';
import { until } from './support/until.mjs';

const crowdSize = 5000;

/** Opens all connections at once and says CONNECT on each. */
function storm(holdfast, prefix) {
  return Array.from({ length: crowdSize }, (_, i) => {
    const client = { received: '', closed: false, socket: net.connect({ host: holdfast.host, port: holdfast.port, noDelay: true }) };
    client.socket.on('data', (bytes) => (client.received += bytes.toString('hex')));
    client.socket.on('error', (error) => (client.error = error));
    client.socket.on('close', () => (client.closed = true));
    client.socket.write(connect({ clientId: `${prefix}-${i}`, keepAlive: 600 }));
    return client;
  });
}

const memoryOf = (pid) => Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024;

describe('a crowd', () => {
  it('5,000 clients at once are all accepted, served, and gone without a trace', async () => {
    await withHoldfast({ log: { level: 'info' }, probe: { timeout: '20s', down_after: 10 } }, async (holdfast) => {
      const { api } = holdfast;
      const clients = storm(holdfast, 'crowd');
      try {
        await until('everybody has a CONNACK', () => clients.every(({ received }) => received.length >= 8), { seconds: 120 });
        const answers = new Set(clients.map(({ received }) => received));
        assert.deepEqual([...answers], ['20020000']);
        await until('Holdfast knows them all', async () => (await api.health()).fleet.connections === crowdSize, { seconds: 60 });
        const spread = (await api.nodes()).map(({ connections }) => connections);
        assert.equal(spread.reduce((sum, count) => sum + count), crowdSize);
        for (const count of spread) assert.ok(count > crowdSize / 8, `the nodes share them: ${spread}`);

        clients.forEach(({ socket }, i) => socket.write(Buffer.concat([publish(`crowd/${i}`, 'here'), pingreq])));
        await until('everybody is served', () => clients.every(({ received }) => received.endsWith('d000')), { seconds: 120 });
        assert.ok(clients.every(({ closed, error }) => !closed && !error));
        for (const { socket } of clients) socket.end(disconnect);
        await until('Holdfast forgot them', async () => {
          const { fleet, gateway } = await api.health();
          return fleet.connections === 0 && gateway.open === 0;
        }, { seconds: 60 });
        assert.equal((await api.get('/refusals')).items.length, 0);
        assert.equal((await api.health()).fleet.devices, crowdSize);
        assert.ok(memoryOf(holdfast.pid) < 500e6 * (process.env.HOLDFAST_TEST_SLOW > 1 ? 8 : 1), 'and their memory with them');
      } finally {
        for (const { socket } of clients) socket.destroy();
      }
    });
  });

  it('5,000 clients at once without a live node are all refused in order', async () => {
    const settings = { cluster: [localCluster('solo', 1, { base_port: 0 })], log: { level: 'info' }, gateway: { refusal_delay: '1s' } };
    await withHoldfast(settings, async (holdfast) => {
      const { api } = holdfast;
      const { pid } = await api.node('solo-1');
      process.kill(pid, 'SIGSTOP');
      try {
        await api.nodeIs('solo-1', 'down');
        const clients = storm(holdfast, 'unlucky');
        try {
          await until('everybody is answered and closed', () => clients.every(({ closed }) => closed), { seconds: 120 });
          const answers = new Set(clients.map(({ received }) => received));
          assert.deepEqual([...answers], ['20020003']);
          const refused = await api.metrics('holdfast_connects_refused_total');
          assert.equal(Object.values(refused).reduce((sum, count) => sum + count, 0), crowdSize);
          assert.ok(holdfast.log.split('\n').length < 300, 'the log is not flooded');
        } finally {
          for (const { socket } of clients) socket.destroy();
        }
      } finally {
        process.kill(pid, 'SIGCONT');
      }
    });
  });

  it('holdfast simulate: hundreds of devices that publish, and none of it is lost', async () => {
    await withHoldfast({ log: { level: 'info' } }, async (holdfast) => {
      const done = await holdfast.cli('simulate', '--to', `${holdfast.host}:${holdfast.port}`, '--devices', '300', '--rate', '5', '--qos', '1', '--echo', '--duration', '5s');
      assert.equal(done.code, 0, done.stderr);
      const count = (name) => Number(new RegExp(`^${name}\\s+(\\d+)`, 'm').exec(done.stdout)?.[1]);
      assert.ok(count('published') > 300, done.stdout);
      assert.equal(count('received back'), count('published'), done.stdout);
      assert.equal(count('lost'), 0, done.stdout);
    });
  });
});
