// The first hour with Holdfast, as the README tells it: `holdfast up --demo`, and then the command line.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { Holdfast, makeDirectory } from './support/holdfast.mjs';
import { subscriber } from './support/mosquitto.mjs';
import { run } from './support/program.mjs';
import { until } from './support/until.mjs';

describe('the demo, step by step', () => {
  let holdfast;
  let meter;
  let events;

  before(async () => {
    holdfast = new Holdfast(makeDirectory(), '', {
      args: ['--demo', '--set', 'gateway.listen=127.0.0.1:0', '--set', 'admin.listen=127.0.0.1:0', '--set', 'rpc.listen=', '--set', 'log.level=debug'],
    });
    await holdfast.start();
  });
  after(async () => {
    await meter?.stop();
    await events?.stop();
    await holdfast?.end();
  });

  /** Runs the command line, which must work, and returns what it printed. */
  const holdfastSays = async (...words) => {
    const { code, stdout, stderr } = await holdfast.cli(...words);
    assert.equal(code, 0, `holdfast ${words.join(' ')}: ${stderr}`);
    assert.equal(stderr, '');
    return stdout;
  };
  const json = async (...words) => JSON.parse(await holdfastSays(...words, '--json'));
  /** The value behind a name in a list of fields. */
  const field = (text, name) => new RegExp(`^${name}\\s{2,}(.*)$`, 'm').exec(text)?.[1];
  const row = (text, name) => text.split('\n').find((line) => line.split(/\s+/)[0] === name);
  const connectedTo = (node) => holdfast.api.all(`/connections?node=${node}`);

  it('one screen tells where everything is, and what to try', () => {
    const { screen } = holdfast;
    assert.match(screen, new RegExp(`devices connect to\\s+127\\.0\\.0\\.1:${holdfast.port}`));
    assert.match(screen, /HTTP API\s+http:\/\/127\.0\.0\.1:\d+\/api\/v1/);
    assert.match(screen, /admin token\s+\S+admin\.token/);
    assert.match(screen, /Ctrl-C ends it/);
    assert.match(screen, new RegExp(`mosquitto_sub -h 127\\.0\\.0\\.1 -p ${holdfast.port} -i meter-7`));
    assert.match(screen, /holdfast device move meter-7 --to west/);
    assert.match(screen, /kill -9/);
    assert.ok(screen.split('\n').length <= 25, 'it is one screen');
    assert.equal(fs.statSync(`${holdfast.dataDir}/admin.token`).mode & 0o777, 0o600);
  });

  it('a hundred simulated devices connect', async () => {
    await until('100 devices are connected', async () => (await holdfast.api.health()).fleet.connections === 100, { seconds: 60 });
    const health = await holdfastSays('health');
    assert.equal(field(health, 'status'), 'ok');
    assert.equal(field(health, 'connected'), '100');
  });

  it('mosquitto_sub becomes meter-7: any MQTT client is a device', async () => {
    meter = subscriber(holdfast, '-d', '-i', 'meter-7', '-t', 'meter-7/#');
    await until('it is subscribed', () => meter.stdout.includes('Subscribed'));
    await holdfast.api.connected('meter-7');
  });

  it('device show: cluster, node, since when, route, connected', async () => {
    const shown = await holdfastSays('device', 'show', 'meter-7');
    assert.equal(field(shown, 'device'), 'meter-7');
    assert.match(field(shown, 'cluster'), /^(east|west)$/);
    assert.match(field(shown, 'node'), new RegExp(`^${field(shown, 'cluster')}-[12]$`));
    assert.ok(field(shown, 'route since'));
    assert.match(field(shown, 'route'), /^(sticky|hash)/);
    assert.match(field(shown, 'connected'), /^yes, .*from 127\.0\.0\.1.*MQTT 3\.1\.1/);
  });

  it('device move: an explicit route; the device comes back there by itself', async () => {
    const { cluster } = await holdfast.api.device('meter-7');
    const to = cluster === 'east' ? 'west' : 'east';
    assert.match(await holdfastSays('device', 'move', 'meter-7', '--to', to), new RegExp(`^meter-7 belongs to ${to} now; it is asked to come back`));
    await until(`meter-7 is in ${to}`, async () => {
      const device = await holdfast.api.device('meter-7');
      return device.connected && device.cluster === to && !device.connection.ending;
    }, { seconds: 40 });
    const shown = await holdfastSays('device', 'show', 'meter-7');
    assert.equal(field(shown, 'cluster'), to);
    assert.match(field(shown, 'route'), /^(hash|sticky).*, in the cluster that an operator chose$/);
    assert.equal(field(shown, 'explicit route'), to);
    assert.match(field(shown, 'connected'), /^yes/);

    // And to west in the end, as the screen proposes.
    await holdfastSays('device', 'move', 'meter-7', '--to', 'west');
    await until('meter-7 is in west', async () => {
      const device = await holdfast.api.device('meter-7');
      return device.connected && device.cluster === 'west' && !device.connection.ending;
    }, { seconds: 40 });
  });

  it('device explain: the steps of its last CONNECTs', async () => {
    const explained = await holdfastSays('device', 'explain', 'meter-7');
    assert.match(explained, /^If meter-7 connects now, it goes to west-[12] in west:/);
    assert.match(explained, /identified by its client id/);
    assert.match(explained, /cluster west: an operator moved the device there/);
    assert.match(explained, /Its last CONNECTs, newest first:/);
    assert.match(explained, /accepted by west-[12] \((hash|sticky)\)/);
    assert.match(explained, /west-[12] accepted after \d+ ms/);
    const unknown = await holdfastSays('device', 'explain', 'meter-1000000');
    assert.match(unknown, /^meter-1000000 is not enrolled\./);
    assert.match(unknown, /No CONNECT of it is remembered/);
  });

  it('events --follow tells what happens from now on', async () => {
    events = holdfast.cliProgram('events', '--follow');
    await until('somebody follows', async () => (await holdfast.api.metrics('holdfast_event_followers'))['holdfast_event_followers'] >= 1);
  });

  it('node drain: its devices go to the other node; undrain: it takes devices again', async () => {
    const drained = await holdfastSays('node', 'drain', 'east-1');
    assert.match(drained, /^Node east-1 drains: \d+ connected\. Watch it with: holdfast move show \d+/);
    await until('nobody is left on east-1', async () => (await connectedTo('east-1')).length === 0, { seconds: 60 });
    await until('all are connected again', async () => (await holdfast.api.health()).fleet.connections === 100, { seconds: 60 });
    assert.match(row(await holdfastSays('node', 'ls'), 'east-1'), /draining/);
    assert.match(row(await holdfastSays('cluster', 'ls'), 'east'), /^east\s+1\/2 up, 1 draining\s.*local/);
    const [, job] = /move show (\d+)/.exec(drained);
    assert.match(await holdfastSays('move', 'show', job), /done/);
    const again = await holdfastSays('node', 'undrain', 'east-1');
    assert.match(again, /^Node east-1 takes devices again; it is up\./);
    await until('the events told of it', () => /east-1.*drain/.test(events.stdout) && /undrain/.test(events.stdout));
  });

  it('device ls --cluster west: its devices and no others', async () => {
    const listed = await holdfastSays('device', 'ls', '--cluster', 'west');
    const lines = listed.trimEnd().split('\n');
    assert.match(lines[0], /^DEVICE\s+CLUSTER\s+NODE\s+ROUTE\s+CONNECTED/);
    assert.ok(lines.length > 20);
    for (const line of lines.slice(1)) assert.match(line, /^meter-\d+\s+west\s+west-[12]\s+(sticky|hash)\s+yes/);
    const { items } = await json('device', 'ls', '--cluster', 'west');
    assert.equal(items.length, lines.length - 1);
    assert.ok(items.some((device) => device.id === 'meter-7' && device.explicit_cluster === 'west'));
  });

  it('kill -9 of a node: its devices land on the other, it comes back, nothing else notices', async () => {
    const nodes = (await json('node', 'ls')).items;
    const victim = nodes.find((node) => node.name === 'west-1' && node.connections > 0) ?? nodes.find((node) => node.name === 'west-2');
    assert.match(row(await holdfastSays('node', 'ls'), victim.name), new RegExp(`\\b${victim.pid}$`));
    const bystanders = (await holdfast.api.all('/connections')).filter((connection) => connection.node !== victim.name).map(({ id }) => id);
    const victims = (await connectedTo(victim.name)).map(({ device }) => device);
    assert.ok(victims.length > 0);

    process.kill(victim.pid, 'SIGKILL');
    await until('its devices are connected again', async () => {
      const where = await Promise.all(victims.map((id) => holdfast.api.device(id)));
      return where.every((device) => device.connected && !device.connection.ending && device.cluster === 'west');
    }, { seconds: 60 });
    await holdfast.api.nodeIs(victim.name, 'up');
    const back = (await json('node', 'ls')).items.find((node) => node.name === victim.name);
    assert.notEqual(back.pid, victim.pid);
    await until('the events told of it', () => new RegExp(`${victim.name} (is down|is suspect)`).test(events.stdout) && events.stdout.includes(`${victim.name} is up`));

    const now = new Set((await holdfast.api.all('/connections')).map(({ id }) => id));
    assert.deepEqual(bystanders.filter((id) => !now.has(id)), [], 'no other connection ended');
    await until('the fleet is well', async () => (await holdfast.cli('health')).code === 0);
    const told = await holdfast.logged(new RegExp(`${victim.name} .*(ended|killed|signal)`));
    assert.match(told, /WARN/);
  });

  it('--json is what the API says', async () => {
    const device = await json('device', 'show', 'meter-7');
    const known = await holdfast.api.device('meter-7');
    assert.deepEqual({ ...device, connection: undefined }, { ...known, connection: undefined });
    assert.ok((await json('cluster', 'ls')).items.map(({ name }) => name).includes('east'));
    for (const line of (await holdfastSays('events', '--json')).trim().split('\n')) assert.ok(JSON.parse(line).sentence);
  });

  it('exit codes tell programs what happened', async () => {
    const code = async (...words) => (await holdfast.cli(...words)).code;
    assert.equal(await code('device', 'show', 'meter-7'), 0);
    assert.equal(await code('node', 'drain', 'east-1', '--pace', '-1'), 1);
    assert.equal(await code('device', 'shwo', 'meter-7'), 2);
    assert.equal(await code('device', 'show', 'meter-7', '--api', '127.0.0.1:1'), 3);
    assert.equal(await code('device', 'show', 'meter-1000000'), 4);
    assert.equal(await code('device', 'show', 'meter-7', '--token', 'wrong'), 5);
    const { stderr } = await holdfast.cli('device', 'shwo', 'meter-7');
    assert.match(stderr, /Did you mean 'show'\?/);
    const unreachable = await run(holdfast.process.child.spawnfile, ['device', 'show', 'meter-7', '--api', '127.0.0.1:1']);
    assert.match(unreachable.stderr, /127\.0\.0\.1:1/);
    assert.equal(unreachable.stdout, '');
  });

  it('Ctrl-C ends all of it cleanly', async () => {
    const children = holdfast.nodeProcesses();
    assert.equal(children.length, 4);
    const { code, signal } = await holdfast.process.stop('SIGINT');
    assert.deepEqual({ code, signal }, { code: 0, signal: null });
    assert.deepEqual(holdfast.nodeProcesses(), []);
    assert.ok(!fs.existsSync(`${holdfast.dataDir}/endpoint`));
    assert.match(holdfast.log, /signal 2: ending/);
    assert.doesNotMatch(holdfast.log, /ERROR/);
    assert.equal((await holdfast.cli('device', 'ls')).code, 3);
  });
});
