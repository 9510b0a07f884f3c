import type { Logger } from './log.ts';

/** Things that were opened, closed in reverse order. */
export interface Lifecycle extends AsyncDisposable {
  /** Remembers something to close and hands it back. */
  own<T extends AsyncDisposable>(thing: T): T;
  /** Remembers a closing step. */
  onClose(name: string, close: () => Promise<void>): void;
}

/**
 * Not AsyncDisposableStack: Node 20 has only its types. Disposal closes in reverse order, each step within
 * `deadlineMs`; a step that fails or hangs is logged and does not keep the others from closing.
 */
export function createLifecycle(log: Logger, deadlineMs: number): Lifecycle {
  const steps: { name: string; close: () => Promise<void> }[] = [];
  return {
    own(thing) {
      steps.push({ name: 'resource', close: async () => thing[Symbol.asyncDispose]() });
      return thing;
    },
    onClose(name, close) {
      steps.push({ name, close });
    },
    async [Symbol.asyncDispose]() {
      for (const step of steps.reverse()) {
        let timer: NodeJS.Timeout | undefined;
        const late = new Promise<never>((_, reject) => {
          timer = setTimeout(() => reject(new Error('took too long to close')), deadlineMs);
        });
        try {
          await Promise.race([step.close(), late]);
        } catch (err) {
          log.warn({ err, step: step.name }, 'did not close cleanly');
        } finally {
          clearTimeout(timer);
        }
      }
    },
  };
}

/** Resolves with the name of the signal when the process is asked to end (SIGTERM, SIGINT). */
export function askedToStop(): Promise<string> {
  return new Promise((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => resolve(name));
  });
}
