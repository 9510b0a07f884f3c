import type { SshLimits } from './limits.ts';

/** A connection that has not logged in, as far as places go. */
export interface Stranger {
  readonly source: string;
  /** It only holds its place: it had time to begin the key exchange, which a real client does at once, and has not. */
  readonly idle: boolean;
}

/** Whether a newcomer gets a place: a free one, that of another stranger, or none for now. */
export type Room<T extends Stranger> = 'free' | 'none' | { readonly insteadOf: T };

/**
 * Finds a place for a newcomer. Strangers are given oldest first.
 *
 * Whoever has begun keeps its place until its grace is over, however many come: fifty logins from one office are no
 * attack. Who only holds a place open goes first, the oldest of them, so that under a flood a real client still gets in. Only
 * when the places of all sources together are taken does a source that holds more than others give one up.
 */
export function roomFor<T extends Stranger>(
  source: string,
  strangers: readonly T[],
  limits: Pick<SshLimits, 'strangers' | 'strangersPerSource'>,
): Room<T> {
  const counts = new Map<string, number>();
  for (const one of strangers) counts.set(one.source, (counts.get(one.source) ?? 0) + 1);
  const own = counts.get(source) ?? 0;
  const idleOf = (from: string): T | undefined => strangers.find((one) => one.idle && one.source === from);
  if (own >= limits.strangersPerSource) return instead(idleOf(source));
  if (strangers.length < limits.strangers) return 'free';
  const [heaviest, most] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? [source, 0];
  const greedy = most > own + 1 ? strangers.find((one) => one.source === heaviest) : undefined;
  return instead(idleOf(heaviest) ?? greedy ?? strangers.find((one) => one.idle));
}

function instead<T extends Stranger>(who: T | undefined): Room<T> {
  return who === undefined ? 'none' : { insteadOf: who };
}
