import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { inheritedEnvironment } from './config.ts';
import { addressesOf, programEnvironment } from './context.ts';
import { setupErrors } from './errors.ts';
import { findHome } from './home.ts';
import { DIST } from './platform.ts';
import type { Caller } from './up.ts';

/** They speak to the database, and read what is on the disk. */
const NO_LINK = { host: '127.0.0.1' };

/** Commands for root on this machine, and the folders of the programs that do them. */
export const SERVER_PROGRAMS: ReadonlyMap<string, string> = new Map([
  ['admin:recover', 'recover'],
  ['admin:backup', 'backup'],
]);

/**
 * Runs one of the server's own programs, with the server's environment and our terminal; whether a server runs beside it
 * makes no difference, the database must. Its arguments are its own business. Answers its exit code.
 */
export async function runServerProgram(
  { settings, env }: Caller,
  folder: string,
  args: readonly string[],
): Promise<number> {
  if (process.getuid?.() !== 0) throw setupErrors.of('not_root', {});
  const home = await findHome(settings.GANTRY_HOME);
  if (!home) throw setupErrors.of('home_not_ours', { path: settings.GANTRY_HOME });
  const addresses = addressesOf(home, settings, NO_LINK);
  const child = spawn(process.execPath, [join(DIST, 'server', folder, 'main.js'), ...args], {
    stdio: 'inherit',
    env: programEnvironment(home, settings, addresses, inheritedEnvironment(env)),
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}
