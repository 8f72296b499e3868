// Three machines, each with a server and a sentinel, and a network between them that is cut and joined again: network namespaces
// on one machine. The test runs in one of its own, so that nothing of it is seen outside, and all of it ends with the test.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeDirectory, program } from './support/holdfast.mjs';
import { Program, run } from './support/program.mjs';
import { stockProgram } from './support/redis.mjs';
import { pause, until } from './support/until.mjs';

const inside = process.env.HOLDFAST_OWN_NETWORK === 'yes';

async function ip(...words) {
  const ended = await run('ip', words);
  assert.equal(ended.code, 0, `ip ${words.join(' ')}: ${ended.stderr}`);
}

/** A machine: a network namespace, held by a process, and the cable to the switch. */
class Machine {
  constructor(number, directory) {
    this.number = number;
    this.address = `10.77.0.${number}`;
    this.cable = `cable${number}`;
    this.directory = path.join(directory, `machine-${number}`);
    fs.mkdirSync(this.directory);
  }
  async plugIn() {
    this.holder = new Program('unshare', ['--net', 'sleep', 'infinity']);
    const own = fs.readlinkSync('/proc/self/ns/net');
    await until('it has its own network', () => fs.readlinkSync(`/proc/${this.holder.pid}/ns/net`) !== own);
    await ip('link', 'add', this.cable, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(this.holder.pid));
    await ip('link', 'set', this.cable, 'master', 'switch', 'up');
    await this.ip('link', 'set', 'lo', 'up');
    await this.ip('address', 'add', `${this.address}/24`, 'dev', 'eth0');
    await this.ip('link', 'set', 'eth0', 'up');
  }
  inside(...words) {
    return ['-t', String(this.holder.pid), '-n', ...words];
  }
  async ip(...words) {
    const ended = await run('nsenter', this.inside('ip', ...words));
    assert.equal(ended.code, 0, `ip ${words.join(' ')}: ${ended.stderr}`);
  }
  write(name, lines) {
    const file = path.join(this.directory, name);
    fs.writeFileSync(file, ['protected-mode no', 'bind 0.0.0.0', `dir ${this.directory}`, ...lines, ''].join('\n'));
    return file;
  }
  startServer(master) {
    const lines = ['port 6379', 'save ""', 'repl-diskless-sync-delay 0', 'repl-timeout 5', ...(master ? [`replicaof ${master.address} 6379`] : [])];
    this.server = new Program('nsenter', this.inside(stockProgram(this.directory, 'redis-server'), this.write('redis.conf', lines)));
  }
  startSentinel(kind, master) {
    this.file ??= this.write('sentinel.conf', ['port 26379', `sentinel monitor m ${master.address} 6379 2`, 'sentinel down-after-milliseconds m 2000', 'sentinel failover-timeout m 6000']);
    const words = kind === 'stock' ? [stockProgram(this.directory, 'redis-sentinel'), this.file] : [path.resolve(program), 'sentinel', this.file];
    this.sentinel = new Program('nsenter', this.inside(...words));
  }
  /** Asked on the machine itself, so also when it is cut off. */
  async ask(port, ...words) {
    const ended = await run('nsenter', this.inside('redis-cli', '-p', String(port), ...words));
    return ended.stdout.trim();
  }
  async role() {
    return (await this.ask(6379, 'ROLE')).split('\n')[0];
  }
  async master() {
    return (await this.ask(26379, 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'm')).split('\n')[0];
  }
  async field(name) {
    const lines = (await this.ask(26379, 'SENTINEL', 'MASTER', 'm')).split('\n');
    return lines[lines.indexOf(name) + 1];
  }
  get log() {
    return this.sentinel.stdout + this.sentinel.stderr;
  }
  said(event) {
    return this.log.split('\n').filter((line) => line.includes(`${event} `));
  }
  /** Nothing comes or goes. */
  async cut() {
    await ip('link', 'set', this.cable, 'down');
  }
  async join() {
    await ip('link', 'set', this.cable, 'up');
  }
  /** What it sends to the others is lost; what they send arrives. */
  async lose(others) {
    for (const other of others) await this.ip('route', 'add', 'blackhole', `${other.address}/32`);
  }
  async loseNothing(others) {
    for (const other of others) await this.ip('route', 'del', 'blackhole', `${other.address}/32`);
  }
  async end() {
    for (const program of [this.sentinel, this.server]) await program?.stop('SIGKILL');
    // The kernel takes its time with a network that nobody holds any more.
    await run('ip', ['link', 'del', this.cable]);
    await this.holder?.stop('SIGKILL');
  }
}

