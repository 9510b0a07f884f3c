/** What happens at one call of a port, which `call` makes. */
type Mishap = (call: () => Promise<unknown>) => Promise<unknown>;

/** Things that go wrong at chosen calls of ports, or happen at that moment. */
export interface Mishaps {
  /** The port; calls that were not chosen go through. */
  readonly on: <T extends object>(name: string, port: T) => T;
  /** The next call of `<port>.<method>` (or the one after those already chosen) goes this way. */
  readonly at: (call: string, mishap: Mishap) => void;
  /** Chosen calls that were never made: a test about them proves nothing. */
  readonly unused: () => string[];
}

export function createMishaps(): Mishaps {
  const chosen = new Map<string, Mishap[]>();
  return {
    on: (name, port) =>
      new Proxy(port, {
        get(target, key) {
          const method: unknown = Reflect.get(target, key);
          if (typeof method !== 'function') return method;
          return (...args: unknown[]): unknown => {
            const call = (): unknown => Reflect.apply(method, target, args) as unknown;
            const mishap = chosen.get(`${name}.${String(key)}`)?.shift();
            return mishap ? mishap(() => Promise.resolve(call())) : call();
          };
        },
      }),
    at: (call, mishap) => chosen.set(call, [...(chosen.get(call) ?? []), mishap]),
    unused: () => [...chosen].flatMap(([call, left]) => left.map(() => call)),
  };
}

/** The call never arrives. */
export function failsBefore(err: Error): Mishap {
  return () => Promise.reject(err);
}

/** The call does its work, but the answer is lost. */
export function failsAfter(err: Error): Mishap {
  return async (call) => {
    await call();
    throw err;
  };
}

/** Something else happens just before the call. */
export function meanwhile(act: () => Promise<unknown>): Mishap {
  return async (call) => {
    await act();
    return call();
  };
}
