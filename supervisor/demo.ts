import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { run, type Finished } from '../lib/child.ts';
import { bareEnvironment } from './context.ts';
import { setupErrors } from './errors.ts';
import { DIST } from './platform.ts';
import { httpStatus } from './probes.ts';
import type { Caller } from './up.ts';

const PROJECT = dirname(DIST);
const APP = 'hello';

/**
 * Does what the welcome says to do, with the bundled sample: a fresh key, an app, a real push over SSH.
 * Repeatable: an app of that name from an earlier demo is pushed to again.
 */
export async function demo({ settings, terminal }: Caller, signal: AbortSignal): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'gantry-demo-'));
  const key = join(work, 'key');
  const source = join(work, APP);
  const env = {
    ...bareEnvironment(),
    GANTRY_API_URL: `http://127.0.0.1:${settings.GANTRY_API_PORT}`,
    GANTRY_API_KEY: (await readFile(join(settings.GANTRY_HOME, 'admin-token'), 'utf8')).trim(),
    GIT_AUTHOR_NAME: 'Gantry demo',
    GIT_AUTHOR_EMAIL: 'demo@localhost',
    GIT_COMMITTER_NAME: 'Gantry demo',
    GIT_COMMITTER_EMAIL: 'demo@localhost',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_SSH_COMMAND: `ssh -i ${key} -o IdentitiesOnly=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR`,
  };
  const step = async (command: string, ...args: string[]): Promise<Finished> => {
    const done = await run(command, args, { env, cwd: source }, signal);
    return done;
  };
  const must = async (command: string, ...args: string[]): Promise<Finished> => {
    const done = await step(command, ...args);
    const said = (done.stderr.trim() || done.stdout.trim()).split('\n').at(-1) ?? '';
    if (done.code !== 0) throw setupErrors.of('demo_failed', { step: [command, ...args].join(' '), said });
    return done;
  };
  const gantry = join(PROJECT, 'bin', 'gantry');
  try {
    await cp(join(PROJECT, 'samples', APP), source, { recursive: true });
    terminal.say(`Deploying samples/${APP} …`);
    await must('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', `demo-${Date.now()}`, '-f', key);
    await must(gantry, 'keys:add', `${key}.pub`);
    const known = await step(gantry, 'apps:info', '--app', APP);
    if (known.code !== 0) await must(gantry, 'apps:create', APP, '--no-remote');
    await must('git', 'init', '-q', '-b', 'main');
    await must('git', 'add', '-A');
    await must('git', 'commit', '-q', '-m', `The sample, ${new Date().toISOString()}`);
    const remote = `ssh://git@127.0.0.1:${settings.GANTRY_SSH_PORT}/${APP}.git`;
    const pushed = await step('git', 'push', '--force', remote, 'main');
    for (const line of pushed.stderr.trim().split('\n')) terminal.say(line);
    if (pushed.code !== 0)
      throw setupErrors.of('demo_failed', { step: 'git push', said: 'see the lines above' });
    const host = `${APP}.${settings.GANTRY_DOMAIN}`;
    const status = await httpStatus({ port: settings.GANTRY_HTTP_PORT, path: '/', host }, signal);
    if (status !== 200)
      throw setupErrors.of('demo_failed', { step: `GET http://${host}/`, said: `status ${status}` });
    terminal.say(`Live: http://${host}:${settings.GANTRY_HTTP_PORT}`);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
