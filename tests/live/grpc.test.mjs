// Commands over gRPC, from a client of another make that knows nothing of Holdfast but its proto file.

import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';
import { commandedDevice } from './support/commanded.mjs';
import { startHoldfast } from './support/holdfast.mjs';

const proto = path.join(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '../../proto/holdfast/v1/commands.proto');
const healthProto = {
  nested: {
    grpc: { nested: { health: { nested: { v1: { nested: {
      HealthCheckRequest: { fields: { service: { type: 'string', id: 1 } } },
      HealthCheckResponse: { fields: { status: { type: 'int32', id: 1 } } },
      Health: { methods: { Check: { requestType: 'HealthCheckRequest', responseType: 'HealthCheckResponse' } } },
    } } } } } },
  },
};

describe('gRPC', () => {
  let holdfast;
  let address;
  let commands;
  let admin;

  before(async () => {
    holdfast = await startHoldfast({ rpc: { listen: ['127.0.0.1:0'] }, commands: { answer_timeout: '1s' } });
    address = /gRPC is at (\S+)/.exec(await holdfast.logged(/gRPC is at/))[1];
    const { holdfast: { v1 } } = grpc.loadPackageDefinition(loader.loadSync(proto, { longs: Number, enums: String, defaults: true }));
    commands = new v1.Commands(address, grpc.credentials.createInsecure());
    admin = holdfast.api.token;
  });
  after(async () => {
    commands?.close();
    await holdfast?.end();
  });

  /** One call with a token and a deadline; answers the reply, or throws gRPC's error. */
  const call = (method, request, { token = admin, seconds = 20 } = {}) => new Promise((resolve, reject) => {
    const metadata = new grpc.Metadata();
    metadata.set('authorization', `Bearer ${token}`);
    commands[method](request, metadata, { deadline: Date.now() + seconds * 1000 }, (error, reply) => (error ? reject(error) : resolve(reply)));
  });
  const refusal = async (...words) => {
    try {
      await call(...words);
    } catch (error) {
      return error;
    }
    throw new Error(`${words[0]} was not refused`);
  };

  it('waits for a device and brings its answer', async (t) => {
    const device = await commandedDevice(t, holdfast, { clientId: 'grpc-lock' }, { act: (command) => ({ status: 'succeeded', door: command.data.door }) });
    const { command } = await call('SubmitAndWait', {
      command: { device: device.id, name: 'open', payload: Buffer.from('{"door":3}'), contentType: 'application/json' },
    });
    assert.equal(command.state, 'STATE_SUCCEEDED');
    assert.equal(command.executed, 'EXECUTED_YES');
    assert.deepEqual(JSON.parse(command.result), { status: 'succeeded', door: 3 });
    assert.equal((await holdfast.api.get(`/commands/${command.id}`)).state, 'succeeded');
    assert.equal((await call('Get', { id: command.id })).reason, 'device_succeeded');
  });

  it('answers before the call\'s own deadline, and the command goes on', async (t) => {
    const device = await commandedDevice(t, holdfast, { clientId: 'grpc-mute' }, { act: () => undefined });
    const { command } = await call('SubmitAndWait', { command: { device: device.id, name: 'open', deadlineIn: { seconds: 5 } } }, { seconds: 2 });
    assert.ok(['STATE_QUEUED', 'STATE_SENT', 'STATE_DELIVERED'].includes(command.state), command.state);
    const end = await call('Get', { id: command.id, wait: { seconds: 15 } });
    assert.equal(end.state, 'STATE_TIMED_OUT');
    assert.equal(end.executed, 'EXECUTED_UNKNOWN');
  });

  it('follows a command to its end', async (t) => {
    const device = await commandedDevice(t, holdfast, { clientId: 'grpc-watched' });
    const { command } = await call('Submit', { command: { device: device.id, name: 'ping' } });
    const metadata = new grpc.Metadata();
    metadata.set('authorization', `Bearer ${admin}`);
    const states = [];
    for await (const change of commands.Watch({ id: command.id }, metadata)) states.push(change.command.state);
    assert.equal(states.at(-1), 'STATE_SUCCEEDED');
  });

  it('says what is wrong by code, name and field', async () => {
    const unknown = await refusal('Submit', { command: { device: 'nobody', name: 'ping' } });
    assert.equal(unknown.code, grpc.status.NOT_FOUND);
    assert.deepEqual(unknown.metadata.get('holdfast-error'), ['device_unknown']);
    const late = await refusal('Submit', { command: { device: 'grpc-watched', name: 'ping', deadline: { seconds: 1 } } });
    assert.equal(late.code, grpc.status.INVALID_ARGUMENT);
    assert.match(late.details, /^deadline: /);
    const nameless = await refusal('Submit', { command: { device: 'grpc-watched' } });
    assert.match(nameless.details, /^name: /);
  });

  it('wants a token that allows it', async () => {
    assert.equal((await refusal('Submit', { command: { device: 'x', name: 'y' } }, { token: 'nonsense' })).code, grpc.status.UNAUTHENTICATED);
    const made = await holdfast.cli('token', 'create', 'looker', '--scope', 'read');
    assert.equal(made.code, 0, made.stderr);
    const token = made.stdout.trim();
    const refused = await refusal('Submit', { command: { device: 'x', name: 'y' } }, { token });
    assert.equal(refused.code, grpc.status.PERMISSION_DENIED);
    assert.ok((await call('List', { limit: 5 }, { token })).commands.length > 0);
  });

  it('tells that it serves, as grpc.health.v1', async () => {
    const { grpc: { health: { v1 } } } = grpc.loadPackageDefinition(loader.fromJSON(healthProto));
    const health = new v1.Health(address, grpc.credentials.createInsecure());
    const check = (service) => new Promise((resolve, reject) => {
      health.Check({ service }, { deadline: Date.now() + 20_000 }, (error, reply) => (error ? reject(error) : resolve(reply)));
    });
    assert.equal((await check('')).status, 1);
    assert.equal((await check('holdfast.v1.Commands')).status, 1);
    health.close();
  });
});
