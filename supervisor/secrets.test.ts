import { createPrivateKey, X509Certificate } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Home } from './home.ts';
import { makeSecrets } from './secrets.ts';

const patient = new AbortController().signal;

it('makes every key once, closes all to others, and replaces none [S-API-12]', async () => {
  const root = await mkdtemp(join(tmpdir(), 'secrets-'));
  const home: Home = { id: 'abc123', root, run: root, logs: root, secrets: root, volatile: root };
  const read = async (): Promise<Record<string, string>> =>
    Object.fromEntries(
      await Promise.all(
        (await readdir(root)).map(async (name) => [name, await readFile(join(root, name), 'utf8')] as const),
      ),
    );
  await writeFile(join(root, 'ssh_host_rsa_key.new'), 'half a key of a run that was killed');
  await makeSecrets(home, patient);
  const first = await read();
  expect(Object.keys(first).sort()).toEqual([
    'master-key',
    'probe-key',
    'purpose-key',
    'registry-cert.pem',
    'registry-key.pem',
    ...['ecdsa', 'ed25519', 'rsa'].flatMap((type) => [`ssh_host_${type}_key`, `ssh_host_${type}_key.pub`]),
  ]);
  expect(Buffer.from(first['master-key'] ?? '', 'base64')).toHaveLength(32);
  const certificate = new X509Certificate(first['registry-cert.pem'] ?? '');
  expect(certificate.checkPrivateKey(createPrivateKey(first['registry-key.pem'] ?? ''))).toBe(true);

  await chmod(join(root, 'master-key'), 0o644);
  await rm(join(root, 'probe-key'));
  await makeSecrets(home, patient);
  const second = await read();
  expect({ ...second, 'probe-key': first['probe-key'] }).toEqual(first);
  expect(second['probe-key']).not.toBe(first['probe-key']);
  for (const name of Object.keys(second)) expect((await stat(join(root, name))).mode & 0o777).toBe(0o600);
  await rm(root, { recursive: true });
});
