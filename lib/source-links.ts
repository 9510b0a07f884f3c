/** Longest chain of links that is followed; the kernel stops there too. */
const MOST_HOPS = 40;

/**
 * Why a symbolic link of a source leads out of it, or undefined when it stays inside.
 *
 * Follows the other links of the tree as the kernel would: with `d/up -> ..` (harmless) and `e -> d/up/..`, the second
 * leads out although its own text does not.
 */
export function escapeOf(path: string, links: ReadonlyMap<string, string>): string | undefined {
  const target = links.get(path) ?? '';
  if (target.startsWith('/')) return 'is an absolute link';
  const at = path.split('/').slice(0, -1);
  const todo = target.split('/');
  for (let hops = 0; todo.length > 0;) {
    const step = todo.shift() ?? '';
    if (step === '' || step === '.') continue;
    if (step === '..') {
      if (at.length === 0) return 'links to a place outside the source';
      at.pop();
      continue;
    }
    const next = links.get([...at, step].join('/'));
    if (next === undefined) {
      at.push(step);
      continue;
    }
    hops += 1;
    // A loop leads nowhere, so not outside either.
    if (hops > MOST_HOPS) return undefined;
    if (next.startsWith('/')) return 'leads to an absolute link';
    todo.unshift(...next.split('/'));
  }
  return undefined;
}
