/** Keeps what is in these maps, sets and lists now, and puts it back as often as it is called, whatever was done to it. */
export function remember(memory: object): () => void {
  const kept = copied({ ...memory });
  return () => {
    const fresh: Readonly<Record<string, unknown>> = copied(kept);
    for (const [name, value] of Object.entries(memory)) {
      const before = fresh[name];
      if (value instanceof Map && before instanceof Map)
        refill(value, (key, one) => value.set(key, one), before);
      else if (value instanceof Set && before instanceof Set) refill(value, (one) => value.add(one), before);
      else Object.assign(memory, { [name]: before });
    }
  };
}

function refill<K, V>(
  into: { clear(): void },
  put: (key: K, value: V) => void,
  from: { forEach(each: (value: V, key: K) => void): void },
): void {
  into.clear();
  from.forEach((value, key) => put(key, value));
}

/** Containers and plain objects anew, and what is one thing in two places stays one; anything else is not changed in place. */
function copied<T>(whole: T): T {
  const done = new Map<unknown, unknown>();
  const copy = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if (done.has(value)) return done.get(value);
    const into = Array.isArray(value) ? [] : emptyLike(value);
    if (into === undefined) return value;
    done.set(value, into);
    if (value instanceof Map)
      for (const [key, one] of value) (into as Map<unknown, unknown>).set(key, copy(one));
    else if (value instanceof Set) for (const one of value) (into as Set<unknown>).add(copy(one));
    else if (Array.isArray(value)) (into as unknown[]).push(...value.map(copy));
    else for (const [key, one] of Object.entries(value)) Object.assign(into, { [key]: copy(one) });
    return into;
  };
  return copy(whole) as T; // of the shape that it was given
}

function emptyLike(value: object): object | undefined {
  if (value instanceof Map) return new Map();
  if (value instanceof Set) return new Set();
  return Object.getPrototypeOf(value) === Object.prototype ? {} : undefined;
}
