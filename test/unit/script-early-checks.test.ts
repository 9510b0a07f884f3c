import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run, type Finished } from '../../lib/child.ts';
import { readSettings } from '../../supervisor/config.ts';
import { setupErrors } from '../../supervisor/errors.ts';

const SCRIPT = join(import.meta.dirname, '..', '..', 'script', 'early-checks');
const PORTS = [
  ...(['GANTRY_HTTP_PORT', 'GANTRY_HTTPS_PORT', 'GANTRY_SSH_PORT', 'GANTRY_API_PORT'] as const),
  'GANTRY_REGISTRY_PORT',
] as const;
const patient = new AbortController().signal;

/** A checkout that was never built. */
let checkout: string;
beforeEach(async () => {
  checkout = await mkdtemp(join(tmpdir(), 'early-'));
  await mkdir(join(checkout, 'script'));
  await copyFile(SCRIPT, join(checkout, 'script', 'early-checks'));
});
afterEach(() => rm(checkout, { recursive: true }));

const check = (env: Record<string, string>, user?: { uid: number; gid: number }): Promise<Finished> =>
  run(
    '/bin/bash',
    [join(checkout, 'script', 'early-checks')],
    // No port of this machine that is in use by chance.
    {
      env: { PATH: process.env['PATH'], GANTRY_HOME: join(checkout, 'home'), ...FREE, ...env },
      ...(user && { user }),
    },
    patient,
  );
const FREE = Object.fromEntries(PORTS.map((name, n) => [name, String(1 + n)]));

/** Listens on a port while the work is done. */
async function whileTaken<T>(work: (port: number) => Promise<T>): Promise<T> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, resolve));
  try {
    return await work((server.address() as AddressInfo).port);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

describe('before packages and build', { timeout: 60_000 }, () => {
  it('nothing is said where a start may go on', async () => {
    expect(await check({})).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('a person without root is told so, in the words of the whole check', async () => {
    await run('chmod', ['-R', 'a+rX', checkout], {}, patient);
    const told = await check({}, { uid: 65_534, gid: 65_534 });
    expect([told.code, told.stderr]).toEqual([1, `${setupErrors.of('not_root', {}).message}\n`]);
  });

  it('a disk that is short is told, in the words of the whole check', async () => {
    const told = await check({ GANTRY_MIN_DISK_MB: '999999999' });
    const freeMb = Number(/^Only (\d+) MB/.exec(told.stderr)?.[1]);
    const { message } = setupErrors.of('disk_short', {
      ...{ path: join(checkout, 'home'), freeMb, needMb: 999_999_999 },
    });
    expect([told.code, told.stderr]).toEqual([1, `${message}\n`]);
  });

  it.each(PORTS)('a port that is taken is told, with the setting to change: %s', async (setting) => {
    await whileTaken(async (port) => {
      const told = await check({ [setting]: String(port) });
      const { message } = setupErrors.of('port_taken', { port, setting, holder: 'another program' });
      expect([told.code, told.stderr]).toEqual([1, `${message}\n`]);
    });
  });

  it('ports are left to the whole check where a platform is already, or all is built', async () => {
    await whileTaken(async (port) => {
      const taken = { GANTRY_SSH_PORT: String(port) };
      for (const file of ['dist/.stamp', 'node_modules/.gantry-lock']) {
        expect((await check(taken)).code, file).toBe(1);
        await mkdir(join(checkout, file, '..'));
        await writeFile(join(checkout, file), '');
      }
      expect((await check(taken)).code).toBe(0);
      await rm(join(checkout, 'dist'), { recursive: true });
      expect((await check(taken)).code).toBe(1);
      await mkdir(join(checkout, 'home'));
      await writeFile(join(checkout, 'home', 'id'), 'abc123\n');
      expect((await check(taken)).code).toBe(0);
    });
  });

  it('a registry that is given needs no port, and a wrong setting is left to the whole check', async () => {
    await whileTaken(async (port) => {
      const given = { GANTRY_REGISTRY_PORT: String(port), GANTRY_REGISTRY: 'r:5000' };
      expect((await check(given)).code).toBe(0);
    });
    for (const wrong of ['x', '', '99999999', '-1'])
      expect(await check({ GANTRY_HTTP_PORT: wrong, GANTRY_MIN_DISK_MB: 'much' })).toMatchObject({ code: 0 });
  });

  it('what is not set is looked at as the settings have it', async () => {
    const settings = readSettings({});
    const text = await readFile(SCRIPT, 'utf8');
    for (const name of PORTS) expect(text).toContain(`${name}=${settings[name]}`);
    expect(text).toContain(`{GANTRY_MIN_DISK_MB:-${settings.GANTRY_MIN_DISK_MB}}`);
    expect(text).toContain(`{GANTRY_HOME:-${settings.GANTRY_HOME}}`);
  });
});
