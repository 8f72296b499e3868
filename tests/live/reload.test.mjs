// Settings that may change while Holdfast runs do, at SIGHUP or on an operator's word; others wait, and it says so.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connectDevice } from './support/devices.mjs';
import { withHoldfast } from './support/holdfast.mjs';
import { connect } from './support/packets.mjs';
import { answerTo } from './support/raw_device.mjs';
import { localCluster, merged } from './support/settings.mjs';
import { until } from './support/until.mjs';

const solo = { cluster: [localCluster('solo', 1)] };

describe('reload', () => {
  it('SIGHUP: what may change changes, the rest waits, connections stay', async (t) => {
    await withHoldfast(solo, async (holdfast) => {
      const device = await connectDevice(t, holdfast, { clientId: 'steady' });
      await holdfast.api.connected('steady');
      holdfast.configure(merged(holdfast.settings, { fleet: { enrolment: 'closed' }, gateway: { threads: 1, connect_max_size: '1KiB' } }));
      holdfast.process.signal('SIGHUP');
      await holdfast.logged(/SIGHUP: reading the settings again/);
      await holdfast.logged(/fleet\.enrolment is now closed \(was open\)/);
      await holdfast.logged(/gateway\.connect_max_size is now 1KiB \(was 256KiB\)/);
      await holdfast.logged(/gateway\.threads stays 2 until the next start, when it will be 1/);
      assert.equal(await answerTo(t, holdfast, connect({ clientId: 'stranger' })), '20020005');
      assert.equal(await answerTo(t, holdfast, connect({ level: 5, clientId: 'x'.repeat(2000) })), '2003009500');
      await device.publish('still', 'here', { qos: 1 });
      assert.equal(device.closes, 0);
    });
  });

  it('a mistake in the file: everything stays as it was, and it says why', async (t) => {
    await withHoldfast(solo, async (holdfast) => {
      const good = holdfast.settings;
      holdfast.configure(merged(good, { fleet: { enrolment: 'closed' }, probe: { interval: 'often' } }));
      holdfast.process.signal('SIGHUP');
      await holdfast.logged(/ERROR.*not reloaded: .*probe\.interval/);
      const device = await connectDevice(t, holdfast, { clientId: 'newcomer' });
      await device.end();
      holdfast.configure(good);
      holdfast.process.signal('SIGHUP');
      await holdfast.logged(/nothing has changed/);
    });
  });

  it('settings reload and settings, by the command line', async () => {
    await withHoldfast(solo, async (holdfast) => {
      holdfast.configure(merged(holdfast.settings, { gateway: { max_connections: 77 } }));
      const reloaded = await holdfast.cli('settings', 'reload');
      assert.equal(reloaded.code, 0, reloaded.stderr);
      assert.match(reloaded.stdout, /gateway\.max_connections: 100000 -> 77/);
      const shown = await holdfast.cli('settings');
      assert.match(shown.stdout, /^gateway\.max_connections\s+77\s/m);
      holdfast.configure('[gateway]\nmax_connections = "many"\n');
      const refused = await holdfast.cli('settings', 'reload');
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, /gateway\.max_connections/);
    });
  });

  it('a new static cluster and its rule are there at once', async (t) => {
    await withHoldfast(solo, async (holdfast) => {
      const { port } = await holdfast.api.node('solo-1');
      holdfast.configure({
        ...holdfast.settings,
        cluster: [...holdfast.settings.cluster, { name: 'annex', source: 'static', weight: 0, node: [{ name: 'annex-1', address: `127.0.0.1:${port}` }] }],
        allocation: { rule: [{ prefix: 'annex-', cluster: 'annex' }] },
      });
      holdfast.process.signal('SIGHUP');
      await holdfast.api.nodeIs('annex-1', 'up');
      const device = await connectDevice(t, holdfast, { clientId: 'annex-meter' });
      await until('it is served by the annex', async () => (await holdfast.api.device('annex-meter')).cluster === 'annex');
      const other = await connectDevice(t, holdfast, { clientId: 'other-meter' });
      assert.equal((await holdfast.api.connected('other-meter')).cluster, 'solo');
      await Promise.all([device.end(), other.end()]);
    });
  });
});
