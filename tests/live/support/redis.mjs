// Real Redis servers and sentinels, stock ones and Holdfast's, in directories and on ports of a test's own.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { makeDirectory, program } from './holdfast.mjs';
import { freePort } from './ports.mjs';
import { Program } from './program.mjs';
import { ask, fields, RespClient } from './resp.mjs';
import { Hopeless, until } from './until.mjs';

/** Debian's redis-tools brings the server's binary too, under another name; it is what it is called. */
export function stockProgram(directory, name) {
  const installed = path.join('/usr/bin', name);
  if (fs.existsSync(installed)) return installed;
  const link = path.join(directory, name);
  if (!fs.existsSync(link)) fs.symlinkSync('/usr/bin/redis-check-rdb', link);
  return link;
}

export class RedisServer {
  constructor(directory, port, lines = [], seen = port) {
    this.port = port;
    /** The port that others are told of: the one for TLS, where there is one. */
    this.seen = seen;
    this.directory = path.join(directory, `redis-${port}`);
    fs.mkdirSync(this.directory);
    this.file = path.join(this.directory, 'redis.conf');
    this.program = stockProgram(directory, 'redis-server');
    fs.writeFileSync(this.file, ['bind 127.0.0.1', `port ${port}`, `dir ${this.directory}`, 'save ""', 'appendonly no',
      'repl-diskless-sync-delay 0', 'enable-debug-command yes', ...lines, ''].join('\n'));
  }
  async start() {
    this.process = new Program(this.program, [this.file]);
    await until(`redis-server on port ${this.port} answers`, async () => {
      if (this.process.ended) throw new Hopeless(this.process.stdout);
      const pong = await ask(this.port, 'PING');
      return pong === 'PONG' || /NOAUTH|LOADING|MASTERDOWN/.test(pong.message);
    });
    return this;
  }
  call(...words) {
    return ask(this.port, ...words);
  }
  async role() {
    return (await this.call('ROLE'))[0];
  }
  kill() {
    return this.process.stop('SIGKILL');
  }
  freeze() {
    this.process.signal('SIGSTOP');
  }
  thaw() {
    this.process.signal('SIGCONT');
  }
}

export class Sentinel {
  constructor(directory, kind, port, lines) {
    this.kind = kind;
    this.port = port;
    this.root = directory;
    this.directory = path.join(directory, `${kind}-${port}`);
    fs.mkdirSync(this.directory);
    this.file = path.join(this.directory, 'sentinel.conf');
    fs.writeFileSync(this.file, [`port ${port}`, 'bind 127.0.0.1', `dir ${this.directory}`, ...lines, ''].join('\n'));
  }
  async start() {
    this.process = this.kind === 'stock'
      ? new Program(stockProgram(this.root, 'redis-sentinel'), [this.file])
      : new Program(program, ['sentinel', this.file]);
    await until(`the ${this.kind} sentinel on port ${this.port} answers`, async () => {
      if (this.process.ended) throw new Hopeless(this.log);
      const pong = await ask(this.port, 'PING');
      return pong === 'PONG' || /NOAUTH/.test(pong.message);
    });
    return this;
  }
  /** Listens for all events from now on. */
  async listen(password) {
    this.events = await RespClient.connect(this.port);
    if (password) await this.events.call('AUTH', password);
    await this.events.call('PSUBSCRIBE', '*');
  }
  /** Events heard since `from` (an index), by name. */
  heard(name, from = 0) {
    return this.events.messages.slice(from).filter((message) => message.channel === name);
  }
  get log() {
    return this.process.stdout + this.process.stderr;
  }
  call(...words) {
    return ask(this.port, ...words);
  }
  sentinel(...words) {
    return this.call('SENTINEL', ...words);
  }
  async master(name = 'm') {
    return fields(await this.sentinel('MASTER', name));
  }
  async masterPort(name = 'm') {
    const address = await this.sentinel('GET-MASTER-ADDR-BY-NAME', name);
    return Number(address[1]);
  }
  kill() {
    this.events?.end();
    return this.process.stop('SIGKILL');
  }
  get text() {
    return fs.readFileSync(this.file, 'utf8');
  }
}

/** A master, replicas, and sentinels that know each other. */
export class Quorum {
  servers = [];
  sentinels = [];

  constructor(options = {}) {
    this.directory = makeDirectory();
    this.options = { replicas: 2, sentinels: ['holdfast', 'holdfast', 'holdfast'], quorum: 2, downAfter: 1000, failoverTimeout: 10000,
      serverLines: [], replicaLines: () => [], sentinelLines: [], ...options };
  }

