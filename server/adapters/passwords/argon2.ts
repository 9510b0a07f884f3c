import { randomBytes } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import { PlatformError } from '../../domain/errors.ts';
import type { Passwords } from '../../ports/passwords.ts';

/** What OWASP's Password Storage Cheat Sheet says: 19 MiB, two passes, one lane. 60 ms on a small machine. */
const COST = { memorySize: 19_456, iterations: 2, parallelism: 1, hashLength: 32 } as const;
const SALT_BYTES = 16;
/** Who waits for more than so many others, 2 s or so, is told to come again. */
const MOST_WAITING = 32;

const reply = z.object({
  id: z.number(),
  answer: z.union([z.string(), z.boolean()]).optional(),
  problem: z.string().optional(),
});

/** No password has this hash: it is verified against when there is none, so that nobody can tell by the time. */
const NOBODYS =
  '$argon2id$v=19$m=19456,t=2,p=1$c2FsdCBvZiBub2JvZHkhIQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';

/** argon2id in one thread of its own, one password at a time: a flood of logins takes one core at most. */
export function createPasswords(): Passwords & AsyncDisposable {
  const waiting = new Map<number, { resolve(answer: string | boolean): void; reject(err: Error): void }>();
  let last = 0;
  let worker: Worker | undefined;

  function failAll(err: Error): void {
    for (const one of waiting.values()) one.reject(err);
    waiting.clear();
    worker = undefined;
  }

  function open(): Worker {
    const opened = new Worker(new URL('./worker.js', import.meta.url));
    opened.on('message', (message) => {
      const { id, answer, problem } = reply.parse(message);
      const asked = waiting.get(id);
      waiting.delete(id);
      if (answer !== undefined) asked?.resolve(answer);
      else asked?.reject(new Error(`the password could not be judged: ${problem ?? 'no reason'}`));
    });
    opened.on('error', failAll);
    opened.on('exit', () => {
      if (worker === opened) failAll(new Error('the thread for passwords ended'));
    });
    opened.unref(); // alone it keeps no process alive
    return opened;
  }

  function ask(question: object, signal: AbortSignal): Promise<string | boolean> {
    signal.throwIfAborted();
    if (waiting.size >= MOST_WAITING) throw PlatformError.of('logins_busy', {});
    const asked = (worker ??= open());
    const id = (last += 1);
    return new Promise((resolve, reject) => {
      const leave = (): void => reject(signal.reason as Error);
      signal.addEventListener('abort', leave, { once: true });
      const done = (): void => signal.removeEventListener('abort', leave);
      waiting.set(id, {
        resolve(answer) {
          done();
          resolve(answer);
        },
        reject(err) {
          done();
          reject(err);
        },
      });
      asked.postMessage({ id, ...question });
    });
  }

  return {
    async hash(password, signal) {
      const options = { ...COST, password: password.reveal(), salt: new Uint8Array(randomBytes(SALT_BYTES)) };
      return z.string().parse(await ask({ options }, signal));
    },
    async verify(hash, password, signal) {
      const options = { password: password.reveal() };
      return (await ask({ hash: hash ?? NOBODYS, options }, signal)) === true && hash !== null;
    },
    async [Symbol.asyncDispose]() {
      const open = worker;
      worker = undefined;
      await open?.terminate();
    },
  };
}
