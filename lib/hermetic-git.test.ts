import { delimiter, dirname } from 'node:path';
import { expect, it } from 'vitest';
import { run } from './child.ts';
import { gitEnvironment, gitSettings } from './hermetic-git.ts';

const patient = new AbortController().signal;

it('finds our own Node first, and nothing of the machine’s or a user’s git configuration [S-GIT-14]', async () => {
  const env = gitEnvironment({ EXTRA: '1' });
  expect(env['PATH']?.split(delimiter)[0]).toBe(dirname(process.execPath));
  expect(env['EXTRA']).toBe('1');
  const listed = await run('git', ['config', '--list', '--show-origin'], { env, cwd: '/' }, patient);
  expect(listed.stdout).toBe('');
});

it('makes settings that git takes, of which the last wins [S-GIT-14]', async () => {
  const args = gitSettings('/srv/x.git', ['gc.auto=7']);
  const ask = async (name: string) =>
    (
      await run('git', [...args, 'config', '--get', name], { env: gitEnvironment({}) }, patient)
    ).stdout.trim();
  expect(await ask('gc.auto')).toBe('7');
  expect(await ask('safe.directory')).toBe('/srv/x.git');
  expect(await ask('protocol.allow')).toBe('never');
});
