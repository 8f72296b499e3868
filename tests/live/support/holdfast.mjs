// Holdfast under test: its own data directory, its own free ports, ended by its process id.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Api } from './api.mjs';
import { Program, run } from './program.mjs';
import { localCluster, merged, testSettings, toml } from './settings.mjs';
import { Hopeless, until } from './until.mjs';

export const program = process.env.HOLDFAST_PROGRAM;
if (!program) throw new Error('HOLDFAST_PROGRAM must name the holdfast to test');

/** A new directory of this test's own. */
export function makeDirectory() {
  return fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-live-'));
}

/** Children of a Holdfast that was killed: whoever works in its data directory. */
function processesOf(directory) {
  const found = [];
  for (const entry of fs.readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const words = fs.readFileSync(`/proc/${entry}/cmdline`, 'utf8').split('\0');
      if (path.basename(words[0]).startsWith('mosquitto') && words.some((word) => word.startsWith(`${directory}/`))) {
        found.push(Number(entry));
      }
    } catch {
      // It has ended meanwhile.
    }
  }
  return found;
}

export class Holdfast {
  constructor(directory, settings, { args = [], wrap = [], env = {} } = {}) {
    this.directory = directory;
    this.dataDir = path.join(directory, 'data');
    this.configFile = path.join(directory, 'holdfast.toml');
    this.wrap = wrap;
    this.args = args;
    this.env = env;
    this.configure(settings);
  }

  /** Writes the settings file anew. */
  configure(settings) {
    this.settings = settings;
    fs.writeFileSync(this.configFile, typeof settings === 'string' ? settings : toml(settings));
  }

  /** Starts the process, without waiting for anything. */
  launch() {
    const words = [...this.wrap, program, 'up', ...(this.args.length ? this.args : ['--config', this.configFile])];
    this.process = new Program(words[0], [...words.slice(1), '--data-dir', this.dataDir], { env: this.env });
    return this;
  }

  /** Starts it and waits until its nodes are up. */
  async start({ nodesUp = true } = {}) {
    this.launch();
    try {
      await until('Holdfast says where it listens', () => {
        if (this.process.ended) throw new Hopeless(`Holdfast has ended: ${JSON.stringify(this.process.ended)}`);
        return this.screen.includes('HTTP API') && this.screen.includes('data and node logs');
      }, { seconds: 40 });
      const devices = /devices connect to\s+(\S+):(\d+)/.exec(this.screen);
      const api = /HTTP API\s+http:\/\/([^:/]+):(\d+)\//.exec(this.screen);
      this.host = devices[1] === '0.0.0.0' ? '127.0.0.1' : devices[1];
      this.port = Number(devices[2]);
      const token = fs.readFileSync(/admin token\s+(\S+)/.exec(this.screen)[1], 'utf8').trim();
      this.api = new Api({ host: api[1], port: Number(api[2]), token });
      if (nodesUp) await this.nodesUp();
    } catch (error) {
      error.message += `\n--- what Holdfast said:\n${this.screen}${this.log}`;
      await this.end();
      throw error;
    }
    return this;
  }

  nodesUp() {
    return until('all nodes are up', async () => {
      if (this.process.ended) throw new Hopeless(`Holdfast has ended: ${JSON.stringify(this.process.ended)}`);
      const nodes = (await this.api.nodes()).filter((node) => node.listed);
      return nodes.length > 0 && nodes.every((node) => node.state === 'up');
    }, { seconds: 40 });
  }

  get pid() {
    return this.process.pid;
  }
  /** Standard output: the screen that greets. */
  get screen() {
    return this.process.stdout;
  }
  /** Standard error. */
  get log() {
    return this.process.stderr;
  }
  get url() {
    return `mqtt://${this.host}:${this.port}`;
  }

  /** Waits for a log line that fits, and returns it. Counts only what was logged after `from`. */
  logged(pattern, { from = 0, seconds = 20 } = {}) {
    return until(`the log says ${pattern}`, () => this.logLines(pattern, from)[0], { seconds });
  }
  /** The log lines that fit. */
  logLines(pattern, from = 0) {
    return this.log.slice(from).split('\n').filter((line) => pattern.test(line));
  }

  /** The command line, told where this Holdfast is. */
  cli(...words) {
    return run(program, words, { env: { ...this.env, HOLDFAST_DATA_DIR: this.dataDir } });
  }
  /** The command line, going on until it is stopped. */
  cliProgram(...words) {
    return new Program(program, words, { env: { ...this.env, HOLDFAST_DATA_DIR: this.dataDir } });
  }

  /** Its mosquitto processes that are there now. */
  nodeProcesses() {
    return processesOf(this.dataDir);
  }

  /** Ends it as Ctrl-C would. */
  stop() {
    return this.process.stop('SIGTERM');
  }

  /** Ends it as a power cut would. */
  kill() {
    return this.process.stop('SIGKILL');
  }

  /** Ends whatever is left of it and removes its files. Fails when it had ended in a way that nobody asked for. */
  async end() {
    const how = this.process ? await this.process.stop('SIGTERM') : undefined;
    for (const pid of this.nodeProcesses()) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
    }
    fs.rmSync(this.directory, { recursive: true, force: true });
    const asked = how === undefined || how.code === 0 || this.mayEnd || ['SIGTERM', 'SIGKILL'].includes(how.signal);
    if (!asked) throw new Error(`Holdfast ended with ${JSON.stringify(how)}; the end of its log:\n${this.log.slice(-4000)}`);
  }
}

/** A Holdfast with these settings on top of the tests' own, not started yet. By default: two clusters of two local nodes. */
export function makeHoldfast(settings = {}, options = {}) {
  const clusters = { cluster: [localCluster('east'), localCluster('west')] };
  return new Holdfast(makeDirectory(), merged({ ...testSettings, ...clusters }, settings), options);
}

/** The same, started, its nodes up. */
export function startHoldfast(settings = {}, options = {}) {
  return makeHoldfast(settings, options).start(options);
}

/** Runs `use` with a Holdfast of its own, and tells its log when that fails. */
export async function withHoldfast(settings, use, options = {}) {
  const holdfast = await startHoldfast(settings, options);
  try {
    return await use(holdfast);
  } catch (error) {
    error.message += `\n--- the end of Holdfast's log:\n${holdfast.log.slice(-6000)}`;
    throw error;
  } finally {
    await holdfast.end();
  }
}
