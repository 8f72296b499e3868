// Three sentinels with Holdfast's own settings over a pair of real mosquitto, through what can happen to that.
// HOLDFAST_ROUNDS: how often the active one dies and comes back in the long test.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { describe, it } from 'node:test';
import { makeDirectory, program } from './support/holdfast.mjs';
import { freePort } from './support/ports.mjs';
import { startMosquitto } from './support/mosquitto.mjs';
import { Program } from './support/program.mjs';
import { ask, fields, RespClient } from './support/resp.mjs';
import { Hopeless, pause, until } from './support/until.mjs';

const rounds = Number(process.env.HOLDFAST_ROUNDS ?? 10);
const password = 'between sentinels';

class Watch {
  sentinels = [];
  members = [];

  constructor(options = {}) {
    this.directory = makeDirectory();
    this.options = { count: 3, switchBack: 'by-hand', extra: '', probe: 'mqtt', ...options };
  }
  async start() {
    this.ports = [];
    for (let i = 0; i < this.options.count; ++i) this.ports.push(await freePort());
    for (const name of ['east-1', 'east-2']) {
      this.members.push({ name, port: await freePort() });
      await this.startMember(this.members.at(-1));
    }
    for (const port of this.ports) await this.startSentinel({ port });
    await this.agreed('east-1');
    return this;
  }
  async startMember(member) {
    member.process = await startMosquitto(this.directory, [], member.port);
  }
  settings(port) {
    const peers = this.ports.filter((other) => other !== port).map((other) => `"127.0.0.1:${other}"`);
    const members = this.members.map(({ name, port: at }, index) =>
      `[[group.member]]\nname = "${name}"\naddress = "127.0.0.1:${at}"\npriority = ${10 * (index + 1)}\n`);
    return `[sentinel]
listen = "127.0.0.1:${port}"
peers = [${peers.join(', ')}]
password = "${password}"
down_after = "600ms"
${this.options.sentinel ?? ''}
[[group]]
name = "east"
probe = "${this.options.probe}"
probe_interval = "200ms"
probe_timeout = "300ms"
switch_back = "${this.options.switchBack}"
switch_back_after = "1s"
settle = "1s"
${members.join('')}`;
  }
  async startSentinel(sentinel) {
    const file = path.join(this.directory, `holdfast-${sentinel.port}.toml`);
    fs.writeFileSync(file, this.settings(sentinel.port));
    if (!this.sentinels.includes(sentinel)) this.sentinels.push(sentinel);
    sentinel.log = (sentinel.log ?? '') + (sentinel.process?.stderr ?? '');
    sentinel.process = new Program(program, ['--data-dir', path.join(this.directory, `data-${sentinel.port}`), 'sentinel', '--config', file]);
    await until(`the sentinel on port ${sentinel.port} answers`, async () => {
      if (sentinel.process.ended) throw new Hopeless(sentinel.process.stderr);
      return /NOAUTH/.test((await ask(sentinel.port, 'PING')).message);
    });
    sentinel.events = await RespClient.connect(sentinel.port);
    await sentinel.events.call('AUTH', password);
    await sentinel.events.call('PSUBSCRIBE', '*');
  }
  async call(sentinel, ...words) {
    const client = await RespClient.connect(sentinel.port);
    try {
      await client.call('AUTH', password);
      return await client.call(...words);
    } finally {
      client.end();
    }
  }
  async group(sentinel) {
    return fields((await this.call(sentinel, 'HOLDFAST', 'GROUPS'))[0]);
  }
  get living() {
    return this.sentinels.filter((sentinel) => !sentinel.process.ended);
  }
  /** All living sentinels name this member, in one epoch, which is the answer. */
  agreed(name, { seconds = 20 } = {}) {
    return until(`all sentinels have ${name} as the active member`, async () => {
      const groups = await Promise.all(this.living.map((sentinel) => this.group(sentinel)));
      return groups.every((group) => group.active === name && group.epoch === groups[0].epoch) && groups[0].epoch;
    }, { seconds, every: 20 });
  }
  /** All see the member so. */
  seen(name, state) {
    return until(`all sentinels see ${name} ${state}`, async () => {
      const groups = await Promise.all(this.living.map((sentinel) => this.group(sentinel)));
      return groups.every((group) => group.members.map(fields).find((member) => member.name === name).state === state);
    }, { seconds: 20 });
  }
  switches() {
    return this.living.map((sentinel) => sentinel.events.messages.filter((message) => message.channel === '+switch-active').length);
  }
  async end() {
    for (const { process: one, events } of [...this.sentinels, ...this.members]) {
      events?.end();
      one?.signal('SIGCONT');
      await one?.stop('SIGKILL');
    }
    fs.rmSync(this.directory, { recursive: true, force: true });
  }
}

