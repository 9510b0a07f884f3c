/**
 * Failures as a table: a permanent id, whether trying again can help, and the sentence a person reads.
 * Each program declares its rows once (`errorTable`) and throws only rows; a bug stays a plain Error.
 */
export interface ErrorRow<P> {
  /** True when the same call may succeed later without anything being changed by the caller. */
  readonly retry: boolean;
  /** What happened, to what, and what to do next. */
  readonly say: (params: P) => string;
}

/** Declares one row; exists so that the parameters of a row are checked where it is thrown. */
export function row<P>(entry: ErrorRow<P>): ErrorRow<P> {
  return entry;
}

/** An expected failure. Doors turn it into output; nobody else looks at the message. */
export class KnownError extends Error {
  readonly id: string;
  readonly retry: boolean;
  readonly params: Readonly<Record<string, unknown>>;

  constructor(id: string, retry: boolean, message: string, details: { params: object; cause?: unknown }) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'KnownError';
    this.id = id;
    this.retry = retry;
    this.params = { ...details.params };
  }
}

type ParamsOf<R> = R extends ErrorRow<infer P> ? P : never;

/** The thrower of a table's rows: `of` builds the error, `is` recognises one row (or any row of this table). */
export interface ErrorTable<T> {
  readonly ids: readonly (keyof T & string)[];
  of<K extends keyof T & string>(id: K, params: ParamsOf<T[K]>, cause?: unknown): KnownError;
  is(err: unknown, id?: keyof T & string): err is KnownError;
}

export function errorTable<T extends Record<string, ErrorRow<never>>>(rows: T): ErrorTable<T> {
  return {
    ids: Object.keys(rows),
    of(id, params, cause) {
      const entry = rows[id] as unknown as ErrorRow<typeof params>; // the row's own parameter type, lost by the constraint
      return new KnownError(id, entry.retry, entry.say(params), { params: params as object, cause });
    },
    is(err, id): err is KnownError {
      return err instanceof KnownError && (id === undefined ? Object.hasOwn(rows, err.id) : err.id === id);
    },
  };
}

/** The message of anything that was thrown. */
export function messageOf(err: unknown): string {
  return err instanceof Error ? err.message : String(err);
}

/** True for the error of a missing file, and for other system errors when `code` names them. */
export function isSystemError(err: unknown, code: string): boolean {
  return err instanceof Error && 'code' in err && err.code === code;
}
