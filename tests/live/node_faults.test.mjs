// Nodes die, freeze, vanish and return: devices go where there is a live node, and nobody else is disturbed.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { describe, it } from 'node:test';
import { Device, connectDevice } from './support/devices.mjs';
import { makeDirectory, withHoldfast } from './support/holdfast.mjs';
import { startMosquitto } from './support/mosquitto.mjs';
import { connect } from './support/packets.mjs';
import { answerTo, connectRaw } from './support/raw_device.mjs';
import { localCluster, staticCluster } from './support/settings.mjs';
import { pause, until } from './support/until.mjs';

const useAnotherServer = 0x9c;

/** Devices that come back by themselves, half of them v5. End them with `endAll`. */
async function startFleet(holdfast, count, prefix = 'meter') {
  const fleet = Array.from({ length: count }, (_, i) =>
    Object.assign(
      new Device(holdfast, { clientId: `${prefix}-${i}`, protocolVersion: i % 2 ? 5 : 4, reconnectPeriod: 200 }),
      { id: `${prefix}-${i}` },
    ),
  );
  await Promise.all(fleet.map((device) => device.connected()));
  await Promise.all(fleet.map(({ id }) => holdfast.api.connected(id)));
  return fleet;
}
const endAll = (fleet) => Promise.all(fleet.map((device) => device.drop().catch(() => {})));
const nodesOf = async (holdfast, fleet) =>
  new Map(await Promise.all(fleet.map(async ({ id }) => [id, (await holdfast.api.device(id)).node])));

