// An authority, a certificate that it signed, and a stranger's, made by openssl.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { run } from './program.mjs';

async function openssl(...words) {
  const ended = await run('openssl', words);
  assert.equal(ended.code, 0, ended.stderr);
}

export class Certificates {
  constructor(directory) {
    this.directory = directory;
  }
  file(name) {
    return path.join(this.directory, name);
  }
  async make() {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    for (const who of ['ca', 'stranger']) {
      await openssl('req', '-x509', ...key, '-days', '2', '-subj', `/CN=${who}`, '-keyout', this.file(`${who}.key`), '-out', this.file(`${who}.crt`));
    }
    await openssl('req', ...key, '-subj', '/CN=redis', '-keyout', this.file('redis.key'), '-out', this.file('redis.csr'));
    await openssl('x509', '-req', '-in', this.file('redis.csr'), '-CA', this.file('ca.crt'), '-CAkey', this.file('ca.key'), '-CAcreateserial',
      '-days', '2', '-out', this.file('redis.crt'));
    return this;
  }
  /** A client's options of TLS: it shows the certificate of `who`; nobody: none. */
  credentials(who = undefined) {
    const own = who ? { cert: fs.readFileSync(this.file(`${who}.crt`)), key: fs.readFileSync(this.file(`${who}.key`)) } : {};
    return { ...own, ca: fs.readFileSync(this.file('ca.crt')), checkServerIdentity: () => undefined };
  }
}
