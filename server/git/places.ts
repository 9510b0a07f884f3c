import { PlatformError } from '../domain/errors.ts';
import type { GitClient } from './client.ts';
import type { GitLimits } from './limits.ts';

/** Gives a place back. */
type Leave = () => void;

export interface Places {
  /**
   * Takes a place for one git process, at once where one is free, else when one becomes free; first come, first served.
   * Undefined when the client left while it waited. Throws `too_many_git_commands` when too many wait already or the wait
   * was too long, and what the line was closed with.
   */
  take(userId: string, client: GitClient): Leave | Promise<Leave | undefined>;
  taken(): number;
  /** Sends everybody away who waits, with this. */
  close(why: Error): void;
}

interface Waiting {
  readonly userId: string;
  readonly client: GitClient;
  readonly begin: (leave: Leave | undefined) => void;
  readonly refuse: (why: Error) => void;
}

/**
 * An office or a CI behind one person fetches fifty times in the same second: those wait, and are not turned away.
 * A command that outlives its client no longer counts against the person, only against all.
 */
export function createPlaces(limits: GitLimits): Places {
  const held = new Map<string, number>();
  const line = new Set<Waiting>();
  let running = 0;
  const isFree = (userId: string): boolean =>
    running < limits.commands && (held.get(userId) ?? 0) < limits.commandsPerActor;

  function occupy(userId: string, client: GitClient): Leave {
    running += 1;
    held.set(userId, (held.get(userId) ?? 0) + 1);
    let counted = true;
    const uncount = (): void => {
      if (!counted) return;
      counted = false;
      const left = (held.get(userId) ?? 0) - 1;
      if (left > 0) held.set(userId, left);
      else held.delete(userId);
      callNext();
    };
    client.onGone(uncount);
    return () => {
      running -= 1;
      uncount();
      callNext(); // the person may have been uncounted before
    };
  }

  function callNext(): void {
    for (const one of line) {
      if (running >= limits.commands) return;
      if (!isFree(one.userId)) continue;
      line.delete(one);
      one.begin(occupy(one.userId, one.client));
    }
  }

  function wait(userId: string, client: GitClient): Promise<Leave | undefined> {
    const mine = [...line].filter((one) => one.userId === userId).length;
    if (line.size >= limits.waiting || mine >= limits.waitingPerActor)
      throw PlatformError.of('too_many_git_commands', {});
    return new Promise((resolve, reject) => {
      const tooLong = setTimeout(
        () => one.refuse(PlatformError.of('too_many_git_commands', {})),
        limits.waitMs,
      );
      const over = (): void => {
        clearTimeout(tooLong);
        line.delete(one);
      };
      const one: Waiting = {
        userId,
        client,
        begin(leave) {
          over();
          resolve(leave);
        },
        refuse(why) {
          over();
          reject(why);
        },
      };
      line.add(one);
      client.onGone(() => {
        if (line.has(one)) one.begin(undefined);
      });
    });
  }

  return {
    take: (userId, client) => (isFree(userId) ? occupy(userId, client) : wait(userId, client)),
    taken: () => running,
    close(why) {
      for (const one of line) one.refuse(why);
    },
  };
}
