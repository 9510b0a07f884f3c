import { createServer } from 'node:net';
import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readSettings } from './config.ts';
import { makeHome } from './home.ts';
import { preflight } from './preflight.ts';

const base = { GANTRY_HOME: '/var/tmp/no-such-platform', GANTRY_MIN_DISK_MB: '0' };
const ports = {
  GANTRY_HTTP_PORT: '1',
  GANTRY_HTTPS_PORT: '2',
  GANTRY_SSH_PORT: '3',
  GANTRY_API_PORT: '4',
  GANTRY_REGISTRY_PORT: '5',
};

it('wants root', async () => {
  await expect(preflight(readSettings({ ...base, ...ports }), 1000)).rejects.toThrow(
    'must be started as root',
  );
  await expect(preflight(readSettings({ ...base, ...ports }), 0)).resolves.toBeUndefined();
});

it('wants room', async () => {
  await expect(
    preflight(readSettings({ ...base, ...ports, GANTRY_MIN_DISK_MB: '999999999' }), 0),
  ).rejects.toThrow(/^Only \d+ MB are free below/);
});

it('wants its ports free, and says who has one and which setting chooses another', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '::', resolve));
  const address = server.address();
  const port = String(typeof address === 'object' && address ? address.port : 0);
  const asked = preflight(readSettings({ ...base, ...ports, GANTRY_API_PORT: port }), 0);
  await expect(asked).rejects.toThrow(
    new RegExp(`^Port ${port} is taken by .*process ${process.pid}\\).*GANTRY_API_PORT`),
  );
  await new Promise((resolve) => server.close(resolve));
});

it('wants each port for one thing only', async () => {
  const asked = preflight(readSettings({ ...base, ...ports, GANTRY_SSH_PORT: '1' }), 0);
  await expect(asked).rejects.toThrow('Port 1 is taken by the setting GANTRY_HTTP_PORT');
  const door = preflight(readSettings({ ...base, ...ports, GANTRY_EXEC_PORT: '1' }), 0);
  await expect(door).rejects.toThrow('Port 1 is taken by the setting GANTRY_HTTP_PORT');
});

it('does not put a database where its user cannot reach it', async () => {
  await expect(
    preflight(readSettings({ ...base, ...ports, GANTRY_HOME: '/root/platform' }), 0),
  ).rejects.toThrow('closed to other users');
});

it('leaves a directory alone that is somebody else’s, and takes one that is empty or its own', async () => {
  const root = await mkdtemp('/var/tmp/gantry-home-');
  await chmod(root, 0o755);
  const asked = (home: string): Promise<void> =>
    preflight(readSettings({ ...base, ...ports, GANTRY_HOME: home }), 0);
  const taken = join(root, 'taken');
  await mkdir(taken, { mode: 0o755 });
  await mkdir(join(root, 'empty'), { mode: 0o755 });
  await writeFile(join(taken, 'precious'), '');

  const refusal = `${taken} holds something that is not a platform’s, so it is left alone; set GANTRY_HOME`;
  await expect(asked(taken)).rejects.toThrow(refusal);
  await expect(makeHome(taken)).rejects.toThrow(refusal);
  expect((await stat(taken)).mode & 0o777).toBe(0o755);
  await expect(asked(join(taken, 'precious'))).rejects.toThrow('is left alone');
  await expect(asked('/etc')).rejects.toThrow('is left alone');

  await expect(asked(join(root, 'empty'))).resolves.toBeUndefined();
  await writeFile(join(root, 'empty', 'id.4711.new'), 'abc'); // of a first start that was killed
  await expect(asked(join(root, 'empty'))).resolves.toBeUndefined();
  await makeHome(join(root, 'empty'));
  await expect(asked(join(root, 'empty'))).resolves.toBeUndefined();
  await rm(root, { recursive: true });
});

it('wants a bundle of certificates that can be read and is one', async () => {
  const asked = (bundle: string): Promise<void> =>
    preflight(readSettings({ ...base, ...ports, GANTRY_CA_BUNDLE: bundle }), 0);
  await expect(asked('/nonexistent.pem')).rejects.toThrow(
    /^The setting GANTRY_CA_BUNDLE is wrong \(\/nonexistent.pem cannot be read/,
  );
  await expect(asked('/etc/passwd')).rejects.toThrow('there is no PEM certificate in /etc/passwd');
  await expect(asked('')).resolves.toBeUndefined();
});
