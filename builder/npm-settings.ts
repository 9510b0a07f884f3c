import { run } from '../lib/child.ts';
import { withDeadline } from '../lib/deadline.ts';

/**
 * Environment for buildpack builds that makes npm inside them use the registry that npm on this machine uses.
 * Asked once; an npm that does not answer costs builds nothing but this setting.
 */
export function createNpmSettings(): (signal: AbortSignal) => Promise<Readonly<Record<string, string>>> {
  let known: Readonly<Record<string, string>> | undefined;
  return async (signal) => {
    if (known !== undefined) return known;
    const { code, stdout } = await withDeadline(20_000, signal, (inner) =>
      run('npm', ['config', 'get', 'registry'], { cwd: '/' }, inner),
    );
    const address = stdout.trim();
    known = code === 0 && /^https?:\/\/\S+$/.test(address) ? { npm_config_registry: address } : {};
    return known;
  };
}
