// Holdfast's sentinels and Debian's in one quorum.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withQuorum } from './support/redis.mjs';
import { until } from './support/until.mjs';

const mixes = [['stock', 'stock', 'holdfast'], ['stock', 'holdfast', 'holdfast']];

for (const sentinels of mixes) {
  describe(`a quorum of ${sentinels.join(', ')}`, () => {
    it('replaces a master that is killed, once, and demotes it when it comes back', () => withQuorum({ sentinels, downAfter: 2000 },
      async (quorum) => {
        const [old] = quorum.servers;
        await old.kill();
        const fresh = await quorum.agreed({ not: old.port, seconds: 40 });
        await quorum.followed(fresh);
        await old.start();
        await quorum.followed(fresh);
        await until('all have said so', () => quorum.sentinels.every((sentinel) => sentinel.heard('+switch-master').length > 0), { seconds: 40 });
        await quorum.oneSwitch();
      }));

    it('replaces a master that hangs', () => withQuorum({ sentinels, downAfter: 2000 }, async (quorum) => {
      const [old] = quorum.servers;
      old.freeze();
      const fresh = await quorum.agreed({ not: old.port, seconds: 40 });
      old.thaw();
      await quorum.followed(fresh);
      await until('all have said so', () => quorum.sentinels.every((sentinel) => sentinel.heard('+switch-master').length > 0), { seconds: 40 });
      await quorum.oneSwitch();
    }));

    it('does so when a stock one leads', () => withQuorum({ sentinels, downAfter: 2000 }, async (quorum) => {
      const [old] = quorum.servers;
      const [stock] = quorum.sentinels;
      assert.equal(await stock.sentinel('FAILOVER', 'm'), 'OK');
      const fresh = await quorum.agreed({ not: old.port, seconds: 40 });
      await quorum.followed(fresh);
    }));

    it('does so when one of Holdfast is told to', () => withQuorum({ sentinels, downAfter: 2000 }, async (quorum) => {
      const [old] = quorum.servers;
      assert.equal(await quorum.sentinels.at(-1).sentinel('FAILOVER', 'm'), 'OK');
      const fresh = await quorum.agreed({ not: old.port, seconds: 40 });
      await quorum.followed(fresh);
      await until('all have said so', () => quorum.sentinels.every((sentinel) => sentinel.heard('+switch-master').length > 0), { seconds: 40 });
      await quorum.oneSwitch();
    }));

    it('replaces the master with one of the sentinels dead', () => withQuorum({ sentinels, downAfter: 2000 }, async (quorum) => {
      const [old] = quorum.servers;
      await quorum.sentinels[0].kill();
      await old.kill();
      const fresh = await quorum.agreed({ not: old.port, seconds: 40 });
      await quorum.followed(fresh);
    }));
  });
}

describe('one of Holdfast', () => {
  it('takes the place of a stock one with its file, and gives it back', () => withQuorum({ sentinels: ['stock', 'stock', 'stock'], downAfter: 2000 },
    async (quorum) => {
      const [old] = quorum.servers;
      const [changed] = quorum.sentinels;
      const id = await changed.sentinel('MYID');
      for (const kind of ['holdfast', 'stock', 'holdfast']) {
        changed.events.end();
        await changed.process.stop('SIGTERM');
        changed.kind = kind;
        await changed.start();
        assert.equal(await changed.sentinel('MYID'), id);
        await changed.listen();
        await quorum.settled();
      }
      await old.kill();
      const fresh = await quorum.agreed({ not: old.port, seconds: 40 });
      await quorum.followed(fresh);
      changed.events.end();
      await changed.process.stop('SIGTERM');
      changed.kind = 'stock';
      await changed.start();
      assert.equal(await changed.masterPort(), fresh.port);
      assert.match(await changed.call('INFO', 'server'), /redis_version/);
    }));
});
