// Devices that execute commands, knowing nothing of Holdfast but two topics.

import { Device } from './devices.mjs';

/** What a device that remembers ids keeps over its connections, as a journal on flash would. */
export class Journal {
  /** id -> number of executions. */
  executed = new Map();
  answers = new Map();
}

/**
 * A device that executes each id once, if it has a journal, and answers. `act(command, device)` may return the answer's body, or
 * undefined for silence; or throw, and the device has executed nothing.
 */
export class CommandedDevice extends Device {
  constructor(holdfast, options, { journal = new Journal(), act = () => ({ status: 'succeeded' }) } = {}) {
    super(holdfast, options);
    this.id = options.clientId;
    this.journal = journal;
    this.act = act;
    this.commands = [];
    this.client.on('message', (topic, payload, packet) => this.take(topic, payload, packet));
  }

  async listening() {
    await this.connected();
    await this.subscribe(`holdfast/${this.id}/command/#`, { qos: 1 });
    return this;
  }

  take(topic, payload, packet) {
    const command = JSON.parse(payload.toString());
    this.commands.push({ ...command, topic, packet });
    let body = this.journal.answers.get(command.id);
    if (!this.journal.executed.has(command.id)) {
      const count = (this.journal.executed.get(command.id) ?? 0) + 1;
      this.journal.executed.set(command.id, count);
      body = this.act(command, this);
      this.journal.answers.set(command.id, body);
    }
    if (body !== undefined) this.reply(command.id, body);
  }

  reply(id, body) {
    this.client.publish(`holdfast/${this.id}/reply/${id}`, typeof body === 'string' ? body : JSON.stringify(body), { qos: 1 }, () => {});
  }
}

/** A connected one. It ends with the test `t`. */
export async function commandedDevice(t, holdfast, options, more) {
  const device = new CommandedDevice(holdfast, options, more);
  t.after(() => device.drop().catch(() => {}));
  await device.listening();
  await holdfast.api.connected(device.id);
  return device;
}
