// Every part of the command side is killed at each step of a command's way, in each of its flows: a table of points. Nothing is
// lost, a device that remembers executes nothing twice, what is said in the end is true, and it is said in time.
//
// Each step and victim are met once, the flows in turn; with HOLDFAST_ALL=1 every flow at every step with every victim.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { CentreProcess, ChannelProcess } from './support/command_processes.mjs';
import { CommandedDevice, Journal } from './support/commanded.mjs';
import { makeHoldfast } from './support/holdfast.mjs';
import { assertTrue, ended, submitted, terminal } from './support/under_fire.mjs';
import { pause, until, within } from './support/until.mjs';

const everything = process.env.HOLDFAST_ALL === '1';
const deadlineMs = 60_000;

/** The steps of a command's way, in order; the device stands still at its own until it is told to go on. */
const steps = ['asked', 'recorded', 'arrived', 'acknowledged', 'answered'];
const flows = ['synchronous', 'asynchronous', 'scheduled', 'sent again'];
const victims = ['centre', 'channel', 'gateway', 'node', 'device'];

/** A device that comes back with its journal, and stops at the step that is asked for, once. */
class SteppedDevice {
  journal = new Journal();
  reached = Promise.resolve();
  deafFor = 0;

  constructor(holdfast, id, version) {
    this.holdfast = holdfast;
    this.id = id;
    this.version = version;
    this.living = this.live();
  }
  async live() {
    while (!this.leaving) {
      const device = new CommandedDevice(this.holdfast, { clientId: this.id, protocolVersion: this.version, connectTimeout: 3000 },
        { journal: this.journal });
      // The PUBACK leaves when the callback is called.
      device.client.handleMessage = (packet, acknowledge) => this.hold(device, packet, acknowledge);
      device.client.removeAllListeners('message');
      this.device = device;
      try {
        await device.listening();
        while (!this.leaving && device.closes === 0) await pause(20);
      } catch {
        // It is tried again.
      }
      await device.drop().catch(() => {});
      await pause(30);
    }
  }
  async hold(device, packet, acknowledge) {
    // Whose connection has ended meanwhile executes what it has, but nobody hears of it before it is asked again.
    const there = () => device.closes === 0 && device.client.connected;
    device.reply = (...answer) => there() && CommandedDevice.prototype.reply.apply(device, answer);
    if (this.deafFor > 0) {
      --this.deafFor;
      return acknowledge();
    }
    await this.stand('arrived');
    if (there()) acknowledge();
    await this.stand('acknowledged');
    device.take(packet.topic, packet.payload, packet);
    return this.stand('answered');
  }
  /** The next command stops at this step: `reached` is fulfilled there, and `goOn` lets it go on. */
  stopAt(step) {
    this.step = step;
    this.reached = new Promise((reach) => (this.reach = reach));
  }
  async stand(step) {
    if (this.step !== step) return;
    this.step = undefined;
    const on = new Promise((go) => (this.goOn = go));
    this.reach();
    await on;
  }
  cut() {
    this.device?.client.stream?.destroy();
  }
  async leave() {
    this.leaving = true;
    this.goOn?.();
    await this.living;
  }
}

describe('a kill at each step of a command', () => {
  let holdfast, centre, channel;
  const devices = [];

  before(async () => {
    holdfast = makeHoldfast({
      gateway: { listen: ['127.0.0.1:0'], threads: 1 },
      commands: { enabled: false, queue: 'file', answer_timeout: '600ms', channel_timeout: '600ms', lease: '2s' },
      probe: { interval: '100ms', timeout: '500ms' },
    });
    await holdfast.start();
    // From now on at the same place, so that devices find it again.
    holdfast.configure({ ...holdfast.settings, gateway: { ...holdfast.settings.gateway, listen: [`127.0.0.1:${holdfast.port}`] } });
    centre = await new CentreProcess(holdfast, 'only').start();
    channel = await new ChannelProcess(holdfast).start();
    for (const version of [4, 5]) devices.push(new SteppedDevice(holdfast, `v${version}`, version));
    for (const device of devices) {
      await holdfast.api.connected(device.id);
      await until(`the centre knows ${device.id}`, async () =>
        (await centre.api.post(`/devices/${device.id}/commands?wait=5s`, { name: 'hello' }).catch(() => undefined))?.state === 'succeeded');
    }
  });
  after(async () => {
    await Promise.all(devices.map((device) => device.leave()));
    for (const side of [channel, centre]) await side?.process?.stop('SIGTERM');
    await holdfast?.end();
  });

  const kill = {
    async centre() {
      await centre.kill();
      await centre.start();
    },
    async channel() {
      await channel.kill();
      await channel.start();
    },
    async gateway() {
      await holdfast.kill();
      await holdfast.start({ nodesUp: false });
    },
    async node(device) {
      const { node } = await holdfast.api.device(device.id);
      process.kill((await holdfast.api.node(node)).pid, 'SIGKILL');
    },
    async device(device) {
      device.cut();
    },
  };

  const bodyOf = (flow, key) => ({
    name: 'count',
    offline: 'queue',
    deadline_in: `${deadlineMs}ms`,
    attempts: 20,
    idempotency_key: key,
    ...(flow === 'scheduled' ? { deliver_at: new Date(Date.now() + 300).toISOString() } : {}),
  });

  /** Sends it as the flow has it; the id, when it is certainly recorded. */
  const send = (flow, device, body) => {
    const waits = flow === 'synchronous' ? '?wait=30s' : '';
    // A synchronous caller whose connection breaks asks again with its key.
    if (waits) centre.api.raw('POST', `/api/v1/devices/${device.id}/commands${waits}`, body).catch(() => {});
    return submitted(() => centre.api, device.id, body);
  };

  const meet = async (step, victim, flow, device) => {
    const key = `${step}-${victim}-${flow}-${device.id}`;
    device.deafFor = flow === 'sent again' ? 1 : 0;
    if (steps.indexOf(step) >= 2) device.stopAt(step);
    const sending = send(flow, device, bodyOf(flow, key));
    if (step === 'recorded') await sending;
    if (steps.indexOf(step) >= 2) await device.reached;
    const striking = kill[victim](device);
    // What the device stands still with goes on while the victim is down.
    await pause(5);
    device.goOn?.();
    const [id] = await Promise.all([sending, striking]);
    const command = await ended(() => centre.api, id, `(${key})`);
    const told = assertTrue(command, device, key);
    assert.ok(terminal.has(command.state), told);
    assert.ok(Date.parse(command.ended_at) <= Date.parse(command.deadline) + 5000, `too late: ${told}`);
    // There is time for many attempts, everybody comes back, and the device answers what it is asked again.
    assert.equal(command.state, 'succeeded', told);
  };

  let turn = 0;
  for (const step of steps) {
    for (const victim of victims) {
      const chosen = everything ? flows : [flows[turn % flows.length]];
      const place = turn++ % 2;
      for (const flow of chosen) it(`${victim} at '${step}', ${flow}`, { timeout: within(90) }, () => meet(step, victim, flow, devices[place]));
    }
  }
});
