/** Tries to log in, counted before they are judged, so that many at once are no way around it. */
export interface LoginThrottle {
  /** Counts a try. Answers for how many minutes no more are taken, or null when this one is. */
  attempt(email: string, source: string): number | null;
  /** Forgets the tries of this person from here: they know who they are. */
  succeeded(email: string, source: string): void;
  /** Takes one try back that was neither a success nor a guess. */
  excuse(email: string, source: string): void;
}

const WINDOW_MS = 15 * 60_000;
/** Of one account from one place; of one account from everywhere; of all accounts from one place. */
const LIMITS = { both: 8, account: 40, source: 60 } as const;
const MOST = 20_000;

interface Tries {
  readonly count: number;
  readonly until: number;
}

/** In memory: a restart forgives, which is worth a handful of tries to nobody. */
export function createLoginThrottle(now: () => Date): LoginThrottle {
  const kept = new Map<string, Tries>();

  function countersOf(email: string, source: string) {
    const names = { both: `${email} ${source}`, account: `${email} *`, source: `* ${source}` };
    return (Object.keys(LIMITS) as (keyof typeof LIMITS)[]).map((kind) => {
      const found = kept.get(names[kind]);
      const tries = found && found.until > now().getTime() ? found : undefined;
      return { name: names[kind], limit: LIMITS[kind], tries };
    });
  }

  function add(name: string, tries: Tries | undefined, by: number): void {
    const { count, until } = tries ?? { count: 0, until: now().getTime() + WINDOW_MS };
    if (!kept.has(name) && kept.size >= MOST) {
      const oldest = kept.keys().next();
      if (oldest.done !== true) kept.delete(oldest.value);
    }
    kept.set(name, { count: Math.max(0, count + by), until });
  }

  return {
    attempt(email, source) {
      const counters = countersOf(email, source);
      const full = counters.flatMap(({ tries, limit }) =>
        tries && tries.count >= limit ? [tries.until] : [],
      );
      if (full.length > 0) return Math.max(1, Math.ceil((Math.max(...full) - now().getTime()) / 60_000));
      for (const { name, tries } of counters) add(name, tries, 1);
      return null;
    },
    succeeded(email, source) {
      const [both, ...others] = countersOf(email, source);
      if (both) kept.delete(both.name);
      for (const { name, tries } of others) if (tries) add(name, tries, -1);
    },
    excuse(email, source) {
      for (const { name, tries } of countersOf(email, source)) if (tries) add(name, tries, -1);
    },
  };
}
