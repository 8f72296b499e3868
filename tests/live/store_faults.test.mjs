// The store's file is taken away, cannot be written, or has no room: devices are served all the same, and an operator is told.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { connectDevice } from './support/devices.mjs';
import { makeDirectory, makeHoldfast, withHoldfast } from './support/holdfast.mjs';
import { localCluster } from './support/settings.mjs';
import { until } from './support/until.mjs';

const solo = { cluster: [localCluster('solo', 1)] };
const storeOf = async (holdfast) => (await holdfast.api.health()).store;

/** A file system of two megabytes, where that may be mounted. */
function mountSmallDisk() {
  const directory = makeDirectory();
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', directory]);
  if (mounted.status === 0) return directory;
  fs.rmdirSync(directory);
  return undefined;
}

async function failToStart(holdfast) {
  holdfast.mayEnd = true;
  try {
    holdfast.launch();
    const { code } = await holdfast.process.end();
    return { code, errors: holdfast.log.split('\n').filter((line) => /ERROR/.test(line)), left: holdfast.nodeProcesses() };
  } finally {
    await holdfast.end();
  }
}

describe('faults of the store', () => {
  it('its file is deleted while it runs: it is made anew, whole, and survives a kill', async (t) => {
    await withHoldfast(solo, async (holdfast) => {
      for (let i = 0; i < 20; ++i) await holdfast.api.post('/devices', { id: `old-${i}`, note: `number ${i}` });
      for (const name of fs.readdirSync(holdfast.dataDir)) {
        if (/^fleet\.db(-wal|-shm)?$/.test(name)) fs.rmSync(path.join(holdfast.dataDir, name));
      }
      const device = await connectDevice(t, holdfast, { clientId: 'newcomer' });
      await holdfast.logged(/store .*was taken away; it is being made anew/);
      await holdfast.api.post('/devices', { id: 'late', note: 'after it all' });
      await until('the store is well', async () => {
        const store = await storeOf(holdfast);
        return store.ok && store.pending === 0;
      });
      await device.end();
      await holdfast.kill();
      await until('its node ended', () => holdfast.nodeProcesses().length === 0);
      await holdfast.start();
      const ids = (await holdfast.api.all('/devices')).map(({ id }) => id);
      assert.ok(['late', 'newcomer', 'old-0', 'old-19'].every((id) => ids.includes(id)), ids.join());
      assert.equal((await holdfast.api.device('old-7')).note, 'number 7');
    });
  });

  it('a file that may not be written: one clear sentence, and no start', async (t) => {
    const holdfast = makeHoldfast(solo);
    await holdfast.start();
    await holdfast.stop();
    const file = `${holdfast.dataDir}/fleet.db`;
    fs.chmodSync(file, 0o444);
    if (process.getuid() === 0) {
      // Root may write everything, unless it may not.
      holdfast.wrap = ['setpriv', '--bounding-set=-dac_override,-dac_read_search,-fowner'];
      if (spawnSync(holdfast.wrap[0], [...holdfast.wrap.slice(1), 'true']).status !== 0) {
        await holdfast.end();
        return t.skip('root here cannot give up its right to write everything');
      }
    }
    const { code, errors, left } = await failToStart(holdfast);
    assert.equal(code, 1);
    assert.equal(errors.length, 1);
    assert.match(errors[0], /fleet\.db can only be read, not written; check its owner, mode and file system/);
    assert.deepEqual(left, []);
    return undefined;
  });

  it('a file that is something else: one clear sentence, and it is left alone', async () => {
    const holdfast = makeHoldfast(solo);
    fs.mkdirSync(holdfast.dataDir);
    const text = 'Dear diary, this is not a database.\n'.repeat(100);
    fs.writeFileSync(`${holdfast.dataDir}/fleet.db`, text);
    let kept;
    holdfast.mayEnd = true;
    holdfast.launch();
    try {
      assert.equal((await holdfast.process.end()).code, 1);
      assert.match(holdfast.log, /ERROR.*fleet\.db is not a store of Holdfast, and was left alone/);
      kept = fs.readFileSync(`${holdfast.dataDir}/fleet.db`, 'utf8');
    } finally {
      await holdfast.end();
    }
    assert.equal(kept, text);
  });

  it('a disk that is full: devices are served, an operator is told, and it recovers by itself', async (t) => {
    const disk = mountSmallDisk();
    if (!disk) return t.skip('no file system may be mounted here');
    try {
      await withHoldfast({ ...solo, storage: { path: `${disk}/fleet.db`, retry_max: '500ms' } }, async (holdfast) => {
        await holdfast.api.post('/devices', { id: 'before' });
        const filler = fs.openSync(`${disk}/filler`, 'w');
        assert.throws(() => {
          for (;;) fs.writeSync(filler, Buffer.alloc(4096, 1));
        }, /ENOSPC/);
        // Whatever room the write-ahead log had is used up soon.
        const refused = await until('a change is not durable', async () => {
          const answer = await holdfast.api.post('/devices', { id: `filling-${Math.random()}`, note: 'x'.repeat(200) });
          return !answer.durable && answer;
        }, { seconds: 60, every: 5 });
        assert.match(refused.durable_detail, /no room left for .*fleet\.db/);
        const health = await holdfast.api.health();
        assert.equal(health.status, 'degraded');
        assert.ok(health.problems.some((problem) => /not stored.*no room left/.test(problem)));
        await holdfast.logged(/ERROR.*the fleet is not being stored: there is no room left/);

        const device = await connectDevice(t, holdfast, { clientId: 'while-full' });
        await holdfast.api.connected('while-full');
        await device.end();

        fs.closeSync(filler);
        fs.rmSync(`${disk}/filler`);
        await until('it is stored again', async () => {
          const store = await storeOf(holdfast);
          return store.ok && store.pending === 0;
        });
        await holdfast.logged(/the fleet is stored again, after \d+ s/);
        assert.equal(holdfast.logLines(/the fleet is not being stored/).length, 1, 'it is said once');
        assert.equal((await holdfast.api.post('/devices', { id: 'after' })).durable, true);
        await holdfast.kill();
        await until('its node ended', () => holdfast.nodeProcesses().length === 0);
        await holdfast.start();
        const ids = (await holdfast.api.all('/devices')).map(({ id }) => id);
        for (const id of ['before', 'while-full', 'after']) assert.ok(ids.includes(id), id);
      });
    } finally {
      spawnSync('umount', ['-l', disk]);
      fs.rmSync(disk, { recursive: true, force: true });
    }
    return undefined;
  });
});
