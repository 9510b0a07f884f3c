import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { inheritedEnvironment } from './config.ts';
import { addressesOf, programEnvironment } from './context.ts';
import { setupErrors } from './errors.ts';
import { findHome } from './home.ts';
import { DIST } from './platform.ts';
import type { Caller } from './up.ts';

/** It speaks to the database alone. */
const NO_LINK = { host: '127.0.0.1' };

/**
 * `gantry admin:recover`: lets an administrator in who has lost token, password or second factor. The program that does it
 * is the server's, with the server's environment; whether a server runs beside it makes no difference, the database must.
 */
export async function recoverAdmin({ settings, env }: Caller, args: readonly string[]): Promise<number> {
  if (process.getuid?.() !== 0) throw setupErrors.of('not_root', {});
  const home = await findHome(settings.GANTRY_HOME);
  if (!home) throw setupErrors.of('home_not_ours', { path: settings.GANTRY_HOME });
  const addresses = addressesOf(home, settings, NO_LINK);
  const child = spawn(process.execPath, [join(DIST, 'server', 'recover', 'main.js'), ...args], {
    stdio: 'inherit',
    cwd: '/',
    env: programEnvironment(home, settings, addresses, inheritedEnvironment(env)),
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}
