import type { Clock } from '../../ports/clock.ts';
import type { People } from '../../ports/people.ts';
import type { Sealer } from '../../ports/sealer.ts';
import type { Database } from './database.ts';
import { totpContext } from './seal-contexts.ts';

type SecondFactors = Pick<
  People,
  'beginTotp' | 'confirmTotp' | 'useTotpStep' | 'useRecoveryCode' | 'clearTotp'
>;

/** The writes are compare-and-set: of two who use the same code at once, one does. */
export function createSecondFactors({
  db,
  sealer,
  clock,
}: {
  readonly db: Database;
  readonly sealer: Sealer;
  readonly clock: Clock;
}): SecondFactors {
  return {
    async beginTotp(userId, key, signal) {
      const totpPending = sealer.seal(key.reveal(), totpContext(userId));
      const where = { id: userId, removedAt: null, totp: null };
      await db.run((tables) => tables.user.updateMany({ where, data: { totpPending } }), signal);
    },

    confirmTotp: (userId, { step, recoveryHashes }, signal) =>
      db.transaction(async (tables) => {
        const user = await tables.user.findFirst({ where: { id: userId, removedAt: null, totp: null } });
        if (!user?.totpPending) return false;
        const { count } = await tables.user.updateMany({
          where: { id: userId, totp: null, totpPending: user.totpPending },
          data: { totp: user.totpPending, totpPending: null, totpStep: step, updatedAt: clock.now() },
        });
        if (count === 0) return false;
        await tables.recoveryCode.deleteMany({ where: { userId } });
        await tables.recoveryCode.createMany({ data: recoveryHashes.map((hash) => ({ userId, hash })) });
        return true;
      }, signal),

    async useTotpStep(userId, step, signal) {
      const unused = { OR: [{ totpStep: null }, { totpStep: { lt: step } }] };
      const { count } = await db.run(
        (tables) => tables.user.updateMany({ where: { id: userId, ...unused }, data: { totpStep: step } }),
        signal,
      );
      return count === 1;
    },

    async useRecoveryCode(userId, hash, signal) {
      const { count } = await db.run(
        (tables) => tables.recoveryCode.deleteMany({ where: { userId, hash } }),
        signal,
      );
      return count === 1;
    },

    async clearTotp(userId, signal) {
      await db.transaction(async (tables) => {
        const data = { totp: null, totpPending: null, totpStep: null, updatedAt: clock.now() };
        await tables.user.updateMany({ where: { id: userId }, data });
        await tables.recoveryCode.deleteMany({ where: { userId } });
      }, signal);
    },
  };
}
