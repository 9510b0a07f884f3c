import { pause, withDeadline } from '../lib/deadline.ts';
import type { Logger } from '../lib/log.ts';
import type { TicketOf } from './affinity.ts';
import type { Convergence, Look, Wanted } from './convergence.ts';
import { RouterError } from './errors.ts';
import { checkGeneration, type Proc, type Where } from './haproxy-process.ts';
import { SLOTS, type Pair } from './pair.ts';
import { emptyState, type RouterState } from './placement.ts';
import { renderFixed, renderState, type Files, type Settings } from './render.ts';
import { wantedRuntime } from './runtime.ts';
import type { Store } from './store.ts';
import { renderTls } from './tls.ts';
import type { Vault } from './vault.ts';

/** Carries a state out: disk first, then every process. Calls must not overlap. */
export interface Rollout {
  state(): RouterState;
  /** How often the processes were replaced since this router runs. */
  reloads(): number;
  /** Brings files and processes to the saved state. */
  open(signal: AbortSignal): Promise<void>;
  /** Makes this the state: on disk, and seen in the memory of every process, when it resolves. */
  to(next: RouterState, signal: AbortSignal): Promise<void>;
  /** Compares every process with the state, whatever it was seen to hold before, and repairs; takes up a renewed certificate of the platform. */
  recheck(signal: AbortSignal): Promise<void>;
}

export interface RolloutDeps {
  readonly store: Store;
  readonly vault: Vault;
  readonly ticketOf: TicketOf;
  readonly pair: Pair;
  readonly convergence: Convergence;
  readonly settings: Settings;
  readonly where: Where;
  readonly log: Logger;
}

const CONVERGE_WITHIN_MS = 15_000;

export function createRollout(deps: RolloutDeps): Rollout {
  const { store, vault, ticketOf, pair, settings, where, log } = deps;
  let state: RouterState = emptyState();
  let reloads = 0;

  const fixedFiles = ({ generation, pool }: RouterState): Files =>
    renderFixed(settings, pool, (slot) => where.socketOf(slot, generation));

  const stateFiles = (of: RouterState): Files => renderState(of, vault, ticketOf);
  const convergeAll = (look: Look, signal: AbortSignal): Promise<void> =>
    convergePair(deps, state, look, signal);

  /** A new configuration: written apart, read by HAProxy on trial, and only then made the one that counts. */
  async function adoptGeneration(next: RouterState, signal: AbortSignal): Promise<void> {
    const fresh = { ...next, generation: state.generation + 1 };
    await store.writeGeneration(fresh.generation, new Map([...fixedFiles(fresh), ...stateFiles(fresh)]));
    await checkGeneration(where, fresh.generation, signal);
    await store.save(fresh);
    state = fresh;
  }

  async function reload(next: RouterState, signal: AbortSignal): Promise<void> {
    await adoptGeneration(next, signal);
    reloads += 1;
    await convergeAll('changes', signal);
    const used = [...SLOTS.map((slot) => pair.current(slot)), ...pair.retiring().map((r) => r.proc)];
    await store.dropGenerations(
      new Set([state.generation, ...used.flatMap((p) => (p ? [p.generation] : []))]),
    );
  }

  async function openGeneration(signal: AbortSignal): Promise<void> {
    if (!(await store.holds(state.generation, fixedFiles(state)))) {
      try {
        await adoptGeneration(state, signal);
      } catch (err) {
        // After an upgrade, of ours or of HAProxy, that does not fit: the configuration that worked goes on.
        if (!RouterError.is(err, 'bad_configuration') || state.generation === 0) throw err;
        log.error({ err }, 'the new configuration is refused; the former one stays');
      }
    }
    // A crash may have left them between two writes.
    await store.update(state.generation, stateFiles(state));
  }

  return {
    state: () => state,
    reloads: () => reloads,

    async open(signal) {
      state = (await store.load()) ?? state;
      await openGeneration(signal);
      pair.watch(state.generation);
      await convergeAll('all', signal);
    },

    async to(next, signal) {
      if (next.pool.length !== state.pool.length) {
        await reload(next, signal);
        return;
      }
      // A new controller has asked every server it names, its own API among them, which was away until now.
      const look = next.table.version.epoch === state.table.version.epoch ? 'changes' : 'afresh';
      await store.save(next);
      state = next;
      await store.update(next.generation, stateFiles(next));
      await convergeAll(look, signal);
    },

    async recheck(signal) {
      await vault.refresh();
      // Only a renewed certificate of the platform makes a difference here.
      await store.update(state.generation, stateFiles(state));
      await convergeAll('all', signal);
    },
  };
}

/** A process that cannot be brought up to date must not keep the other one from it; but then there is no acknowledgement. */
async function convergePair(
  deps: RolloutDeps,
  state: RouterState,
  look: Look,
  signal: AbortSignal,
): Promise<void> {
  const files = renderTls(state, deps.vault);
  const wanted: Wanted = {
    runtime: wantedRuntime(state, deps.vault, deps.ticketOf),
    textOf: (file) => files.get(file) ?? '',
  };
  const check = (proc: Proc): Promise<void> => deps.convergence.converge(proc, wanted, 'all', signal);
  const slots: Promise<PromiseSettledResult<void>[]>[] = [];
  for (const slot of SLOTS) {
    const brought = deps.pair.bring(slot, { generation: state.generation, check }, signal);
    const converged = brought.then(() => convergeSlot(deps, slot, { wanted, look }, signal));
    slots.push(Promise.allSettled([converged]));
    // One after the other: while one is replaced, the other serves.
    await Promise.allSettled([brought]);
  }
  const failed = (await Promise.all(slots)).flat().find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

async function convergeSlot(
  { pair, convergence, log }: RolloutDeps,
  slot: number,
  to: { readonly wanted: Wanted; readonly look: Look },
  signal: AbortSignal,
): Promise<void> {
  await withDeadline(CONVERGE_WITHIN_MS, signal, async (inner) => {
    for (;;) {
      const proc = await pair.running(slot, inner);
      try {
        await convergence.converge(proc, to.wanted, to.look, inner);
        return;
      } catch (err) {
        // A process that dies in the middle comes back from disk, which is already right; look at the new one.
        if (RouterError.is(err) || inner.aborted) throw err;
        log.debug({ err, slot }, 'router process went away while it was changed');
        await pause(20, inner);
      }
    }
  });
}
