// Centres and channels as processes of their own, beside a Holdfast that has the fleet.

import { Api } from './api.mjs';
import { program } from './holdfast.mjs';
import { Program } from './program.mjs';
import { Hopeless, until } from './until.mjs';

class Side {
  constructor(holdfast, words) {
    this.holdfast = holdfast;
    this.words = words;
  }

  /** Starts it, without waiting for anything. */
  launch() {
    this.process = new Program(program, [...this.words, '--config', this.holdfast.configFile, '--data-dir', this.holdfast.dataDir]);
    return this;
  }
  /** Starts it and waits until it does its work. */
  async start() {
    this.launch();
    await until(`holdfast ${this.words[0]} is ready`, () => {
      if (this.process.ended) throw new Hopeless(`it has ended: ${JSON.stringify(this.process.ended)}\n${this.process.stderr}`);
      return this.ready.test(this.process.stdout);
    }, { seconds: 40 });
    return this;
  }
  get log() {
    return this.process.stderr;
  }
  kill() {
    return this.process.stop('SIGKILL');
  }
  stop() {
    return this.process.stop('SIGTERM');
  }
}

export class CentreProcess extends Side {
  ready = /HTTP API\s+http:\/\/([^:/]+):(\d+)\/[^]*\n\n/;
  constructor(holdfast, name, { port = 0, sets = [] } = {}) {
    const all = [`commands.centre=${name}`, `admin.listen=127.0.0.1:${port}`, ...sets];
    super(holdfast, ['center', ...all.flatMap((set) => ['--set', set])]);
    this.name = name;
  }
  async start() {
    await super.start();
    const [, host, port] = this.ready.exec(this.process.stdout);
    this.api = new Api({ host, port: Number(port), token: this.holdfast.api.token });
    return this;
  }
}

export class ChannelProcess extends Side {
  ready = /channels to/;
  constructor(holdfast, ...clusters) {
    super(holdfast, ['channel', ...clusters.flatMap((cluster) => ['--cluster', cluster])]);
  }
}