async function withMachines(kinds, use) {
  const directory = makeDirectory();
  const machines = kinds.map((kind, index) => new Machine(index + 1, directory));
  try {
    await ip('link', 'add', 'switch', 'type', 'bridge');
    await ip('link', 'set', 'switch', 'up');
    for (const machine of machines) await machine.plugIn();
    for (const machine of machines) machine.startServer(machine === machines[0] ? undefined : machines[0]);
    await until('the servers are linked', async () => (await machines[0].ask(6379, 'INFO', 'replication')).includes('connected_slaves:2'));
    for (const [index, machine] of machines.entries()) machine.startSentinel(kinds[index], machines[0]);
    await until('the sentinels know each other', async () => {
      for (const machine of machines) {
        if (await machine.field('num-other-sentinels') !== '2' || await machine.field('num-slaves') !== '2') return false;
      }
      return true;
    }, { seconds: 30 });
    await use(...machines);
  } catch (error) {
    error.message += `\n${machines.map((machine) => `--- machine ${machine.number}\n${machine.sentinel ? machine.log.slice(-5000) : ''}`).join('\n')}`;
    throw error;
  } finally {
    for (const machine of machines) await machine.end();
    await run('ip', ['link', 'del', 'switch']);
    fs.rmSync(directory, { recursive: true, force: true });
  }
}

/** All say the same, and the servers are as they say. */
async function agreed(machines, { not } = {}) {
  return until('all name one master, and the others follow it', async () => {
    const names = await Promise.all(machines.map((machine) => machine.master()));
    if (new Set(names).size !== 1 || names[0] === not?.address) return false;
    const master = machines.find((machine) => machine.address === names[0]);
    if (!master) return false;
    const roles = await Promise.all(machines.map((machine) => machine.role()));
    return machines.every((machine, index) => roles[index] === (machine === master ? 'master' : 'slave')) && master;
  }, { seconds: 60, every: 200 });
}

async function oneEpoch(machines) {
  await until('all have one configuration', async () => new Set(await Promise.all(machines.map((machine) => machine.field('config-epoch')))).size === 1);
}

if (!inside) {
  it('a network that is cut and joined again', async (t) => {
    const able = process.getuid() === 0 && (await run('unshare', ['--net', 'ip', 'link', 'add', 'test', 'type', 'bridge'])).code === 0;
    if (!able) return t.skip('no network namespaces here');
    const env = { HOLDFAST_OWN_NETWORK: 'yes', NODE_TEST_CONTEXT: '' };
    const ended = await run('unshare', ['--net', process.execPath, '--test-reporter=spec', fileURLToPath(import.meta.url)], { env, seconds: 400 });
    console.log(ended.stdout);
    assert.equal(ended.code, 0, ended.stdout + ended.stderr);
  });
} else {
  for (const kinds of [['holdfast', 'holdfast', 'holdfast'], ['stock', 'holdfast', 'holdfast'], ['holdfast', 'stock', 'stock']]) {
    describe(`machines with ${kinds.join(', ')}`, () => {
      it('the master is cut off with its sentinel: the majority replaces it, the minority does nothing, and one history is left', () =>
        withMachines(kinds, async (first, second, third) => {
          await first.cut();
          const fresh = await agreed([second, third], { not: first });
          assert.equal(await first.master(), first.address, 'the minority has not moved');
          await first.join();
          assert.equal(await agreed([first, second, third]), fresh);
          await oneEpoch([first, second, third]);
          for (const machine of [first, second, third]) assert.equal(machine.said('+switch-master').length, 1, machine.log);
          assert.equal(first.said('+elected-leader').length, 0);
        }));
    });
  }

  describe('machines with holdfast', () => {
    const kinds = ['holdfast', 'holdfast', 'holdfast'];
    it('a replica is cut off with its sentinel: nothing changes, then or later', () => withMachines(kinds, async (first, second, third) => {
      await third.cut();
      await until('it is missed', () => first.said('[+sdown slave').length > 0 && third.said('[+sdown master').length > 0);
      await pause(5000);
      for (const machine of [first, second, third]) assert.equal(await machine.master(), first.address);
      await third.join();
      await agreed([first, second, third]);
      await until('all are seen again', () => [first, second].every((machine) => machine.said('[-sdown sentinel').length > 0));
      await oneEpoch([first, second, third]);
      for (const machine of [first, second, third]) assert.equal(machine.said('+switch-master').length, 0, machine.log);
    }));

    it('all are cut off from each other: nobody acts, and it goes on when they are joined', () => withMachines(kinds, async (...machines) => {
      const [first] = machines;
      for (const machine of machines) await machine.cut();
      await until('the others miss the master', () => machines.slice(1).every((machine) => machine.said('[+sdown master').length > 0));
      await pause(4000);
      for (const machine of machines) {
        assert.equal(await machine.master(), first.address);
        assert.equal(machine.said('+elected-leader').length, 0);
      }
      for (const machine of machines) await machine.join();
      const master = await agreed(machines);
      await oneEpoch(machines);
      for (const machine of machines) assert.ok(machine.said('+switch-master').length <= (master === first ? 0 : 1), machine.log);
    }));

    it('what the master\'s machine sends is lost: the others replace it', () => withMachines(kinds, async (first, second, third) => {
      await first.lose([second, third]);
      const fresh = await agreed([second, third], { not: first });
      await first.loseNothing([second, third]);
      assert.equal(await agreed([first, second, third]), fresh);
      await oneEpoch([first, second, third]);
    }));
  });
}
