// A device byte by byte: what goes over the wire is the test's own, and so is what comes back.

import net from 'node:net';
import { until } from './until.mjs';

export class RawDevice {
  received = Buffer.alloc(0);
  /** The other side has closed, orderly or not. */
  closed = false;
  broken = false;

  constructor(socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (bytes) => (this.received = Buffer.concat([this.received, bytes])));
    socket.on('end', () => (this.closed = true));
    socket.on('error', () => (this.broken = true));
    socket.on('close', () => (this.closed = true));
  }

  get hex() {
    return this.received.toString('hex');
  }

  send(...pieces) {
    this.socket.write(Buffer.concat(pieces.map((piece) => Buffer.from(piece))));
  }

  /** Waits for so many bytes in all. */
  bytes(count, options = {}) {
    return until(`${count} bytes have come`, () => this.received.length >= count && this.received, { every: 5, ...options });
  }

  /** Waits until the other side closes, and returns all that it said before. */
  async end(options = {}) {
    await until('the connection is closed', () => this.closed, { every: 5, ...options });
    return this.received;
  }

  destroy() {
    this.socket.destroy();
  }
}

/** An open connection. It ends with the test `t`. */
export function connectRaw(t, holdfast, { localAddress } = {}) {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: holdfast.host, port: holdfast.port, localAddress });
    t?.after(() => socket.destroy());
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.removeListener('error', reject);
      resolve(new RawDevice(socket));
    });
  });
}

/** Connects, says this, and returns all that is answered until the other side closes. */
export async function answerTo(t, holdfast, ...pieces) {
  const device = await connectRaw(t, holdfast);
  device.send(...pieces);
  return (await device.end()).toString('hex');
}
