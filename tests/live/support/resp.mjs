// A client of the Redis protocol with nothing clever in it: words in, the reply out.

import net from 'node:net';
import tls from 'node:tls';
import { promised } from './until.mjs';

class ReplyError extends Error {}

/** Parses one reply at `at`: [value, next], or nothing when it is not whole. */
function parse(buffer, at) {
  const end = buffer.indexOf('\r\n', at);
  if (end < 0) return undefined;
  const line = buffer.toString('utf8', at + 1, end);
  const next = end + 2;
  switch (String.fromCharCode(buffer[at])) {
    case '+': return [line, next];
    case '-': return [new ReplyError(line), next];
    case ':': return [Number(line), next];
    case '$': {
      const length = Number(line);
      if (length < 0) return [null, next];
      return buffer.length < next + length + 2 ? undefined : [buffer.toString('utf8', next, next + length), next + length + 2];
    }
    case '*': {
      if (Number(line) < 0) return [null, next];
      const items = [];
      let position = next;
      for (let i = 0; i < Number(line); ++i) {
        const item = parse(buffer, position);
        if (!item) return undefined;
        items.push(item[0]);
        position = item[1];
      }
      return [items, position];
    }
    default: throw new Error(`no reply: ${buffer.toString('utf8', at, at + 40)}`);
  }
}

export class RespClient {
  #buffer = Buffer.alloc(0);
  #waiting = [];
  /** Messages of subscriptions: { channel, text, at }. */
  messages = [];
  closed = false;

  /** `secure`: options of TLS. */
  static async connect(port, host = '127.0.0.1', secure = undefined) {
    const client = new RespClient();
    client.socket = secure ? tls.connect({ port, host, ...secure }) : net.connect({ port, host });
    client.socket.on('data', (data) => client.#take(data));
    client.socket.on('error', () => {});
    client.socket.on('close', () => {
      client.closed = true;
      for (const wait of client.#waiting.splice(0)) wait.reject(new Error('the connection was closed'));
    });
    await promised(`a connection to port ${port}`, new Promise((resolve, reject) => {
      client.socket.once(secure ? 'secureConnect' : 'connect', resolve);
      client.socket.once('error', reject);
    }));
    return client;
  }

  #take(data) {
    this.#buffer = Buffer.concat([this.#buffer, data]);
    for (let parsed; this.#buffer.length && (parsed = parse(this.#buffer, 0));) {
      this.#buffer = this.#buffer.subarray(parsed[1]);
      const value = parsed[0];
      const kind = Array.isArray(value) ? value[0] : '';
      if (kind === 'message' || kind === 'pmessage') {
        const [channel, text] = value.slice(-2);
        this.messages.push({ channel, text, at: performance.now() });
        continue;
      }
      this.#waiting.shift()?.resolve(value);
    }
  }

  /** The reply; an error as an Error with Redis' text. */
  call(...words) {
    const text = words.map((word) => `$${Buffer.byteLength(String(word))}\r\n${word}\r\n`).join('');
    return this.raw(`*${words.length}\r\n${text}`);
  }
  raw(bytes) {
    const reply = new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
    this.socket.write(bytes);
    return promised(`a reply to ${bytes}`, reply);
  }
  end() {
    this.socket.destroy();
  }
}

/** One command on a connection of its own. */
export async function ask(port, ...words) {
  const client = await RespClient.connect(port);
  try {
    return await client.call(...words);
  } finally {
    client.end();
  }
}

/** A flat array of names and values as an object. */
export function fields(list) {
  if (list instanceof Error) throw list;
  const object = {};
  for (let i = 0; i + 1 < list.length; i += 2) object[list[i]] = list[i + 1];
  return object;
}
