import { run } from '../lib/child.ts';
import { bareEnvironment } from './context.ts';

/** One command line of iptables that removes something, in the order in which they have to be run. */
export type Removal = readonly string[];

/**
 * What removes a platform's chains from a saved table (the text of iptables-save): first the jumps to them from
 * chains of others, then their rules, then the chains. A chain is the platform's when its name begins with one of
 * the prefixes its programs use.
 */
export function removalsOf(saved: string, id: string): Removal[] {
  const isOurs = (chain: string): boolean => {
    const name = chain.toLowerCase();
    return name.startsWith(`gt${id}-`) || name.startsWith(`gantry-${id}-`);
  };
  const removals: Removal[] = [];
  let table = 'filter';
  let chains: string[] = [];
  for (const line of saved.split('\n')) {
    const words = line.split(' ');
    const [first = '', second = ''] = words;
    if (first.startsWith('*')) table = first.slice(1);
    else if (first.startsWith(':') && isOurs(first.slice(1))) chains.push(first.slice(1));
    else if (first === '-A' && !isOurs(second) && isOurs(words[words.indexOf('-j') + 1] ?? '')) {
      removals.push(['-t', table, '-D', ...words.slice(1)]);
    } else if (first === 'COMMIT') {
      removals.push(
        ...chains.map((chain) => ['-t', table, '-F', chain]),
        ...chains.map((chain) => ['-t', table, '-X', chain]),
      );
      chains = [];
    }
  }
  return removals;
}

/** Removes every chain of a platform and the jumps to it, for both families of addresses. Idempotent. */
export async function removePacketRules(id: string, signal: AbortSignal): Promise<void> {
  const env = bareEnvironment();
  for (const family of ['iptables', 'ip6tables']) {
    const saved = await run(`${family}-save`, [], { env }, signal);
    for (const removal of removalsOf(saved.stdout, id))
      await run(family, ['-w', ...removal], { env }, signal);
  }
}
