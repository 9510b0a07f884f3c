import { AsyncLocalStorage } from 'node:async_hooks';

/** A value that everything done on behalf of `work` can ask for, however deep, without being handed it. */
export interface Ambient<T> {
  run<R>(value: T, work: () => R): R;
  /** Undefined outside of any `run`. */
  get(): T | undefined;
}

export function createAmbient<T>(): Ambient<T> {
  const storage = new AsyncLocalStorage<T>();
  return { run: (value, work) => storage.run(value, work), get: () => storage.getStore() };
}
