import { pause, withDeadline } from '../lib/deadline.ts';
import { messageOf } from '../lib/errors.ts';
import { startLoop } from '../lib/loop.ts';
import { RouterError } from './errors.ts';
import { findProcesses, isAlive, type Proc } from './haproxy-process.ts';
import {
  adoptInto,
  bury,
  emptySlot,
  exclusively,
  lookAtRetiring,
  replace,
  startMissing,
  type Replacement,
  type Retiring,
  type Slot,
  type SlotDeps,
} from './slot.ts';

/**
 * The two independent HAProxy processes that share the port. One that dies is started again from the files on disk.
 * Disposal lets go of them and they go on serving: the next router adopts them, or whoever stops the platform ends them.
 */
export interface Pair extends AsyncDisposable {
  /** Takes over what a former router left running. */
  adopt(signal: AbortSignal): Promise<void>;
  /** From now on whatever is missing is started with this generation. */
  watch(generation: number): void;
  /** Makes a process run a generation without losing a connection; starts it when there is none. */
  bring(slot: number, by: Replacement, signal: AbortSignal): Promise<void>;
  /** The process of a slot, when it runs. */
  current(slot: number): Proc | null;
  /** The process of a slot; waits for one that is being started. Throws `process_down`. */
  running(slot: number, signal: AbortSignal): Promise<Proc>;
  retiring(): readonly Retiring[];
  status(): { pid: number; healthy: boolean; restarts: number }[];
}

export const SLOTS = [0, 1] as const;

const WATCH_EVERY_MS = 40;
const RETIRING_LOOK_EVERY_MS = 1_000;
const RUNNING_WITHIN_MS = 10_000;

export function createPair(deps: SlotDeps & { readonly routerDir: string }): Pair {
  const slots = SLOTS.map((index) => emptySlot(index));
  let wanted = -1;
  let watching: AsyncDisposable | undefined;

  function slotAt(index: number): Slot {
    const slot = slots[index];
    if (!slot) throw new Error(`there is no router process ${index}`);
    return slot;
  }

  return {
    async adopt(signal) {
      const found = await findProcesses(deps.routerDir, deps.where);
      for (const slot of slots) await adoptInto(slot, found, deps.log, signal);
    },

    watch(generation) {
      wanted = generation;
      watching ??= watchSlots(slots, () => wanted, deps);
    },

    async bring(index, by, signal) {
      wanted = by.generation;
      const slot = slotAt(index);
      try {
        await exclusively(slot, signal, () => replace(slot, by, deps, signal));
      } catch (err) {
        slot.lastProblem = messageOf(err);
        throw err;
      }
    },

    current: (index) => slotAt(index).current,

    async running(index, signal) {
      const slot = slotAt(index);
      try {
        return await withDeadline(RUNNING_WITHIN_MS, signal, async (inner) => {
          for (;;) {
            if (slot.current && isAlive(slot.current)) return slot.current;
            await pause(10, inner);
          }
        });
      } catch (err) {
        if (signal.aborted) throw err;
        throw RouterError.of('process_down', { slot: index, reason: slot.lastProblem }, err);
      }
    },

    retiring: () => slots.flatMap((s) => s.retiring),

    status: () =>
      slots.map(({ current, restarts }) => ({
        pid: current?.pid ?? 0,
        healthy: current !== null && isAlive(current),
        restarts,
      })),

    async [Symbol.asyncDispose]() {
      await watching?.[Symbol.asyncDispose]();
      // They would keep a process that has finished everything else.
      for (const old of slots.flatMap((s) => s.retiring)) old.line?.close();
    },
  };
}

/** By looking, not by waiting for children: a process that an earlier router started is nobody's child. */
function watchSlots(slots: readonly Slot[], wanted: () => number, deps: SlotDeps): AsyncDisposable {
  let lastLook = 0;
  async function round(signal: AbortSignal): Promise<void> {
    const now = Date.now();
    const look = now - lastLook >= RETIRING_LOOK_EVERY_MS;
    if (look) lastLook = now;
    for (const slot of slots) {
      if (slot.busy) continue;
      if (look) await lookAtRetiring(slot, signal);
      bury(slot, deps.log);
      if (slot.current !== null || now < slot.nextTryAt) continue;
      // Not awaited: the other process is watched meanwhile. It fails only when the loop ends.
      exclusively(slot, signal, () => startMissing(slot, wanted(), deps, signal)).catch(() => undefined);
    }
  }
  return startLoop(round, { name: 'router processes', log: deps.log, everyMs: WATCH_EVERY_MS });
}
