// A sentinel with Holdfast's own settings reads them again while it runs.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { freePort } from './support/ports.mjs';
import { startMosquitto } from './support/mosquitto.mjs';
import { withWatch } from './support/standby.mjs';
import { fields } from './support/resp.mjs';
import { until } from './support/until.mjs';

const group = (name, members, lines = '') => `
[[group]]
name = "${name}"
probe_interval = "200ms"
probe_timeout = "300ms"
settle = "1s"
${lines}
${members.map(({ port }, index) => `[[group.member]]\nname = "${name}-${index + 1}"\naddress = "127.0.0.1:${port}"\npriority = ${10 * (index + 1)}\n`).join('')}`;

describe('SIGHUP of holdfast sentinel --config', () => {
  it('takes up groups and lets them go, keeps the others, and forgets no epoch', () => withWatch({ count: 1 }, async (watch) => {
    const [sentinel] = watch.sentinels;
    const west = [];
    for (let i = 0; i < 2; ++i) west.push(await startMosquitto(watch.directory));
    try {
      const before = await watch.group(sentinel);
      const heard = sentinel.events.messages.length;
      const active = (name) => until(`${name} is active in the west`, async () => (await watch.group(sentinel, 'west'))?.active === name);

      watch.options.extra = group('west', west);
      await watch.reload(sentinel, /the list of groups is now east \(2 members\), west \(2 members\)/);
      await active('west-1');
      await west[0].stop('SIGKILL');
      await active('west-2');
      const { epoch } = await watch.group(sentinel, 'west');

      watch.options.extra = '';
      await watch.reload(sentinel, /the list of groups is now east \(2 members\) \(was/);
      assert.deepEqual((await watch.groups(sentinel)).map(({ name }) => name), ['east']);

      // A third member, and the dead one gone.
      west.push(await startMosquitto(watch.directory));
      watch.options.extra = group('west', west.slice(1));
      await watch.reload(sentinel, /the list of groups is now/);
      await active('west-1');
      assert.ok((await watch.group(sentinel, 'west')).epoch > epoch, 'epochs go on');
      await until('the order is taken', async () => (await watch.call(sentinel, 'HOLDFAST', 'FAILOVER', 'west')) === 'OK');
      await active('west-2');

      // The active one leaves the group; another follows it.
      watch.options.extra = group('west', [west[1]]);
      await watch.reload(sentinel, /the list of groups is now/);
      await active('west-1');
      assert.deepEqual((await watch.group(sentinel, 'west')).members.map((member) => fields(member).name), ['west-1']);

      const after = await watch.group(sentinel);
      assert.deepEqual([after.active, after.epoch], [before.active, before.epoch]);
      assert.equal(sentinel.events.closed, false);
      assert.equal(sentinel.events.messages.slice(heard).filter(({ text }) => text.startsWith('group east')).length, 0, 'nothing has happened to the east');

      await sentinel.process.stop();
      await watch.startSentinel(sentinel);
      assert.deepEqual((await watch.group(sentinel)).epoch, before.epoch);
      assert.equal((await watch.group(sentinel, 'west')).active, 'west-1');
    } finally {
      for (const broker of west) await broker.stop('SIGKILL');
    }
  }));

  it('takes another way to ask, and other times', () => withWatch({ count: 1 }, async (watch) => {
    const [sentinel] = watch.sentinels;
    const text = watch.settings(sentinel.port);
    await watch.reload(sentinel, /the group east has changed/, text.replace('"mqtt"', '"http"'));
    // A broker does not speak HTTP.
    await watch.seen('east-1', 'down');
    const told = await watch.reload(sentinel, /the group east has changed/, text.replace('"mqtt"', '"tcp"').replace('600ms', '5s'));
    assert.match(told, /sentinel\.down_after is now 5s \(was 600ms\)/);
    await watch.seen('east-1', 'up');
  }));

  it('changes nothing by a file that is wrong, and names what must wait for a start', () => withWatch({ count: 1 }, async (watch) => {
    const [sentinel] = watch.sentinels;
    const before = await watch.group(sentinel);
    const text = watch.settings(sentinel.port);
    const wrong = await watch.reload(sentinel, /not reloaded/, text.replace('"east-2"', '"east-1"').replace('600ms', '5s'));
    assert.match(wrong, /not reloaded: .*\.toml:\d+:\d+: group "east" has two members of the name "east-1"/);
    assert.doesNotMatch(wrong, /is now/);
    // The quorum fits the peers of the file, but not those that it has until the next start.
    const early = await watch.reload(sentinel, /not reloaded/,
      text.replace('peers = []', 'peers = ["127.0.0.1:1"]').replace('[[group]]', '[[group]]\nquorum = 2'));
    assert.match(early, /not reloaded: group east: the quorum of 2 cannot be met/);
    const port = await freePort();
    const kept = await watch.reload(sentinel, /sentinel\.listen/, text.replace(`"127.0.0.1:${sentinel.port}"`, `"127.0.0.1:${port}"`));
    assert.match(kept, new RegExp(`sentinel\\.listen stays 127\\.0\\.0\\.1:${sentinel.port} until the next start, when it will be 127\\.0\\.0\\.1:${port}`));
    await watch.reload(sentinel, /read again; nothing has changed/, text);
    assert.deepEqual(await watch.group(sentinel), before);
  }));
});
