// A cluster with one active node while the others stand by: who dies is replaced, devices follow, and nothing flaps.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Device } from './support/devices.mjs';
import { withHoldfast } from './support/holdfast.mjs';
import { connect, disconnect, publish, subscribe } from './support/packets.mjs';
import { answerTo, connectRaw } from './support/raw_device.mjs';
import { localCluster } from './support/settings.mjs';
import { until } from './support/until.mjs';

const rounds = Number(process.env.HOLDFAST_ROUNDS ?? 5);

const settings = {
  cluster: [localCluster('east', 2, { policy: 'active-standby' }), localCluster('west')],
  standby: { down_after: '1s', settle: '0s', pace: 0 },
  probe: { interval: '100ms', timeout: '500ms', down_time: '0s' },
  // A node that is restarted at once is not missed.
  local: { restart_backoff_min: '3s' },
};

const startFleet = async (holdfast, count) => {
  const fleet = Array.from({ length: count }, (_, i) => {
    const id = `meter-${i}`;
    // Whom a CONNACK refuses never comes back: until another node is active, CONNECTs wait.
    const options = { clientId: id, protocolVersion: i % 2 ? 5 : 4, reconnectPeriod: 100 };
    return Object.assign(new Device(holdfast, options), { id });
  });
  await Promise.all(fleet.map((device) => device.connected()));
  return fleet;
};
const endAll = (fleet) => Promise.all(fleet.map((device) => device.drop().catch(() => {})));

const activeOf = async (holdfast) => (await holdfast.api.get('/groups/east')).active;
const switches = async (holdfast) =>
  (await holdfast.api.get('/events?limit=1000')).items.filter(({ kind, subject }) => kind === 'active_changed' && subject === 'east').length;
/** CONNECTs that wait for an active node. */
const waiting = async (holdfast) => (await holdfast.api.metrics('holdfast_gateway_waiting')).holdfast_gateway_waiting;
const allOn = (holdfast, fleet, node) =>
  until(`all devices are on ${node}`, async () => {
    const devices = await Promise.all(fleet.map(({ id }) => holdfast.api.device(id)));
    return devices.every((device) => device.connected && device.node === node && !device.connection.ending);
  }, { seconds: 40 });
const homedInEast = (holdfast, fleet) => Promise.all(fleet.map(({ id }) => holdfast.api.post(`/devices/${id}/move`, { to: 'east' })));

