// Holdfast itself dies under load, is asked to end, or cannot start: what it knew is there again, and it says what is wrong.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import { describe, it } from 'node:test';
import { Device } from './support/devices.mjs';
import { makeHoldfast, startHoldfast, withHoldfast } from './support/holdfast.mjs';
import { connect, packetsOf } from './support/packets.mjs';
import { freePort } from './support/ports.mjs';
import { connectRaw } from './support/raw_device.mjs';
import { localCluster } from './support/settings.mjs';
import { until } from './support/until.mjs';

/** Starts a Holdfast that cannot start, and returns how it ended and what it said. */
async function failToStart(settings, options = {}) {
  const holdfast = makeHoldfast(settings, options);
  holdfast.mayEnd = true;
  try {
    holdfast.launch();
    const { code } = await holdfast.process.end({ seconds: 30 });
    return { code, log: holdfast.log, screen: holdfast.screen, left: holdfast.nodeProcesses() };
  } finally {
    await holdfast.end();
  }
}

/** Somebody else's listener. */
async function occupy() {
  const server = net.createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: server.address().port, close: () => new Promise((resolve) => server.close(resolve)) };
}

describe('faults of the gateway', () => {
  it('killed with -9 under load and started again: devices, routes and moves are as they were', async () => {
    const holdfast = makeHoldfast({ gateway: { listen: [`127.0.0.1:${await freePort()}`] } });
    const fleet = [];
    let publishing = false;
    try {
      await holdfast.start();
      for (let i = 0; i < 60; ++i) {
        const device = new Device(holdfast, { clientId: `meter-${i}`, protocolVersion: i % 2 ? 5 : 4, reconnectPeriod: 200 });
        device.id = `meter-${i}`;
        fleet.push(device);
      }
      await Promise.all(fleet.map((device) => device.connected()));
      for (let i = 0; i < 10; ++i) await holdfast.api.move(`meter-${i}`, i % 2 ? 'east-1' : 'west');
      await holdfast.api.post('/devices', { id: 'never-seen', home: 'west', tags: ['spare'], note: 'in the cupboard' });
      await Promise.all(fleet.map(({ id }) => holdfast.api.connected(id)));
      const routes = async () =>
        new Map((await holdfast.api.all('/devices')).map((device) => [device.id, [device.home, device.explicit_cluster, device.explicit_node, device.sticky_node]]));
      const settled = await until('every device has its route', async () => {
        const now = await routes();
        return [...now].filter(([id]) => id !== 'never-seen').every(([, route]) => route[3]) && now;
      });
      await until('the store has it all', async () => (await holdfast.api.health()).store.pending === 0);

      publishing = true;
      const load = fleet.map(async (device) => {
        while (publishing) {
          // Not waited for: a publish that a broken connection swallowed is never settled.
          if (device.client.connected) device.client.publish(`${device.id}/load`, 'x'.repeat(500), { qos: 0 }, () => {});
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      });
      const children = holdfast.nodeProcesses();
      assert.equal(children.length, 4);
      await holdfast.kill();
      await until('its nodes ended with it', () => holdfast.nodeProcesses().length === 0);

      await holdfast.start();
      await Promise.all(fleet.map(({ id }) => holdfast.api.connected(id)));
      publishing = false;
      await Promise.all(load);
      assert.deepEqual(await routes(), settled);
      for (let i = 0; i < 10; ++i) {
        const device = await holdfast.api.device(`meter-${i}`);
        assert.equal(i % 2 ? device.explicit_node : device.explicit_cluster, i % 2 ? 'east-1' : 'west');
      }
      assert.equal((await holdfast.api.device('never-seen')).note, 'in the cupboard');
      assert.equal(holdfast.nodeProcesses().length, 4);
      assert.match(holdfast.log, /61 devices in 2 clusters come from/);
    } finally {
      publishing = false;
      await Promise.all(fleet.map((device) => device.drop().catch(() => {})));
      await holdfast.end();
    }
  });

  it('nodes of a killed Holdfast, frozen ones too, are not in the way of the next', async () => {
    const holdfast = makeHoldfast({ cluster: [localCluster('east', 2)] });
    try {
      await holdfast.start();
      const { pid } = await holdfast.api.node('east-1');
      process.kill(pid, 'SIGSTOP');
      await holdfast.kill();
      await until('the one that runs ended', () => holdfast.nodeProcesses().every((left) => left === pid));
      await holdfast.start();
      const nodes = holdfast.nodeProcesses();
      assert.equal(nodes.length, 2);
      assert.ok(!nodes.includes(pid));
    } finally {
      await holdfast.end();
    }
  });

  it('asked to end: devices are told, wills stay unsaid, the process ends with 0', async (t) => {
    await withHoldfast({ cluster: [localCluster('solo', 1)] }, async (holdfast) => {
      const modern = await connectRaw(t, holdfast);
      modern.send(connect({ level: 5, clientId: 'modern' }));
      const old = await connectRaw(t, holdfast);
      old.send(connect({ clientId: 'old' }));
      const waiting = await connectRaw(t, holdfast);
      waiting.send(connect({ clientId: 'half' }).subarray(0, 5));
      await Promise.all([modern.bytes(5), old.bytes(4)]);
      await Promise.all([holdfast.api.connected('modern'), holdfast.api.connected('old')]);
      holdfast.process.signal('SIGTERM');
      assert.deepEqual(packetsOf(await modern.end()).slice(1), ['e0018b']);
      assert.deepEqual(packetsOf(await old.end()).slice(1), []);
      assert.equal((await waiting.end()).length, 0);
      assert.equal((await holdfast.process.end()).code, 0);
      assert.match(holdfast.log, /signal 15: ending/);
      assert.deepEqual(holdfast.nodeProcesses(), []);
    });
  });

  it('the device port is in use: one clear sentence, and nothing is left behind', async () => {
    const other = await occupy();
    try {
      const { code, log, screen, left } = await failToStart({ gateway: { listen: [`127.0.0.1:${other.port}`] } });
      assert.equal(code, 1);
      assert.match(log, new RegExp(`ERROR.*cannot listen on 127\\.0\\.0\\.1:${other.port}: Address already in use; another program listens there`));
      assert.equal(screen, '');
      assert.deepEqual(left, []);
    } finally {
      await other.close();
    }
  });

  it('the API port is in use: one clear sentence', async () => {
    const other = await occupy();
    try {
      const { code, log, left } = await failToStart({ admin: { listen: `127.0.0.1:${other.port}` } });
      assert.equal(code, 1);
      assert.match(log, new RegExp(`ERROR.*127\\.0\\.0\\.1:${other.port}.*in use`));
      assert.equal(log.split('\n').filter((line) => /ERROR/.test(line)).length, 1);
      assert.deepEqual(left, []);
    } finally {
      await other.close();
    }
  });

  it('mosquitto is missing: one clear sentence', async () => {
    const { code, log } = await failToStart({ local: { mosquitto: '/nowhere/mosquitto' } });
    assert.equal(code, 1);
    const errors = log.split('\n').filter((line) => /ERROR/.test(line));
    assert.equal(errors.length, 1, log);
    assert.match(errors[0], /\/nowhere\/mosquitto/);
    assert.match(errors[0], /install|local\.mosquitto/);
  });

  it('an address that this machine does not have: one clear sentence', async () => {
    const { code, log } = await failToStart({ gateway: { listen: ['192.0.2.1:1883'] } });
    assert.equal(code, 1);
    assert.match(log, /ERROR.*cannot listen on 192\.0\.2\.1:1883.*does not have that address/);
  });

  it('a second Holdfast on the same data directory is turned away, the first goes on', async () => {
    const first = await startHoldfast({ cluster: [localCluster('east', 1)] });
    const second = makeHoldfast({ cluster: [localCluster('east', 1)] });
    second.mayEnd = true;
    try {
      second.dataDir = first.dataDir;
      second.launch();
      assert.equal((await second.process.end()).code, 1);
      assert.match(second.log, /ERROR.*another Holdfast uses the store/);
      await until('the first one is well', async () => (await first.api.health()).status === 'ok');
      assert.equal((await first.cli('health')).code, 0, 'the first is still found by its data directory');
    } finally {
      second.dataDir = second.directory;
      await second.end();
      await first.end();
    }
  });

  it('the token is made once, for its owner only, and every request needs it', async () => {
    await withHoldfast({ cluster: [localCluster('solo', 1)] }, async (holdfast) => {
      const file = `${holdfast.dataDir}/admin.token`;
      const token = fs.readFileSync(file, 'utf8');
      assert.equal(fs.statSync(file).mode & 0o777, 0o600);
      assert.equal(fs.statSync(holdfast.dataDir).mode & 0o077, 0);
      for (const path of ['/api/v1/devices', '/api/v1/events', '/metrics']) {
        const answer = await holdfast.api.raw('GET', path, undefined, { authorization: 'Bearer wrong' });
        assert.equal(answer.status, 401);
        assert.match(answer.headers['content-type'], /application\/problem\+json/);
      }
      await holdfast.stop();
      await holdfast.start();
      assert.equal(fs.readFileSync(file, 'utf8'), token);
      assert.ok(!holdfast.log.includes(token.trim()));
    });
  });
});
