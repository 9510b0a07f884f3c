import type { Cause } from '../domain/cause.ts';

/** Tells what is written meanwhile whose call it is part of. */
export interface Causes {
  run<R>(cause: Cause, work: () => R): R;
  get(): Cause | undefined;
}