describe('active and standby', () => {
  it('leads all devices to the active node, and to the other one when it is killed or frozen, without flapping', async () => {
    await withHoldfast(settings, async (holdfast) => {
      const { api } = holdfast;
      await until('a node is active', () => activeOf(holdfast), { seconds: 40 });
      const fleet = await startFleet(holdfast, 20);
      try {
        await homedInEast(holdfast, fleet);
        let active = await activeOf(holdfast);
        await allOn(holdfast, fleet, active);
        for (let round = 1; round <= rounds; round++) {
          const other = active === 'east-1' ? 'east-2' : 'east-1';
          await until('both are up', async () =>
            (await api.get('/groups/east')).members.every(({ state }) => state === 'up'), { seconds: 40 });
          const before = await switches(holdfast);
          const { pid } = await api.node(active);
          const frozen = round % 2 === 0;
          process.kill(pid, frozen ? 'SIGSTOP' : 'SIGKILL');
          try {
            await until(`${other} is active`, async () => (await activeOf(holdfast)) === other, { seconds: 40 });
            await allOn(holdfast, fleet, other);
          } finally {
            if (frozen) process.kill(pid, 'SIGCONT');
          }
          await until(`${active} is up again`, async () => (await api.node(active)).state === 'up', { seconds: 40 });
          assert.equal(await activeOf(holdfast), other, 'who comes back is not taken at once');
          assert.equal(await switches(holdfast), before + 1, `round ${round}: one fault, one switch`);
          active = other;
        }
      } finally {
        await endAll(fleet);
      }
    });
  });

  it('obeys an operator: failover, drain, and the story on the command line', async () => {
    await withHoldfast(settings, async (holdfast) => {
      const first = await until('a node is active', () => activeOf(holdfast), { seconds: 40 });
      const second = first === 'east-1' ? 'east-2' : 'east-1';
      const fleet = await startFleet(holdfast, 10);
      try {
        await homedInEast(holdfast, fleet);
        await allOn(holdfast, fleet, first);
        const ls = await holdfast.cli('group', 'ls');
        assert.equal(ls.code, 0, ls.stderr);
        assert.match(ls.stdout, new RegExp(`east +active-standby +${first}`));
        assert.match(ls.stdout, /west +sticky-hash/);
        const refused = await holdfast.cli('group', 'failover', 'west');
        assert.notEqual(refused.code, 0);
        assert.match(refused.stderr, /nodes of west share its devices.*cluster set west --policy active-standby/);
        await until('the other one is up', async () => (await holdfast.api.node(second)).state === 'up', { seconds: 40 });
        const done = await holdfast.cli('group', 'failover', 'east');
        assert.equal(done.code, 0, done.stderr);
        await until(`${second} is active`, async () => (await activeOf(holdfast)) === second);
        await allOn(holdfast, fleet, second);
        assert.match((await holdfast.cli('group', 'show', 'east')).stdout, new RegExp(`${second} +up +active`));
        await holdfast.api.post(`/nodes/${second}/drain`, {});
        await until(`${first} is active`, async () => (await activeOf(holdfast)) === first);
        await allOn(holdfast, fleet, first);
        assert.match((await holdfast.cli('device', 'explain', 'meter-3')).stdout, /it is the cluster's active node/);
      } finally {
        await endAll(fleet);
      }
    });
  });

  it('takes a refused connection for a death where that is wanted', async () => {
    const early = { ...settings, standby: { ...settings.standby, down_after: '10m', early_suspicion: '100ms' } };
    await withHoldfast(early, async (holdfast) => {
      const first = await until('a node is active', () => activeOf(holdfast), { seconds: 40 });
      const second = first === 'east-1' ? 'east-2' : 'east-1';
      await until('both are up', async () =>
        (await holdfast.api.get('/groups/east')).members.every(({ state }) => state === 'up'), { seconds: 40 });
      process.kill((await holdfast.api.node(first)).pid, 'SIGKILL');
      await until(`${second} is active`, async () => (await activeOf(holdfast)) === second, { seconds: 5 });
    });
  });

  it('gives the place back after a delay where that is wanted', async () => {
    const back = { standby: { ...settings.standby, switch_back: 'automatic', switch_back_after: '1s' } };
    await withHoldfast({ ...settings, ...back }, async (holdfast) => {
      const { api } = holdfast;
      await until('east-1 is active', async () => (await activeOf(holdfast)) === 'east-1', { seconds: 40 });
      await until('both are up', async () =>
        (await api.get('/groups/east')).members.every(({ state }) => state === 'up'), { seconds: 40 });
      process.kill((await api.node('east-1')).pid, 'SIGKILL');
      await until('east-2 took over', async () => (await switches(holdfast)) >= 2, { seconds: 40 });
      await until('east-1 has its place back', async () => (await activeOf(holdfast)) === 'east-1', { seconds: 40 });
      assert.equal(await switches(holdfast), 3);
    });
  });

  it('remembers the active node over a crash of everything', async () => {
    const patient = { ...settings, standby: { ...settings.standby, down_after: '10s' } };
    await withHoldfast(patient, async (holdfast) => {
      const first = await until('a node is active', () => activeOf(holdfast), { seconds: 40 });
      const second = first === 'east-1' ? 'east-2' : 'east-1';
      await until('the other one is up', async () => (await holdfast.api.node(second)).state === 'up', { seconds: 40 });
      await holdfast.api.post('/groups/east/failover', { to: second });
      await until(`${second} is active`, async () => (await activeOf(holdfast)) === second);
      const { epoch } = await holdfast.api.get('/groups/east');
      await until('it is stored', async () => (await holdfast.api.health()).store.pending === 0);
      await holdfast.kill();
      await holdfast.start();
      const group = await holdfast.api.get('/groups/east');
      assert.equal(group.active, second);
      assert.equal(group.epoch, epoch);
    });
  });

  // What mqtt.js does unless told otherwise: it comes back after a second, and never after a CONNACK that refuses.
  it('lets clients with the default options of their library come back, whatever becomes of the active node', async () => {
    const slow = { standby: { ...settings.standby, down_after: '2500ms' } };
    await withHoldfast({ ...settings, ...slow }, async (holdfast) => {
      const { api } = holdfast;
      await until('a node is active', () => activeOf(holdfast), { seconds: 40 });
      const fleet = await Promise.all(Array.from({ length: 30 }, (_, i) => {
        const id = `meter-${i}`;
        const options = { clientId: id, protocolVersion: i % 2 ? 5 : 4, reconnectPeriod: 1000 };
        return Object.assign(new Device(holdfast, options), { id }).connected();
      }));
      try {
        await homedInEast(holdfast, fleet);
        const first = await activeOf(holdfast);
        const second = first === 'east-1' ? 'east-2' : 'east-1';
        await allOn(holdfast, fleet, first);
        await until('both are up', async () =>
          (await api.get('/groups/east')).members.every(({ state }) => state === 'up'), { seconds: 40 });
        process.kill((await api.node(first)).pid, 'SIGKILL');
        await until('CONNECTs wait', async () => (await waiting(holdfast)) > 0);
        await allOn(holdfast, fleet, second);
        for (const device of fleet) {
          assert.deepEqual(device.errors.map(String), [], `${device.id} saw no refusal`);
          assert.ok(device.client.connected);
        }
        assert.deepEqual((await api.get('/refusals')).items, []);
        assert.equal(await waiting(holdfast), 0);
        await holdfast.logged(/CONNECTs wait for an active node of east, each for up to 10 s/);
        await holdfast.logged(/CONNECTs? waited for an active node of east: \d+ accepted, 0 refused, 0 hung up/);
        const stories = await Promise.all(fleet.map(async ({ id }) => (await holdfast.cli('device', 'explain', id)).stdout));
        assert.ok(stories.some((story) => /waited \d+ ms for an active node of east/.test(story)), stories[0]);
      } finally {
        await endAll(fleet);
      }
    });
  });

  it('lets what follows a CONNECT wait with it, for a node that comes back by itself too', async (t) => {
    const alone = { cluster: [localCluster('east', 1, { policy: 'active-standby' })], standby: { ...settings.standby, down_after: '1m' } };
    await withHoldfast({ ...settings, ...alone }, async (holdfast) => {
      await until('the node is active', () => activeOf(holdfast), { seconds: 40 });
      process.kill((await holdfast.api.node('east-1')).pid, 'SIGKILL');
      const device = await connectRaw(t, holdfast);
      device.send(connect({ clientId: 'patient' }), subscribe(1, 'echo'), publish('echo', 'early'));
      await until('it waits', async () => (await waiting(holdfast)) === 1);
      device.send(publish('echo', 'late'));
      const answer = Buffer.concat([Buffer.from([0x20, 2, 0, 0, 0x90, 3, 0, 1, 0]), publish('echo', 'early'), publish('echo', 'late')]);
      assert.equal((await device.bytes(answer.length)).toString('hex'), answer.toString('hex'));
      device.send(disconnect);
      assert.equal(await switches(holdfast), 1);
    });
  });

  it('refuses in the end, beyond the bound, and at once where nothing may wait', async (t) => {
    const impatient = {
      cluster: [localCluster('east', 2, { policy: 'active-standby' })],
      gateway: { hold_connects: '2s', hold_max: 1, refusal_delay: '0s' },
      standby: { ...settings.standby, down_after: '10m' },
      local: { restart_backoff_min: '5m', restart_backoff_max: '5m' },
    };
    await withHoldfast({ ...settings, ...impatient }, async (holdfast) => {
      const active = await until('a node is active', () => activeOf(holdfast), { seconds: 40 });
      process.kill((await holdfast.api.node(active)).pid, 'SIGKILL');
      const unavailable = '20020003';
      const begin = performance.now();
      const device = await connectRaw(t, holdfast);
      device.send(connect({ clientId: 'patient' }));
      await until('it waits', async () => (await waiting(holdfast)) === 1);
      const second = await answerTo(t, holdfast, connect({ clientId: 'one-too-many' }));
      assert.equal(second.toString('hex'), unavailable);
      assert.equal(await waiting(holdfast), 1);
      assert.equal((await device.end()).toString('hex'), unavailable);
      const waited = performance.now() - begin;
      assert.ok(waited >= 1990, `refused after ${waited} ms`);
      await holdfast.logged(/1 CONNECT waited for an active node of east: 0 accepted, 1 refused, 0 hung up/);
      const leaving = await connectRaw(t, holdfast);
      leaving.send(connect({ clientId: 'hasty' }));
      await until('it waits', async () => (await waiting(holdfast)) === 1);
      leaving.destroy();
      await holdfast.logged(/1 CONNECT waited for an active node of east: 0 accepted, 0 refused, 1 hung up/);
      holdfast.configure({ ...holdfast.settings, gateway: { ...holdfast.settings.gateway, hold_connects: '0s' } });
      process.kill(holdfast.pid, 'SIGHUP');
      await until('nothing waits any more', async () => {
        const start = performance.now();
        const answer = await answerTo(t, holdfast, connect({ clientId: 'hasty' }));
        return answer.toString('hex') === unavailable && performance.now() - start < 1000;
      });
    });
  });

  it('leads many to the new active node at a pace', async (t) => {
    const paced = { gateway: { hold_pace: 50 }, standby: { ...settings.standby, down_after: '2s' } };
    const solo = { cluster: [localCluster('east', 2, { policy: 'active-standby' })] };
    await withHoldfast({ ...settings, ...solo, ...paced }, async (holdfast) => {
      const active = await until('a node is active', () => activeOf(holdfast), { seconds: 40 });
      await until('both are up', async () =>
        (await holdfast.api.get('/groups/east')).members.every(({ state }) => state === 'up'), { seconds: 40 });
      process.kill((await holdfast.api.node(active)).pid, 'SIGKILL');
      const devices = await Promise.all(Array.from({ length: 100 }, async (_, i) => {
        const device = await connectRaw(t, holdfast);
        device.send(connect({ clientId: `crowd-${i}` }));
        return device;
      }));
      await until('all wait', async () => (await waiting(holdfast)) === devices.length);
      const times = await Promise.all(devices.map(async (device) => {
        assert.equal((await device.bytes(4, { seconds: 40 })).toString('hex'), '20020000');
        return performance.now();
      }));
      const lasted = Math.max(...times) - Math.min(...times);
      assert.ok(lasted > 500, `100 devices within ${lasted} ms`);
      await until('none waits', async () => (await waiting(holdfast)) === 0);
    });
  });
});
