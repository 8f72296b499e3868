// Settings that are wrong: nothing is started, the exit code says so, and one sentence says what and where.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { makeDirectory, program } from './support/holdfast.mjs';
import { run } from './support/program.mjs';

const cluster = '[[cluster]]\nname = "east"\nsource = "local"\n';
const cases = [
  ['a name that does not exist', '[gateway]\nlisen = ["127.0.0.1:0"]\n', /:2.*gateway\.lisen.*did you mean.*listen/i],
  ['a section that does not exist', '[gatway]\nthreads = 1\n', /:1.*gatway.*did you mean.*gateway/i],
  ['not TOML', '[gateway\n', /:1/],
  ['a number where a text belongs', '[log]\nlevel = 7\n', /:2.*log\.level/],
  ['a text that is no choice', '[log]\nlevel = "lout"\n', /:2.*log\.level.*debug.*info.*warning.*error/],
  ['a number out of its bounds', '[gateway]\nthreads = 1000\n', /:2.*gateway\.threads.*256/],
  ['a time without a unit', '[probe]\ninterval = "5"\n', /:2.*probe\.interval/],
  ['a size that is none', '[gateway]\nconnect_max_size = "big"\n', /:2.*gateway\.connect_max_size/],
  ['an address that is none', '[gateway]\nlisten = ["somewhere"]\n', /:2.*gateway\.listen/],
  ['marks that cross', '[gateway]\nlow_watermark = "1MiB"\n', /gateway\.low_watermark.*less than gateway\.high_watermark/],
  ['thresholds that cross', '[probe]\nsuspect_after = 9\n', /probe\.suspect_after is 9.*probe\.down_after/],
  ['two clusters of one name', cluster + cluster, /two clusters of the name "east"/],
  ['two nodes of one name', `${cluster}\n[[cluster]]\nname = "west"\n[[cluster.node]]\nname = "east-1"\naddress = "127.0.0.1:1"\n`, /east-1.*unique in the whole fleet/],
  ['a static cluster without nodes', '[[cluster]]\nname = "east"\n', /cluster "east" has no nodes/],
  ['a node without an address', '[[cluster]]\nname = "east"\n[[cluster.node]]\nname = "east-1"\n', /address/],
  ['a rule with nothing to match', `${cluster}[[allocation.rule]]\ncluster = "east"\n`, /rule needs a prefix or a pattern/],
  ['an API that strangers can reach', '[admin]\nlisten = "0.0.0.0:8080"\n', /admin\.listen.*other machines can reach.*allow_remote/],
];

describe('wrong settings', () => {
  let directory;
  before(() => (directory = makeDirectory()));
  after(() => fs.rmSync(directory, { recursive: true, force: true }));

  for (const [what, text, sentence] of cases) {
    it(`${what}: exit code 2, and a sentence that says what and where`, async () => {
      const file = `${directory}/wrong.toml`;
      fs.writeFileSync(file, text);
      const { code, stdout, stderr } = await run(program, ['up', '--config', file, '--data-dir', `${directory}/data`]);
      assert.equal(code, 2, stderr);
      assert.equal(stdout, '');
      assert.match(stderr, sentence);
      assert.match(stderr, /^holdfast up: .*wrong\.toml/);
      assert.equal(stderr.trim().split('\n').length, 1, `one mistake, one sentence:\n${stderr}`);
      assert.ok(!fs.existsSync(`${directory}/data`), 'nothing was made');
    });
  }

  it('several mistakes are told at once', async () => {
    const file = `${directory}/wrong.toml`;
    fs.writeFileSync(file, '[log]\nlevel = "lout"\n[gateway]\nthreads = -1\nlisen = []\n');
    const { code, stderr } = await run(program, ['up', '--config', file, '--data-dir', `${directory}/data`]);
    assert.equal(code, 2);
    assert.match(stderr, /log\.level/);
    assert.match(stderr, /gateway\.threads/);
    assert.match(stderr, /gateway\.lisen/);
  });

  it('a file that does not exist', async () => {
    const { code, stderr } = await run(program, ['up', '--config', `${directory}/nowhere.toml`]);
    assert.equal(code, 2);
    assert.match(stderr, /nowhere\.toml.*(no such file|does not exist|cannot)/i);
  });

  it('a wrong --set on the command line', async () => {
    const { code, stderr } = await run(program, ['up', '--demo', '--set', 'gateway.thread=2', '--data-dir', `${directory}/data`]);
    assert.equal(code, 2);
    assert.match(stderr, /gateway\.thread.*did you mean.*gateway\.threads/i);
  });
});
