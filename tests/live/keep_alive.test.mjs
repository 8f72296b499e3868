// Silence: whose keep alive counts, when it is over, and what a device is told then. And a node's own answers.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { connectDevice } from './support/devices.mjs';
import { makeDirectory, startHoldfast } from './support/holdfast.mjs';
import { startMosquitto } from './support/mosquitto.mjs';
import { connect, packetsOf, pingreq } from './support/packets.mjs';
import { connectRaw } from './support/raw_device.mjs';
import { staticCluster } from './support/settings.mjs';
import { pause } from './support/until.mjs';

describe('keep alive', () => {
  const directory = makeDirectory();
  let node;
  let holdfast;
  before(async () => {
    // A broker that lets keep alives be 10 seconds at most (the least that it knows).
    node = await startMosquitto(directory, ['max_keepalive 10', 'sys_interval 0']);
    // 1 times the keep alive instead of 1.5: the gateway notices before the broker does.
    holdfast = await startHoldfast({ gateway: { idle_grace: 1 }, cluster: [staticCluster('only', { 'only-1': node.port })] });
  });
  after(async () => {
    await holdfast?.end();
    await node?.stop();
    fs.rmSync(directory, { recursive: true, force: true });
  });

  const silence = async (t, options) => {
    const device = await connectRaw(t, holdfast);
    device.send(connect(options));
    await device.bytes(4);
    const begin = Date.now();
    const connack = device.received.length;
    const said = (await device.end({ seconds: 40 })).subarray(connack).toString('hex');
    await holdfast.logged(new RegExp(`${options.clientId}.*device_silent`));
    return { said, seconds: (Date.now() - begin) / 1000 };
  };

  it('a silent 3.1.1 device is closed when its keep alive is over', async (t) => {
    const { said, seconds } = await silence(t, { clientId: 'silent-4', keepAlive: 2 });
    assert.equal(said, '');
    assert.ok(seconds > 1.8, `${seconds} s`);
  });

  it('a silent v5 device is told so', async (t) => {
    const { said, seconds } = await silence(t, { level: 5, clientId: 'silent-5', keepAlive: 2 });
    assert.equal(said, 'e0018d');
    assert.ok(seconds > 1.8, `${seconds} s`);
  });

  it('the node\'s Server Keep Alive wins over what the device asked for', async (t) => {
    const { said, seconds } = await silence(t, { level: 5, clientId: 'overruled', keepAlive: 600 });
    assert.equal(said, 'e0018d');
    assert.ok(seconds > 9 && seconds < 60, `${seconds} s`);
  });

  it('pings keep a connection open, and so does keep alive 0', async (t) => {
    const pinging = await connectRaw(t, holdfast);
    pinging.send(connect({ clientId: 'pinging', keepAlive: 2 }));
    const endless = await connectRaw(t, holdfast);
    endless.send(connect({ clientId: 'endless', keepAlive: 0 }));
    for (let second = 0; second < 5; ++second) {
      await pause(1000);
      pinging.send(pingreq);
    }
    await pinging.bytes(4 + 5 * 2);
    assert.equal(packetsOf(pinging.received).length, 6);
    endless.send(pingreq);
    await endless.bytes(6);
    assert.ok(!pinging.closed && !endless.closed);
  });
});

describe('a node\'s own answers', () => {
  const directory = makeDirectory();
  let node;
  let holdfast;
  before(async () => {
    fs.writeFileSync(`${directory}/passwords`, '');
    node = await startMosquitto(directory, ['allow_anonymous false', `password_file ${directory}/passwords`, 'max_packet_size 1000']);
    holdfast = await startHoldfast({ cluster: [staticCluster('strict', { 'strict-1': node.port })] }, { nodesUp: false });
    await holdfast.api.nodeIs('strict-1', 'up', 'down');
  });
  after(async () => {
    await holdfast?.end();
    await node?.stop();
    fs.rmSync(directory, { recursive: true, force: true });
  });

  it('a node that refuses the probes\' credentials is there all the same', async () => {
    assert.equal((await holdfast.api.node('strict-1')).state, 'up');
  });

  for (const [level, answer] of [[3, '20020005'], [4, '20020005'], [5, /^20..0087/]]) {
    it(`a refusal reaches the device as the node wrote it, level ${level}`, async (t) => {
      const device = await connectRaw(t, holdfast);
      device.send(connect({ level, clientId: `intruder-${level}`, username: 'somebody', password: 'wrong' }));
      const said = (await device.end()).toString('hex');
      if (answer instanceof RegExp) assert.match(said, answer);
      else assert.equal(said, answer);
      const [refusal] = await holdfast.api.refusalsOf(`intruder-${level}`);
      assert.equal(refusal.refused, 'node_refused');
    });
  }

  it('passwords are not in the log, the store or the API', async (t) => {
    await assert.rejects(connectDevice(t, holdfast, { clientId: 'secretive', username: 'somebody', password: 'tell-nobody-this' }));
    assert.doesNotMatch(holdfast.log, /tell-nobody-this/);
    assert.doesNotMatch(JSON.stringify(await holdfast.api.explain('secretive')), /tell-nobody-this/);
    await holdfast.stop();
    for (const file of fs.readdirSync(holdfast.dataDir, { recursive: true })) {
      const path = `${holdfast.dataDir}/${file}`;
      if (fs.statSync(path).isFile()) assert.ok(!fs.readFileSync(path).includes('tell-nobody-this'), file);
    }
  });
});
