import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run, runOrThrow } from '../lib/child.ts';
import { INHERITED, settingsSchema } from './config.ts';
import { bareEnvironment } from './context.ts';
import { exists, forget, writeAtomically, type Home } from './home.ts';
import { DIST } from './platform.ts';

const env = bareEnvironment();

const unitName = (home: Home): string => `gantry-${home.id}.service`;
const unitFile = (home: Home): string => join('/etc/systemd/system', unitName(home));

/** The unit of one platform, from its template: values are paths without spaces, which the settings' schema sees to. */
export function renderUnit(
  template: string,
  values: { node: string; main: string; environment: string },
): string {
  return template
    .replaceAll('@NODE@', () => values.node)
    .replaceAll('@MAIN@', () => values.main)
    .replaceAll('@ENVIRONMENT@', () => values.environment);
}

/** The settings that were given, and how to reach the outside, as systemd's EnvironmentFile= reads them. */
export function environmentFile(given: NodeJS.ProcessEnv): string {
  return [...Object.keys(settingsSchema.shape), ...INHERITED]
    .filter((name) => given[name] !== undefined)
    .map((name) => `${name}="${(given[name] ?? '').replace(/[\\"]/g, '\\$&')}"\n`)
    .join('');
}

/** Installs, enables and starts the platform's unit. The settings given now are the unit's from now on. */
export async function startUnit(home: Home, given: NodeJS.ProcessEnv, signal: AbortSignal): Promise<void> {
  const environment = join(home.root, 'settings.env');
  const template = await readFile(join(DIST, 'supervisor', 'gantry.service'), 'utf8');
  const main = join(DIST, 'supervisor', 'main.js');
  await writeAtomically(environment, environmentFile({ ...given, GANTRY_HOME: home.root }), 0o600);
  await writeAtomically(
    unitFile(home),
    renderUnit(template, { node: process.execPath, main, environment }),
    0o644,
  );
  await runOrThrow('systemctl', ['daemon-reload'], { env }, signal);
  await runOrThrow('systemctl', ['enable', unitName(home)], { env }, signal);
  await runOrThrow('systemctl', ['restart', unitName(home)], { env }, signal);
}

/** Removes the unit; the platform is stopped already. Idempotent, also where systemd never ran. */
export async function removeUnit(home: Home, signal: AbortSignal): Promise<void> {
  if (!(await exists(unitFile(home)))) return;
  await run('systemctl', ['disable', '--now', unitName(home)], { env }, signal);
  await forget(unitFile(home));
  await run('systemctl', ['daemon-reload'], { env }, signal);
}