  async start() {
    const { replicas, sentinels, serverLines, replicaLines, tlsLines } = this.options;
    const begin = async (port, lines) => {
      const tlsPort = tlsLines && await freePort();
      const withTls = tlsLines ? [`tls-port ${tlsPort}`, 'tls-replication yes', ...tlsLines] : [];
      const server = new RedisServer(this.directory, port, [...lines, ...withTls], tlsPort);
      this.servers.push(server);
      return server.start();
    };
    const master = await begin(await freePort(), serverLines);
    for (let i = 0; i < replicas; ++i) {
      const port = await freePort();
      await begin(port, [`replicaof 127.0.0.1 ${master.seen}`, ...serverLines, ...replicaLines(i, port)]);
    }
    for (const kind of sentinels) await this.addSentinel(kind);
    await this.settled();
    await Promise.all(this.sentinels.map((sentinel) => sentinel.listen(this.options.sentinelPassword)));
    return this;
  }

  async addSentinel(kind) {
    const { quorum, downAfter, failoverTimeout, sentinelLines, tlsLines } = this.options;
    const tlsPort = tlsLines && await freePort();
    const withTls = tlsLines ? [`tls-port ${tlsPort}`, 'tls-replication yes', ...tlsLines] : [];
    const sentinel = new Sentinel(this.directory, kind, await freePort(), [
      ...withTls,
      ...(this.host ? ['sentinel resolve-hostnames yes'] : []),
      `sentinel monitor m ${this.host ?? '127.0.0.1'} ${this.servers[0].seen} ${quorum}`,
      `sentinel down-after-milliseconds m ${downAfter}`,
      `sentinel failover-timeout m ${failoverTimeout}`,
      ...sentinelLines,
    ]);
    sentinel.tlsPort = tlsPort;
    this.sentinels.push(sentinel);
    return sentinel.start();
  }

  /** All sentinels know all replicas and each other, and every replica is linked to the master. */
  async settled() {
    await until('sentinels and replicas have found each other', async () => {
      for (const sentinel of this.living) {
        const master = await sentinel.master();
        if (Number(master['num-slaves']) !== this.servers.length - 1) return false;
        if (Number(master['num-other-sentinels']) !== this.sentinels.length - 1) return false;
        const replicas = (await sentinel.sentinel('REPLICAS', 'm')).map(fields);
        if (!replicas.every((replica) => replica['master-link-status'] === 'ok' && replica.flags === 'slave')) return false;
        const others = (await sentinel.sentinel('SENTINELS', 'm')).map(fields);
        if (!others.every((other) => other.flags === 'sentinel' && other.runid)) return false;
      }
      return true;
    }, { seconds: 30 });
  }

  get living() {
    return this.sentinels.filter((sentinel) => !sentinel.process.ended && !sentinel.frozen);
  }
  server(port) {
    return this.servers.find((server) => server.seen === port);
  }
  /** The server that all living sentinels call the master. */
  agreed({ not, seconds = 20 } = {}) {
    return until('all sentinels name the same new master', async () => {
      const ports = await Promise.all(this.living.map((sentinel) => sentinel.masterPort()));
      if (new Set(ports).size !== 1 || ports[0] === not) return false;
      return (await this.server(ports[0]).role()) === 'master' && this.server(ports[0]);
    }, { seconds, every: 20 });
  }
  /** The others follow it. */
  followed(master, servers = this.servers) {
    return until(`the others follow ${master.port}`, async () => {
      for (const server of servers) {
        if (server === master || server.process.ended) continue;
        const [role, , port, state] = await server.call('ROLE');
        if (role !== 'slave' || port !== master.seen || state !== 'connected') return false;
      }
      return true;
    }, { seconds: 30 });
  }
  /** No two configurations have one epoch, and nobody has switched twice. */
  async oneSwitch(name = 'm') {
    for (const sentinel of this.living) {
      const switches = sentinel.heard('+switch-master');
      assert.equal(switches.length, 1, `${sentinel.kind} ${sentinel.port}: ${JSON.stringify(switches)}`);
      assert.ok(switches[0].text.startsWith(`${name} `));
    }
    const epochs = await Promise.all(this.living.map(async (sentinel) => (await sentinel.master(name))['config-epoch']));
    assert.equal(new Set(epochs).size, 1, `epochs ${epochs}`);
  }

  get log() {
    return this.sentinels.map((sentinel) => `--- ${sentinel.kind} sentinel ${sentinel.port}\n${sentinel.log.slice(-5000)}`).join('\n');
  }
  async end() {
    for (const { process, events } of [...this.sentinels, ...this.servers]) {
      events?.end();
      process?.signal('SIGCONT');
      await process?.stop('SIGKILL');
    }
    fs.rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Runs `use` with a quorum of its own, and tells the sentinels' logs when that fails. */
export async function withQuorum(options, use) {
  const quorum = new Quorum(options);
  try {
    await quorum.start();
    return await use(quorum);
  } catch (error) {
    error.message += `\n${quorum.log}`;
    throw error;
  } finally {
    await quorum.end();
  }
}
