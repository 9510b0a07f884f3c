import type { Logger } from '../lib/log.ts';
import { RouterError } from './errors.ts';
import { runOf, type Proc } from './haproxy-process.ts';
import { ask, tell } from './haproxy-socket.ts';
import {
  commandsBetween,
  MAPS,
  onlyPart,
  parseMap,
  parseServers,
  revivals,
  touchedBy,
  type MapName,
  type Part,
  type Runtime,
} from './runtime.ts';

/**
 * How closely to look: at what changed since this process was last seen equal; at everything it holds; or at everything
 * and with each server that it gave up tried anew, for when the table says of all of them that they serve.
 */
export type Look = 'changes' | 'all' | 'afresh';

/** Makes the memory of a process equal to what is wanted, and looks whether it is. */
export interface Convergence {
  /** Resolves once the process has been seen to hold the wanted runtime. */
  converge(proc: Proc, wanted: Runtime, look: Look, signal: AbortSignal): Promise<void>;
}

const MAX_ROUNDS = 4;

const WHOLE: Part = { maps: MAPS, places: [] };

async function observe(proc: Proc, part: Part, signal: AbortSignal): Promise<Runtime> {
  const stateLines =
    part === WHOLE ? ['show servers state'] : part.places.map((place) => `show servers state ${place}`);
  const lines = [...part.maps.map((name) => `show map ${name}`), ...stateLines];
  const answers = await ask(proc.socket, lines, signal);
  const map = (name: MapName): Map<string, string> => {
    const at = part.maps.indexOf(name);
    return at < 0 ? new Map<string, string>() : parseMap(answers[at] ?? '');
  };
  const servers = new Map(answers.slice(part.maps.length).flatMap((answer) => [...parseServers(answer)]));
  return {
    maps: { 'apps.map': map('apps.map'), 'routes.map': map('routes.map'), 'wild.map': map('wild.map') },
    servers,
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

  return {
    async converge(proc, wanted, look, signal) {
      const run = runOf(proc);
      let from = look === 'changes' ? seen.get(run) : undefined;
      const repairing = look === 'all' && seen.has(run);
      seen.delete(run);
      let left = 0;
      for (let round = 0; round < MAX_ROUNDS; round += 1) {
        from ??= await observe(proc, WHOLE, signal);
        const anew = look === 'afresh' && round === 0 ? revivals(from, wanted) : [];
        const commands = [...commandsBetween(from, wanted), ...anew];
        left = commands.length;
        if (left === 0) {
          seen.set(run, wanted);
          return;
        }
        if (repairing || round > 0)
          log.warn({ slot: proc.slot, commands: left }, 'router process differed; repairing');
        try {
          await tell(proc.socket, commands, signal);
          from = await observeTouched(proc, touchedBy(commands), wanted, signal);
        } catch (err) {
          if (!RouterError.is(err, 'refused_by_haproxy')) throw err;
          // What we believed of this process is wrong, or it refuses; only a full look tells.
          log.warn({ err, slot: proc.slot }, 'router process refused a command');
          from = undefined;
        }
      }
      throw RouterError.of('not_converged', { slot: proc.slot, left });
    },
  };
}
