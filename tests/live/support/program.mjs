// A child process whose output is kept, and which is ended by its id.

import { spawn } from 'node:child_process';
import { until, within } from './until.mjs';

const alive = new Set();
// Whatever happens to the test, nothing that it started goes on.
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

export class Program {
  /** What it wrote to standard output and standard error so far. */
  stdout = '';
  stderr = '';
  /** How it ended: { code, signal }; nothing while it runs. */
  ended = undefined;

  constructor(file, args, { env = {}, cwd } = {}) {
    this.name = file;
    this.child = spawn(file, args, { env: { ...process.env, ...env }, cwd, stdio: ['pipe', 'pipe', 'pipe'] });
    alive.add(this.child);
    this.child.stdout.setEncoding('utf8').on('data', (text) => (this.stdout += text));
    this.child.stderr.setEncoding('utf8').on('data', (text) => (this.stderr += text));
    this.child.stdin.on('error', () => {});
    this.ending = new Promise((resolve) => {
      this.child.once('error', (error) => {
        this.stderr += String(error);
        this.#end({ code: undefined, signal: undefined }, resolve);
      });
      this.child.once('close', (code, signal) => this.#end({ code, signal }, resolve));
    });
  }

  #end(how, resolve) {
    alive.delete(this.child);
    this.ended ??= how;
    resolve(this.ended);
  }

  get pid() {
    return this.child.pid;
  }

  signal(name) {
    if (!this.ended) this.child.kill(name);
  }

  /** Waits until it has ended by itself. */
  async end({ seconds = 30 } = {}) {
    return until(`${this.name} (process ${this.pid}) ends`, () => this.ended, { seconds });
  }

  /** Ends it: politely, and by force when that does not help. */
  async stop(signal = 'SIGTERM', { seconds = 30 } = {}) {
    if (this.ended) return this.ended;
    this.signal(signal);
    const force = setTimeout(() => this.signal('SIGKILL'), within(seconds));
    await this.ending;
    clearTimeout(force);
    return this.ended;
  }
}

/** Runs a program to its end: { code, signal, stdout, stderr }. */
export async function run(file, args, { input, seconds = 60, ...options } = {}) {
  const program = new Program(file, args, options);
  program.child.stdin.end(input);
  try {
    const { code, signal } = await program.end({ seconds });
    return { code, signal, stdout: program.stdout, stderr: program.stderr };
  } catch (error) {
    await program.stop('SIGKILL');
    error.message += `\n${program.stdout}${program.stderr}`;
    throw error;
  }
}