describe('faults of nodes', () => {
  it('a killed node: its devices go to its sibling, the others do not notice, it comes back', async () => {
    await withHoldfast({}, async (holdfast) => {
      const { api } = holdfast;
      const fleet = await startFleet(holdfast, 40);
      try {
        const before = await nodesOf(holdfast, fleet);
        const victim = await api.node('east-1');
        const hit = fleet.filter(({ id }) => before.get(id) === 'east-1');
        const spared = fleet.filter(({ id }) => before.get(id) !== 'east-1');
        assert.ok(hit.length > 0 && spared.length > 0);
        const closesBefore = new Map(spared.map((device) => [device.id, device.closes]));

        process.kill(victim.pid, 'SIGKILL');
        await Promise.all(hit.map(({ id }) => until(`${id} is back`, async () => {
          const device = await api.device(id);
          return device.connected && !device.connection.ending && ['east-1', 'east-2'].includes(device.node);
        }, { seconds: 40 })));
        await until('it runs again', async () => {
          const node = await api.node('east-1');
          return node.state === 'up' && node.pid && node.pid !== victim.pid;
        }, { seconds: 40 });
        for (const device of spared) assert.equal(device.closes, closesBefore.get(device.id), `${device.id} was not disturbed`);
        for (const device of hit.filter((one) => one.connacks[0].properties)) {
          assert.ok(device.goodbyes.every(({ reasonCode }) => reasonCode === useAnotherServer));
        }
        const refusals = (await api.get('/refusals')).items;
        assert.deepEqual(refusals, [], 'nobody is refused while a node of the cluster is up');
        assert.match(await holdfast.logged(/east-1 .*killed by signal 9|east-1 .*signal 9/), /WARN/);
        assert.equal((await api.health()).status, 'ok');
      } finally {
        await endAll(fleet);
      }
    });
  });

  it('a frozen node is found as surely as a dead one, and returns when it thaws', async () => {
    await withHoldfast({ probe: { timeout: '1s' } }, async (holdfast) => {
      const { api } = holdfast;
      const fleet = await startFleet(holdfast, 20);
      const frozen = await api.node('west-1');
      try {
        const before = await nodesOf(holdfast, fleet);
        const hit = fleet.filter(({ id }) => before.get(id) === 'west-1');
        assert.ok(hit.length > 0);
        process.kill(frozen.pid, 'SIGSTOP');
        const down = await api.nodeIs('west-1', 'down');
        assert.match(down.detail, /no answer|did not answer|within/);
        await Promise.all(hit.map(({ id }) => api.connected(id, 'west-2')));
        assert.equal((await api.health()).status, 'degraded');
        for (const device of hit.filter((one) => one.connacks[0].properties)) {
          assert.deepEqual(device.goodbyes.map(({ reasonCode }) => reasonCode), [useAnotherServer]);
        }
        process.kill(frozen.pid, 'SIGCONT');
        const up = await api.nodeIs('west-1', 'up');
        assert.equal(up.pid, frozen.pid, 'it is the same process');
        assert.match(holdfast.logLines(/west-1 is down/)[0], /WARN/);
        await holdfast.logged(/west-1 is up/);
        // Those that moved stay where they are: a node that returns must not cause a second wave.
        await pause(1000);
        const now = await nodesOf(holdfast, fleet);
        for (const { id } of hit) assert.equal(now.get(id), 'west-2');
      } finally {
        process.kill(frozen.pid, 'SIGCONT');
        await endAll(fleet);
      }
    });
  });

  it('a node that froze a moment ago costs a device its time-out, not its connection', async () => {
    const directory = makeDirectory();
    const nodes = [await startMosquitto(directory), await startMosquitto(directory)];
    const settings = {
      cluster: [staticCluster('pair', { 'pair-1': nodes[0].port, 'pair-2': nodes[1].port })],
      probe: { interval: '1h', timeout: '5m', down_after: 1000 },
      gateway: { connack_timeout: '500ms' },
    };
    try {
      await withHoldfast(settings, async (holdfast) => {
        await holdfast.api.tie('late', 'pair-1');
        nodes[0].signal('SIGSTOP');
        const device = new Device(holdfast, { clientId: 'late' });
        await device.connected();
        assert.equal((await holdfast.api.connected('late')).node, 'pair-2');
        const { connects } = await holdfast.api.explain('late');
        assert.ok(connects[0].steps.some((step) => /pair-1 did not answer the CONNECT within \d+ ms/.test(step)), connects[0].steps.join('\n'));
        assert.ok(connects[0].steps.some((step) => /pair-2 accepted/.test(step)));
        await device.drop();
      });
    } finally {
      nodes[0].signal('SIGCONT');
      await Promise.all(nodes.map((node) => node.stop()));
      fs.rmSync(directory, { recursive: true, force: true });
    }
  });

  it('no live node: each version is refused in its own words, and served when one returns', async (t) => {
    const directory = makeDirectory();
    const node = await startMosquitto(directory);
    try {
      await withHoldfast({ cluster: [staticCluster('lonely', { 'lonely-1': node.port })] }, async (holdfast) => {
        await node.stop('SIGKILL');
        await holdfast.api.nodeIs('lonely-1', 'down');
        assert.equal(await answerTo(t, holdfast, connect({ level: 3, clientId: 'v31' })), '20020003');
        assert.equal(await answerTo(t, holdfast, connect({ level: 4, clientId: 'v311' })), '20020003');
        assert.match(await answerTo(t, holdfast, connect({ level: 5, clientId: 'v5' })), /^20..0088.*/);
        const refused = Buffer.from(await answerTo(t, holdfast, connect({ level: 5, clientId: 'v5' })), 'hex').toString();
        assert.match(refused, /its cluster has no live node/);
        // Without problem information there is no reason string.
        assert.equal(await answerTo(t, holdfast, connect({ level: 5, clientId: 'curt', properties: [0x17, 0] })), '2003008800');
        assert.equal((await holdfast.api.explain('v311')).connects[0].refused, 'no_live_node');
        assert.match(await holdfast.logged(/v311 .*refused: its cluster has no live node/), /INFO|WARN/);
        const health = await holdfast.api.health();
        assert.ok(health.problems.some((problem) => /lonely has no node that is up/.test(problem)), health.problems.join());

        const again = await startMosquitto(directory, [`listener ${node.port} 127.0.0.1`]);
        try {
          await holdfast.api.nodeIs('lonely-1', 'up');
          const device = await connectRaw(t, holdfast);
          device.send(connect({ clientId: 'v311' }));
          assert.equal((await device.bytes(4)).toString('hex'), '20020000');
          device.destroy();
        } finally {
          await again.stop();
        }
      });
    } finally {
      await node.stop();
      fs.rmSync(directory, { recursive: true, force: true });
    }
  });

  it('a device tied to a node waits elsewhere while that is down, and goes home when it is back', async () => {
    await withHoldfast({}, async (holdfast) => {
      const { api } = holdfast;
      await api.tie('tied', 'east-2');
      const device = new Device(holdfast, { clientId: 'tied', reconnectPeriod: 200 });
      await device.connected();
      await api.connected('tied', 'east-2');
      const { pid } = await api.node('east-2');
      try {
        process.kill(pid, 'SIGSTOP');
        await api.nodeIs('east-2', 'down');
        await api.connected('tied', 'east-1');
        process.kill(pid, 'SIGCONT');
        await api.connected('tied', 'east-2');
        assert.equal((await api.device('tied')).explicit_node, 'east-2');
      } finally {
        process.kill(pid, 'SIGCONT');
        await device.drop();
      }
    });
  });

  it('a node that dies again and again is started again after growing pauses, and the fleet goes on', async () => {
    await withHoldfast({ cluster: [localCluster('east', 2)] }, async (holdfast) => {
      const { api } = holdfast;
      const node = await api.node('east-1');
      process.kill(node.pid, 'SIGKILL');
      await holdfast.logged(/east-1 .*(ended|killed|signal)/);
      for (let deaths = 0; deaths < 3; ++deaths) {
        const { pid } = await until('it runs again', async () => {
          const now = await api.node('east-1');
          return now.pid && now.pid !== node.pid && now;
        }, { seconds: 40 });
        node.pid = pid;
        process.kill(pid, 'SIGKILL');
      }
      await api.nodeIs('east-1', 'down', 'suspect', 'up');
      await api.nodeIs('east-1', 'up');
      assert.equal((await api.node('east-2')).state, 'up');
      const pauses = holdfast.logLines(/east-1 .*(again in|restart|starts again)/);
      assert.ok(pauses.length >= 3, holdfast.logLines(/east-1/).join('\n'));
    });
  });

  it('a node that leaves the settings is left at once by its devices', async (t) => {
    const directory = makeDirectory();
    const nodes = [await startMosquitto(directory), await startMosquitto(directory)];
    const clusters = (count) => ({
      cluster: [staticCluster('pair', Object.fromEntries(nodes.slice(0, count).map((node, i) => [`pair-${i + 1}`, node.port])))],
    });
    try {
      await withHoldfast(clusters(2), async (holdfast) => {
        const { api } = holdfast;
        const fleet = await startFleet(holdfast, 12);
        try {
          holdfast.configure({ ...holdfast.settings, ...clusters(1) });
          holdfast.process.signal('SIGHUP');
          await api.nodeIs('pair-2', 'left');
          await Promise.all(fleet.map(({ id }) => api.connected(id, 'pair-1')));
          assert.match(await holdfast.logged(/pair-2.*left/), /INFO|WARN/);
          const late = await connectDevice(t, holdfast, { clientId: 'newcomer' });
          assert.equal((await api.connected('newcomer')).node, 'pair-1');
          await late.end();
        } finally {
          await endAll(fleet);
        }
      });
    } finally {
      await Promise.all(nodes.map((node) => node.stop()));
      fs.rmSync(directory, { recursive: true, force: true });
    }
  });
});
