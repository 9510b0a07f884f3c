import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { issue } from '../support/certificates.ts';

let fixtures = '';

/** The golden files, and beside them the platform's certificate, which no repository holds a key for. */
beforeAll(async () => {
  fixtures = await mkdtemp(join(tmpdir(), 'golden-'));
  await cp('test/fixtures/router', fixtures, { recursive: true });
  const { certificate, key } = await issue({ names: ['localhost'] });
  for (const name of ['empty', 'two-apps', 'large']) {
    await mkdir(join(fixtures, name, 'certificates'));
    await writeFile(join(fixtures, name, 'certificates', 'standard.pem'), certificate + key);
  }
});

afterAll(() => rm(fixtures, { recursive: true }));

it.each(['empty', 'two-apps', 'large'])('HAProxy accepts the golden files of the table %s', async (name) => {
  for (const slot of [0, 1]) {
    const args = ['-c', '-C', `${fixtures}/${name}`, '-f', `process-${slot}.cfg`, '-f', 'pool'];
    const { stdout, stderr } = await promisify(execFile)('haproxy', args);
    expect(`${stdout}${stderr}`).not.toMatch(/ALERT|WARNING/);
  }
});

it('HAProxy accepts the golden files of a router that is not root', async () => {
  const args = ['-c', '-C', `${fixtures}/two-apps`, '-f', '../not-root/process-1.cfg', '-f', 'pool'];
  const { stdout, stderr } = await promisify(execFile)('haproxy', args);
  expect(`${stdout}${stderr}`).not.toMatch(/ALERT|WARNING/);
});
