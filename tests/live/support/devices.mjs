// Devices that speak MQTT by mqtt.js.

import mqtt from 'mqtt';
import { promised, until, within } from './until.mjs';

export class Device {
  /** What it received: { topic, text, payload, qos, retain, packet }. */
  received = [];
  /** DISCONNECT packets of the server. */
  goodbyes = [];
  /** CONNACK packets, one for each time it connected. */
  connacks = [];
  errors = [];
  closes = 0;

  constructor(holdfast, options) {
    this.client = mqtt.connect({
      host: holdfast.host,
      port: holdfast.port,
      protocol: 'mqtt',
      reconnectPeriod: 0,
      connectTimeout: within(30),
      keepalive: 60,
      ...options,
      ...(options.protocolVersion === 3 ? { protocolId: 'MQIsdp' } : {}),
    });
    this.client.on('message', (topic, payload, packet) => {
      this.received.push({ topic, payload, text: payload.toString(), qos: packet.qos, retain: packet.retain, packet });
    });
    this.client.on('connect', (connack) => this.connacks.push(connack));
    this.client.on('disconnect', (packet) => this.goodbyes.push(packet));
    this.client.on('error', (error) => this.errors.push(error));
    this.client.on('close', () => this.closes++);
  }

  /** Waits for its CONNACK; fails when it is refused. */
  async connected() {
    await until('the device is answered', () => this.connacks.length + this.errors.length + this.closes > 0, { every: 10, seconds: 40 });
    if (this.connacks.length === 0) throw this.errors[0] ?? new Error('closed without an answer');
    return this;
  }

  subscribe(topic, options = { qos: 1 }) {
    return promised(`SUBACK for ${topic}`, this.client.subscribeAsync(topic, options));
  }

  publish(topic, payload, options = {}) {
    return promised(`${topic} is published`, this.client.publishAsync(topic, payload, options));
  }

  /** Waits until it received so many messages on a topic, and returns them. */
  messages(topic, count = 1, options = {}) {
    return until(`${count} messages on ${topic}`, () => {
      const found = this.received.filter((message) => message.topic === topic);
      return found.length >= count && found;
    }, options);
  }

  closed() {
    return until('the connection is closed', () => this.closes > 0);
  }

  /** DISCONNECT, as a device does that goes. */
  end() {
    return promised('the client ends', this.client.endAsync(false));
  }

  /** Away without a word, as a device does whose power is cut. */
  drop() {
    this.client.stream.destroy();
    return promised('the client ends', this.client.endAsync(true));
  }
}

/** A connected device. It ends with the test `t`. */
export async function connectDevice(t, holdfast, options = {}) {
  const device = new Device(holdfast, options);
  t.after(() => device.drop().catch(() => {}));
  return device.connected();
}
