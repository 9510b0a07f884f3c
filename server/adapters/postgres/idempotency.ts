import { z } from 'zod';
import type { Idempotency } from '../../ports/accounts.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Sealer } from '../../ports/sealer.ts';
import type { Database } from './database.ts';
import { answerContext } from './seal-contexts.ts';

/** Nobody repeats a request later than this. */
const KEPT_MS = 24 * 60 * 60_000;

/** The status of a call that was begun. */
const BEGUN = 0;

/** `body` is absent in an answer without one. */
const sealedAnswer = z.object({ request: z.string(), body: z.unknown().optional() });

/** Answers are sealed: one may show the config vars that were just set. */
export function createIdempotency({
  db,
  sealer,
  clock,
}: {
  readonly db: Database;
  readonly sealer: Sealer;
  readonly clock: Clock;
}): Idempotency {
  const seal = (userId: string, requestId: string, kept: z.infer<typeof sealedAnswer>) =>
    sealer.seal(JSON.stringify(kept), answerContext(userId, requestId));

  return {
    begin: (userId, requestId, request, signal) =>
      db.dealing(async (ask) => {
        const createdAt = clock.now();
        const body = seal(userId, requestId, { request });
        // A row that is too old is not found any more: it makes room.
        await ask(FORGET, [new Date(createdAt.getTime() - KEPT_MS)]);
        const begun = await ask(BEGIN, [userId, requestId, BEGUN, body, createdAt]);
        if (begun.length === 1) return 'begun';
        const [kept] = await ask<{ status: number; body: Uint8Array }>(KEPT, [userId, requestId]);
        if (!kept) throw new Error('the answer to a request went while it was begun again');
        const plain: unknown = JSON.parse(sealer.open(kept.body, answerContext(userId, requestId)));
        // What another version kept in another form is another call to us.
        const { request: known, body: answer } = sealedAnswer.safeParse(plain).data ?? { request: '' };
        return kept.status === BEGUN
          ? { unfinished: known }
          : { request: known, status: kept.status, body: answer };
      }, signal),

    async finish(userId, requestId, { request, status, body }, signal) {
      const sealed = seal(userId, requestId, { request, body });
      await db.ask(FINISH, [userId, requestId, BEGUN, status, sealed], signal);
    },

    async giveUp(userId, requestId, signal) {
      await db.ask(GIVE_UP, [userId, requestId, BEGUN], signal);
    },
  };
}

const FORGET = {
  name: 'forget answers',
  text: 'DELETE FROM "RequestAnswer" WHERE "createdAt" < $1',
};
const BEGIN = {
  name: 'begin request',
  text: `
    INSERT INTO "RequestAnswer" ("userId", "requestId", status, body, "createdAt")
    VALUES ($1::uuid, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING status`,
};
const KEPT = {
  name: 'kept answer',
  text: 'SELECT status, body FROM "RequestAnswer" WHERE "userId" = $1::uuid AND "requestId" = $2',
};
const WHILE_BEGUN = '"userId" = $1::uuid AND "requestId" = $2 AND status = $3';
const FINISH = {
  name: 'finish request',
  text: `UPDATE "RequestAnswer" SET status = $4, body = $5 WHERE ${WHILE_BEGUN}`,
};
const GIVE_UP = { name: 'give up request', text: `DELETE FROM "RequestAnswer" WHERE ${WHILE_BEGUN}` };
