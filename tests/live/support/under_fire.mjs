// What tests of commands under fire share: chance from seeds, devices that come back, and what must hold of every command.

import assert from 'node:assert/strict';
import { CommandedDevice, Journal } from './commanded.mjs';
import { pause, until } from './until.mjs';

export const terminal = new Set(['succeeded', 'failed', 'expired', 'timed_out', 'cancelled', 'rejected']);

/** mulberry32: the same numbers for the same seed. */
export function dice(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** A device that comes back until it is told to leave, with the same journal. */
export class StubbornDevice {
  constructor(holdfast, id, version) {
    this.holdfast = holdfast;
    this.id = id;
    this.version = version;
    this.journal = new Journal();
    this.living = this.live();
  }
  async live() {
    while (!this.leaving) {
      const device = new CommandedDevice(this.holdfast, { clientId: this.id, protocolVersion: this.version, connectTimeout: 3000 }, { journal: this.journal });
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
  cut() {
    this.device?.client.stream?.destroy();
  }
  async leave() {
    this.leaving = true;
    await this.living;
  }
}

/** The id of a command that is certainly recorded, whatever dies meanwhile: the key makes repetitions harmless. */
export async function submitted(chooseApi, device, body) {
  return until(`${body.idempotency_key} is taken`, async () => {
    try {
      const answer = await chooseApi().raw('POST', `/api/v1/devices/${device}/commands`, body);
      if (answer.status === 503 || answer.status === 429) return undefined;
      assert.ok(answer.status < 300, `${answer.status} ${answer.text}`);
      return JSON.parse(answer.text).id;
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      return undefined;
    }
  }, { seconds: 60, every: 30 });
}

/** The command when it has ended, whoever of those who are asked lives. */
export async function ended(chooseApi, id, told = '') {
  let last;
  try {
    return await until(`${id} has ended ${told}`, async () => {
      const now = await chooseApi().get(`/commands/${id}`).catch((error) => ({ error: String(error) }));
      last = now;
      return terminal.has(now.state) && now;
    }, { seconds: 60, every: 50 });
  } catch (error) {
    error.message += `: ${JSON.stringify(last)}`;
    throw error;
  }
}

/** What must hold of an ended command, whatever was killed. */
export function assertTrue(command, device, what) {
  const executions = device.journal.executed.get(command.id) ?? 0;
  const told = `${command.id} for ${device.id}, ${what}: ${JSON.stringify(command)}`;
  assert.ok(executions <= 1, `executed twice: ${told}`);
  assert.notEqual(command.reason, null, `no reason: ${told}`);
  if (command.executed === 'no') assert.equal(executions, 0, `it was executed: ${told}`);
  if (command.executed === 'yes') assert.equal(executions, 1, `it was not executed: ${told}`);
  return told;
}
