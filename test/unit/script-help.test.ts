import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { expect, it } from 'vitest';
import { run } from '../../lib/child.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const patient = new AbortController().signal;

it.each([
  ['server', '--help', ['--detach', '--demo']],
  ['stop', '-h', ['--apps']],
  ['uninstall', '--help', ['--purge', '--yes']],
])(
  'script/%s %s tells what it takes, wherever it is called, and does nothing',
  async (name, flag, options) => {
    const called = relative(tmpdir(), join(ROOT, 'script', name));
    const told = await run(called, [flag], { cwd: tmpdir(), env: { PATH: process.env['PATH'] } }, patient);
    expect([told.code, told.stderr]).toEqual([0, '']);
    for (const option of options) expect(told.stdout).toContain(option);
    expect(told.stdout).not.toContain('Building');
  },
);
