import { createHash } from 'node:crypto';
import type { Answer } from './answer.ts';
import type { Call } from './route.ts';

/** How long a client may repeat a call whose connection broke, and how many such calls are remembered. */
const KEPT_MS = 5 * 60_000;
const MOST = 1_000;

/**
 * Answers that show a secret once are kept nowhere but here, in memory, for a client that repeats its call because the
 * connection broke. After a restart the repeat does the work again: a secret that nobody has seen is no loss.
 */
export interface SecretAnswers {
  keep<C extends Call, A extends Answer>(work: (call: C) => Promise<A>): (call: C) => Promise<A>;
  /** The kept answer of an earlier call with the same id, else that of the work, done anew. */
  again<C extends Call, A extends Answer>(work: (call: C) => Promise<A>): (call: C) => Promise<A>;
}

export function createSecretAnswers(now: () => Date): SecretAnswers {
  const kept = new Map<string, { readonly at: number; readonly answer: Answer }>();
  // A client that uses one id for different calls must not be given the answer, and the secret, of another of them.
  const nameOf = ({ actor: { userId, credential }, requestId, params, sent }: Call): string => {
    const call = createHash('sha256').update(JSON.stringify([params, sent ?? null]));
    return `${userId} ${credential?.id ?? ''} ${requestId} ${call.digest('base64url')}`;
  };

  function forgetOld(): void {
    for (const [name, { at }] of kept) {
      if (kept.size < MOST && at > now().getTime() - KEPT_MS) break; // oldest first
      kept.delete(name);
    }
  }

  const keep: SecretAnswers['keep'] = (work) => async (call) => {
    const answer = await work(call);
    forgetOld();
    kept.set(nameOf(call), { at: now().getTime(), answer });
    return answer;
  };

  return {
    keep,
    again: (work) => async (call) => {
      forgetOld();
      const known = kept.get(nameOf(call));
      // Kept by the same work, under the id and the content of the same call.
      return known === undefined ? keep(work)(call) : (known.answer as Awaited<ReturnType<typeof work>>);
    },
  };
}
