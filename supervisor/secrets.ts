import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { chmod, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run, runOrThrow } from '../lib/child.ts';
import { isSystemError } from '../lib/errors.ts';
import { bareEnvironment } from './context.ts';
import { exists, writeAtomically, type Home } from './home.ts';

const env = bareEnvironment();

/** Makes the keys and secrets that are not there yet, readable by root only. Never replaces one. */
export async function makeSecrets(home: Home, signal: AbortSignal): Promise<void> {
  const at = (name: string): string => join(home.secrets, name);
  const once = async (name: string, make: (path: string) => Promise<void>): Promise<void> => {
    if (!(await exists(at(name)))) await make(at(name));
  };
  const newKey = (): string => `${randomBytes(32).toString('base64')}\n`;
  // Before the master key: where that was made by a version which had no other, it served these purposes too.
  await once('purpose-key', async (path) => {
    const former = (await exists(at('master-key'))) ? await readFile(at('master-key'), 'utf8') : newKey();
    await writeAtomically(path, former, 0o600);
  });
  await once('master-key', (path) => writeAtomically(path, newKey(), 0o600));
  await once('probe-key', (path) => writeAtomically(path, `${randomBytes(32).toString('hex')}\n`, 0o600));
  await once('registry-key.pem', (path) => writeAtomically(path, ecKey(), 0o600));
  await once('registry-cert.pem', (path) => certificate(at('registry-key.pem'), path, signal));
  await Promise.all(
    HOST_KEYS.map(([type, bits]) =>
      once(`ssh_host_${type}_key`, (path) => hostKey({ type, bits, path }, signal)),
    ),
  );
  // Whatever an operator copied here is closed too.
  for (const name of await readdir(home.secrets))
    await chmod(at(name), 0o600).catch((err: unknown) => {
      if (!isSystemError(err, 'ENOENT')) throw err; // a draft of the running server, which has its place by now
    });
}

const HOST_KEYS = [
  ['ed25519', '256'],
  ['ecdsa', '256'],
  ['rsa', '3072'],
] as const;

function ecKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** The registry trusts a certificate, not a bare key; this one says nothing but "the key". */
async function certificate(key: string, path: string, signal: AbortSignal): Promise<void> {
  const subject = ['-subj', '/CN=gantry', '-days', '7300'];
  await writeAtomically(
    path,
    await runOrThrow(
      'openssl',
      ['req', '-x509', '-new', '-sha256', '-key', key, ...subject],
      { env },
      signal,
    ),
    0o600,
  );
}

async function hostKey(
  key: { type: string; bits: string; path: string },
  signal: AbortSignal,
): Promise<void> {
  const fresh = `${key.path}.new`;
  await rm(fresh, { force: true });
  const args = ['-q', '-t', key.type, '-b', key.bits, '-N', '', '-C', 'gantry', '-f', fresh];
  const made = await run('ssh-keygen', args, { env }, signal);
  if (made.code !== 0) throw new Error(`ssh-keygen could not make a ${key.type} key: ${made.stderr.trim()}`);
  await rename(`${fresh}.pub`, `${key.path}.pub`);
  await rename(fresh, key.path);
}
