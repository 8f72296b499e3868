// Sentinels with Holdfast's own settings over groups of real mosquitto.

import fs from 'node:fs';
import path from 'node:path';
import { makeDirectory, program } from './holdfast.mjs';
import { startMosquitto } from './mosquitto.mjs';
import { freePort } from './ports.mjs';
import { Program } from './program.mjs';
import { fields, RespClient } from './resp.mjs';
import { Hopeless, until } from './until.mjs';

const password = 'between sentinels';

/**
 * count: sentinels. peers: more of them, which the test plays itself. probe, switchBack: of the group. sentinel: more lines of [sentinel]. extra: more tables.
 * secure: a client's options of TLS, where the sentinels speak it.
 */
export class Watch {
  password = password;
  sentinels = [];
  members = [];

  constructor(options = {}) {
    this.directory = makeDirectory();
    this.options = { count: 3, switchBack: 'by-hand', peers: [], sentinel: '', extra: '', probe: 'mqtt', ...options };
  }
  async start() {
    this.ports = [];
    for (let i = 0; i < this.options.count; ++i) this.ports.push(await freePort());
    for (const name of ['east-1', 'east-2']) {
      this.members.push({ name, port: await freePort() });
      await this.startMember(this.members.at(-1));
    }
    for (const port of this.ports) await this.startSentinel({ port });
    if (!this.options.peers.length) await this.agreed('east-1');
    return this;
  }
  async startMember(member) {
    member.process = await startMosquitto(this.directory, [], member.port);
  }
  settings(port) {
    const peers = [...this.ports, ...this.options.peers].filter((other) => other !== port).map((other) => `"127.0.0.1:${other}"`);
    const members = this.members.map(({ name, port: at }, index) =>
      `[[group.member]]\nname = "${name}"\naddress = "127.0.0.1:${at}"\npriority = ${10 * (index + 1)}\n`);
    return `[sentinel]
listen = "127.0.0.1:${port}"
peers = [${peers.join(', ')}]
password = "${password}"
down_after = "600ms"
${this.options.sentinel}
[[group]]
name = "east"
probe = "${this.options.probe}"
probe_interval = "200ms"
probe_timeout = "300ms"
switch_back = "${this.options.switchBack}"
switch_back_after = "1s"
settle = "1s"
${members.join('')}${this.options.extra}`;
  }
  write(sentinel, text = this.settings(sentinel.port)) {
    sentinel.file = path.join(this.directory, `holdfast-${sentinel.port}.toml`);
    fs.writeFileSync(sentinel.file, text);
  }
  /** Lets it read its settings again, and waits until it has said this about them. */
  async reload(sentinel, told, text) {
    this.write(sentinel, text);
    const from = sentinel.process.stderr.length;
    sentinel.process.signal('SIGHUP');
    await until(`the sentinel on port ${sentinel.port} has read its settings again: ${told}`, () => told.test(sentinel.process.stderr.slice(from)));
    return sentinel.process.stderr.slice(from);
  }
  async startSentinel(sentinel) {
    this.write(sentinel);
    if (!this.sentinels.includes(sentinel)) this.sentinels.push(sentinel);
    sentinel.log = (sentinel.log ?? '') + (sentinel.process?.stderr ?? '');
    sentinel.process = new Program(program, ['--data-dir', path.join(this.directory, `data-${sentinel.port}`), 'sentinel', '--config', sentinel.file]);
    await until(`the sentinel on port ${sentinel.port} answers`, async () => {
      if (sentinel.process.ended) throw new Hopeless(sentinel.process.stderr);
      const client = await this.connect(sentinel, { login: false });
      const refused = await client.call('PING');
      client.end();
      return /NOAUTH/.test(refused.message);
    });
    sentinel.events = await this.connect(sentinel);
    await sentinel.events.call('PSUBSCRIBE', '*');
  }
  async connect(sentinel, { login = true } = {}) {
    const client = await RespClient.connect(sentinel.port, '127.0.0.1', this.options.secure);
    if (login) await client.call('AUTH', password);
    return client;
  }
  async call(sentinel, ...words) {
    const client = await this.connect(sentinel);
    try {
      return await client.call(...words);
    } finally {
      client.end();
    }
  }
  async groups(sentinel) {
    return (await this.call(sentinel, 'HOLDFAST', 'GROUPS')).map(fields);
  }
  async group(sentinel, name = 'east') {
    return (await this.groups(sentinel)).find((group) => group.name === name);
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

export async function withWatch(options, use) {
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