async function withWatch(options, use) {
  const watch = new Watch(options);
  try {
    await use(await watch.start());
  } catch (error) {
    error.message += watch.sentinels.map((sentinel) => `\n--- ${sentinel.port}\n${(sentinel.log ?? '') + sentinel.process?.stderr}`).join('');
    throw error;
  } finally {
    await watch.end();
  }
}

describe('three sentinels over a pair of mosquitto', () => {
  it(`replace the active one each time it dies or hangs, and never otherwise: ${rounds} rounds`, () => withWatch({}, async (watch) => {
    let [active, standby] = watch.members;
    for (let round = 0; round < rounds; ++round) {
      const before = watch.switches();
      if (round % 2) active.process.signal('SIGSTOP');
      else await active.process.stop('SIGKILL');
      await watch.agreed(standby.name);
      if (round % 2) active.process.signal('SIGCONT');
      else await watch.startMember(active);
      await watch.seen(active.name, 'up');
      await pause(1200);
      assert.deepEqual(watch.switches(), before.map((count) => count + 1), `round ${round}`);
      [active, standby] = [standby, active];
    }
  }));

  it('give the place back when they are told to', () => withWatch({ switchBack: 'automatic' }, async (watch) => {
    const [best] = watch.members;
    const before = watch.switches();
    await best.process.stop('SIGKILL');
    await watch.agreed('east-2');
    await watch.startMember(best);
    await watch.agreed('east-1');
    await pause(1500);
    assert.deepEqual(watch.switches(), before.map((count) => count + 2));
  }));

  it('pass a replaced member over until an operator names it', () => withWatch({ switchBack: 'never' }, async (watch) => {
    const [first, second] = watch.members;
    await first.process.stop('SIGKILL');
    await watch.agreed('east-2');
    await watch.startMember(first);
    await watch.seen('east-1', 'up');
    await second.process.stop('SIGKILL');
    await watch.seen('east-2', 'down');
    await pause(2000);
    await watch.agreed('east-2');
    assert.equal(await watch.call(watch.sentinels[1], 'HOLDFAST', 'FAILOVER', 'east', 'east-1'), 'OK');
    await watch.agreed('east-1');
  }));

  it('act with two of three, not with one, and remember', () => withWatch({}, async (watch) => {
    const [first] = watch.members;
    const [dead, also] = watch.sentinels;
    await dead.process.stop('SIGKILL');
    await first.process.stop('SIGKILL');
    const epoch = await watch.agreed('east-2');
    await watch.startMember(first);
    await watch.seen('east-1', 'up');
    await also.process.stop('SIGKILL');
    await watch.members[1].process.stop('SIGKILL');
    await watch.seen('east-2', 'down');
    await pause(2000);
    assert.equal(await watch.agreed('east-2'), epoch);
    await watch.startSentinel(dead);
    await watch.agreed('east-1');
    await watch.startSentinel(also);
    const now = await watch.agreed('east-1');
    assert.ok(now > epoch);
    for (const sentinel of watch.sentinels) await sentinel.process.stop('SIGKILL');
    for (const sentinel of watch.sentinels) await watch.startSentinel(sentinel);
    assert.equal(await watch.agreed('east-1'), now);
  }));

  it('do what an operator says, and say why they do not', () => withWatch({}, async (watch) => {
    const [one] = watch.sentinels;
    // They may not have reached each other yet.
    await until('the order is taken', async () => (await watch.call(one, 'HOLDFAST', 'FAILOVER', 'east')) === 'OK');
    await watch.agreed('east-2');
    assert.match((await watch.call(one, 'HOLDFAST', 'FAILOVER', 'west')).message, /^ERR there is no group west/);
    assert.match((await watch.call(one, 'HOLDFAST', 'FAILOVER', 'east', 'east-2')).message, /active member of group east already/);
    assert.match((await watch.call(one, 'HOLDFAST', 'NONSENSE')).message, /^ERR not a message/);
    assert.match((await ask(one.port, 'HOLDFAST', 'GROUPS')).message, /^NOAUTH/);
  }));
});

describe('one sentinel over a pair of services', () => {
  for (const probe of ['http', 'tcp']) {
    it(`asks them by ${probe}`, async () => {
      const services = [];
      const watch = new Watch({ count: 1, probe });
      watch.startMember = async (member) => {
        member.server = http.createServer((request, response) => response.writeHead(member.broken ? 500 : 200).end('well'));
        services.push(member.server);
        await new Promise((resolve) => member.server.listen(member.port, '127.0.0.1', resolve));
      };
      try {
        await watch.start();
        const [first] = watch.members;
        if (probe === 'http') first.broken = true;
        else first.server.close();
        await watch.agreed('east-2');
      } finally {
        services.forEach((server) => server.close());
        await watch.end();
      }
    });
  }
});
