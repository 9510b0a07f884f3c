import type { Logger } from '../lib/log.ts';
import { RouterError } from './errors.ts';
import { runOf, type Proc } from './haproxy-process.ts';
import { ask, tell } from './haproxy-socket.ts';
import type { Command } from './commands.ts';
import {
  believeInAll,
  commandsBetween,
  forEachMap,
  MAPS,
  onlyPart,
  parseMap,
  parseServers,
  touchedBy,
  type MapName,
  type Part,
  type Runtime,
} from './runtime.ts';
import { parseTls, TLS_QUESTIONS } from './tls.ts';

/**
 * How closely to look: at what changed since this process was last seen equal; at everything it holds; or at everything
 * and with belief in every server, for when the table was made by who had asked them all.
 */
export type Look = 'changes' | 'all' | 'afresh';

/** Makes the memory of a process equal to what is wanted, and looks whether it is. */
export interface Convergence {
  /** Resolves once the process has been seen to hold the wanted runtime. */
  converge(proc: Proc, wanted: Wanted, look: Look, signal: AbortSignal): Promise<void>;
}

const MAX_ROUNDS = 4;

const WHOLE: Part = { maps: MAPS, places: [], tls: true };

/** What a process shall hold, and the text of each certificate file in it. */
export interface Wanted {
  readonly runtime: Runtime;
  readonly textOf: (file: string) => string;
}

async function observe(proc: Proc, part: Part, signal: AbortSignal): Promise<Runtime> {
  const stateLines =
    part === WHOLE ? ['show servers state'] : part.places.map((place) => `show servers state ${place}`);
  const tlsLines = part.tls ? TLS_QUESTIONS : [];
  const lines = [...tlsLines, ...part.maps.map((name) => `show map ${name}`), ...stateLines];
  const all = await ask(proc.socket, lines, signal);
  const answers = all.slice(tlsLines.length);
  const map = (name: MapName): Map<string, string> => {
    const at = part.maps.indexOf(name);
    return at < 0 ? new Map<string, string>() : parseMap(answers[at] ?? '');
  };
  const servers = new Map(answers.slice(part.maps.length).flatMap((answer) => [...parseServers(answer)]));
  return {
    maps: forEachMap(map),
    servers,
    tls: parseTls(all.slice(0, tlsLines.length)),
  };
}

export function createConvergence(log: Logger): Convergence {
  /** What each process was last seen to hold. By run: a process that was started again knows only its files. */
  const seen = new Map<string, Runtime>();

  async function observeTouched(
    proc: Proc,
    part: Part,
    wanted: Runtime,
    signal: AbortSignal,
  ): Promise<Runtime> {
    if (part === WHOLE) return observe(proc, WHOLE, signal);
    return onlyPart(await observe(proc, part, signal), part, wanted);
  }

  /** Gives the commands, and answers what the process holds then as far as that is known. */
  async function change(
    proc: Proc,
    commands: readonly Command[],
    wanted: Runtime,
    signal: AbortSignal,
  ): Promise<Runtime | undefined> {
    try {
      await tell(proc.socket, commands, signal);
      return await observeTouched(proc, touchedBy(commands), wanted, signal);
    } catch (err) {
      if (!RouterError.is(err, 'refused_by_haproxy')) throw err;
      // What we believed of this process is wrong, or it refuses; only a full look tells.
      log.warn({ err, slot: proc.slot }, 'router process refused a command');
      return undefined;
    }
  }

  return {
    async converge(proc, { runtime: wanted, textOf }, look, signal) {
      const run = runOf(proc);
      const known = seen.get(run);
      seen.delete(run);
      let from = look === 'changes' ? known : undefined;
      let left = 0;
      for (let round = 0; round < MAX_ROUNDS; round += 1) {
        from ??= await observe(proc, WHOLE, signal);
        const commands = commandsBetween(from, wanted, textOf);
        left = commands.length;
        if (left === 0) {
          if (look === 'afresh' || !known) await tell(proc.socket, believeInAll(wanted), signal);
          seen.set(run, wanted);
          return;
        }
        if (round > 0 || (look === 'all' && known))
          log.warn({ slot: proc.slot, commands: left }, 'router process differed; repairing');
        from = await change(proc, commands, wanted, signal);
      }
      throw RouterError.of('not_converged', { slot: proc.slot, left });
    },
  };
}
