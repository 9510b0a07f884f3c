import { vi } from 'vitest';
import { PlatformError } from '../../server/domain/errors.ts';
import type { BuildNews } from '../../server/ports/builder.ts';
import { imageOf, patient, type DeployRig } from './services-rig.ts';

export const DATABASE_AWAY = PlatformError.of('database_away', {});
export const BUG = new Error('undefined is not a function');

export const line = (text: string): BuildNews => ({ kind: 'line', text });
export const built = (image = imageOf()): BuildNews => ({ kind: 'built', image });

/** A course of the builder that ends only when it is told to. */
export function untilAborted(begun?: () => Promise<unknown>) {
  return async function* (_order: unknown, signal: AbortSignal): AsyncGenerator<BuildNews> {
    yield line('compiling');
    await begun?.();
    await new Promise((_, reject) => {
      const stop = (): void => reject(signal.reason as Error);
      if (signal.aborted) stop();
      else signal.addEventListener('abort', stop, { once: true });
    });
  };
}

/** A builder that says this much and dies. */
export function dies(...lines: readonly string[]) {
  return async function* (): AsyncGenerator<BuildNews> {
    for (const text of lines) yield line(text);
    await Promise.resolve();
    throw PlatformError.of('builder_away', {});
  };
}

/** Works off an app's builds, passing the (faked) time that it waits. */
export async function drained(rig: DeployRig, appId: string, ms = 20_000): Promise<void> {
  const done = rig.deploys.drain(appId, patient);
  done.catch(() => undefined); // told below
  await vi.advanceTimersByTimeAsync(ms);
  await done;
}
