// Real mosquitto: brokers of a test's own, and the command-line clients.

import fs from 'node:fs';
import path from 'node:path';
import { freePort, isListening } from './ports.mjs';
import { Program, run } from './program.mjs';
import { Hopeless, until } from './until.mjs';

const broker = ['/usr/sbin/mosquitto', '/usr/local/sbin/mosquitto', '/usr/bin/mosquitto'].find((file) => fs.existsSync(file)) ?? 'mosquitto';

/** A broker with these lines of configuration besides its listener. Stop it with `stop()`. */
export async function startMosquitto(directory, lines = [], at = undefined) {
  const port = at ?? await freePort();
  const file = path.join(directory, `mosquitto-${port}.conf`);
  fs.writeFileSync(file, [`listener ${port} 127.0.0.1`, 'allow_anonymous true', 'user root', 'log_type all', ...lines, ''].join('\n'));
  const process = new Program(broker, ['-c', file]);
  process.port = port;
  await until('mosquitto listens', () => {
    if (process.ended) throw new Hopeless(process.stderr);
    return isListening(port);
  });
  return process;
}

/** mosquitto_pub, run to its end. */
export const publish = (holdfast, ...args) => run('mosquitto_pub', ['-h', holdfast.host, '-p', String(holdfast.port), ...args]);

/** mosquitto_sub, run to its end (see -C and -W). */
export const subscribe = (holdfast, ...args) => run('mosquitto_sub', ['-h', holdfast.host, '-p', String(holdfast.port), ...args]);

/** mosquitto_sub, going on; what it prints is seen line by line. `-d` tells when it is subscribed. */
export function subscriber(holdfast, ...args) {
  return new Program('stdbuf', ['-oL', 'mosquitto_sub', '-h', holdfast.host, '-p', String(holdfast.port), ...args]);
}
