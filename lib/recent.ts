/**
 * What was made of a key is made once and answered again, as long as it is asked for: at least the last `most` keys are
 * known, and never more than twice as many. What is made must depend on nothing but the key.
 */
export function createRecent<T extends object>(most: number): (key: string, make: () => T) => T {
  let younger = new Map<string, T>();
  let older = younger;

  return (key, make) => {
    const known = younger.get(key);
    if (known !== undefined) return known;
    const value = older.get(key) ?? make();
    if (younger.size >= most) {
      older = younger;
      younger = new Map();
    }
    younger.set(key, value);
    return value;
  };
}
