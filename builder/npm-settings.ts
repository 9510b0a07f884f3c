import { run, type Finished } from '../lib/child.ts';
import { withDeadline } from '../lib/deadline.ts';

type Ask = (signal: AbortSignal) => Promise<Pick<Finished, 'code' | 'stdout'>>;
type Settings = Readonly<Record<string, string>>;

const askNpm: Ask = (signal) =>
  withDeadline(20_000, signal, (inner) => run('npm', ['config', 'get', 'registry'], { cwd: '/' }, inner));

/**
 * Environment for buildpack builds that makes npm inside them use the registry that npm on this machine uses.
 * Asked until it answers; an npm that is not there, or does not answer, costs a build nothing but this setting.
 *
 * Builds that come together ask once, and one that is cancelled does not take the question with it: an npm for each of
 * fifty builds takes both cores for seconds, in which newer pushes cancel them, so that none ever answers. `life` ends it.
 */
export function createNpmSettings(
  life: AbortSignal,
  ask = askNpm,
): (signal: AbortSignal) => Promise<Settings> {
  let asking: Promise<Settings> | undefined;

  async function question(): Promise<Settings> {
    try {
      const { code, stdout } = await ask(life);
      const address = stdout.trim();
      return code === 0 && /^https?:\/\/\S+$/.test(address) ? { npm_config_registry: address } : {};
    } catch {
      asking = undefined; // the next build asks again
      return {};
    }
  }

  return (signal) =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const leave = (): void => reject(signal.reason as Error);
      signal.addEventListener('abort', leave, { once: true });
      asking ??= question();
      void asking.then(resolve).finally(() => signal.removeEventListener('abort', leave));
    });
}
