// Holdfast's HTTP API.

import http from 'node:http';
import { until, within } from './until.mjs';

export class ApiError extends Error {
  constructor(method, path, status, body) {
    super(`${method} ${path}: ${status} ${JSON.stringify(body)}`);
    this.status = status;
    this.body = body;
  }
}

export class Api {
  constructor({ host, port, token }) {
    this.place = { host, port };
    this.token = token;
    // The API serves a bounded number of connections; the others wait here.
    this.agent = new http.Agent({ maxSockets: 8 });
  }

  /** The answer to a request: { status, headers, text }. */
  raw(method, path, body, headers = {}) {
    return new Promise((resolve, reject) => {
      const payload = body === undefined ? undefined : JSON.stringify(body);
      const request = http.request(
        {
          ...this.place,
          method,
          path,
          agent: this.agent,
          headers: {
            authorization: `Bearer ${this.token}`,
            accept: 'application/json',
            ...(payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
            ...headers,
          },
        },
        (answer) => {
          let text = '';
          answer.setEncoding('utf8');
          answer.on('data', (piece) => (text += piece));
          answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, text }));
          answer.on('error', reject);
        },
      );
      request.on('error', reject);
      request.setTimeout(within(30), () => request.destroy(new Error(`${method} ${path} is not answered`)));
      request.end(payload);
    });
  }

  async call(method, path, body) {
    const answer = await this.raw(method, path, body);
    const value = answer.text === '' ? undefined : JSON.parse(answer.text);
    if (answer.status >= 300) throw new ApiError(method, path, answer.status, value);
    return value;
  }

  get(path) {
    return this.call('GET', `/api/v1${path}`);
  }
  post(path, body) {
    return this.call('POST', `/api/v1${path}`, body);
  }
  patch(path, body) {
    return this.call('PATCH', `/api/v1${path}`, body);
  }
  delete(path) {
    return this.call('DELETE', `/api/v1${path}`);
  }

  /** All entries of a paged list. */
  async all(path) {
    const items = [];
    let cursor;
    do {
      const more = cursor === undefined ? '' : `${path.includes('?') ? '&' : '?'}cursor=${encodeURIComponent(cursor)}`;
      const page = await this.get(path + more);
      items.push(...page.items);
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
    return items;
  }

  device(id) {
    return this.get(`/devices/${encodeURIComponent(id)}`);
  }
  explain(id) {
    return this.get(`/devices/${encodeURIComponent(id)}/explain`);
  }
  move(id, to) {
    return this.post(`/devices/${encodeURIComponent(id)}/move`, { to });
  }
  /** Gives a device that may be unknown yet an explicit route to a node. */
  async tie(id, node) {
    const known = await this.raw('GET', `/api/v1/devices/${encodeURIComponent(id)}`);
    return known.status === 404 ? this.post('/devices', { id, explicit_node: node }) : this.move(id, node);
  }
  node(name) {
    return this.get(`/nodes/${name}`);
  }
  nodes() {
    return this.all('/nodes');
  }
  health() {
    return this.get('/health');
  }

  /** The device's record as soon as it is connected (on that node, if one is named). */
  connected(id, node) {
    return until(`${id} is connected${node ? ` to ${node}` : ''}`, async () => {
      const device = await this.device(id);
      return device.connected && !device.connection.ending && (!node || device.node === node) && device;
    });
  }

  nodeIs(name, ...states) {
    return until(`${name} is ${states.join(' or ')}`, async () => {
      const node = await this.node(name);
      return states.includes(node.state) && node;
    }, { seconds: 40 });
  }

  /** The last refusals of a device, newest first. */
  async refusalsOf(id) {
    return (await this.explain(id)).connects.filter((connect) => !connect.accepted);
  }

  /** Values of /metrics whose name begins with `name`: { 'name{labels}': number }. */
  async metrics(name = '') {
    const { text } = await this.raw('GET', '/metrics');
    const values = {};
    for (const line of text.split('\n')) {
      const found = /^([^#\s][^\s]*(?:\{.*\})?) (\S+)$/.exec(line);
      if (found && found[1].startsWith(name)) values[found[1]] = Number(found[2]);
    }
    return values;
  }
}
