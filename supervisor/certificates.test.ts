import { X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { namesOf } from '../lib/key-pair.ts';
import { caFileOf, certificateOf, makeCertificates } from './certificates.ts';

const patient = new AbortController().signal;

let root = '';
const home = () => ({ id: 'abc123', root, run: root, secrets: root });

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'certificates-'));
});

afterEach(async () => {
  vi.useRealTimers();
  await rm(root, { recursive: true });
});

const leaf = async (): Promise<X509Certificate> => new X509Certificate(await readFile(certificateOf(home())));
const authority = async (): Promise<X509Certificate> => new X509Certificate(await readFile(caFileOf(home())));

it('makes an authority that others can read, and a certificate by it for the platform’s own hosts', async () => {
  await makeCertificates(home(), 'apps.example', patient);
  expect(namesOf(await leaf())).toEqual([
    'apps.example',
    '*.apps.example',
    'api.apps.example',
    'git.apps.example',
    'localhost',
  ]);
  expect((await leaf()).checkIP('127.0.0.1')).toBe('127.0.0.1');
  expect((await leaf()).checkIP('::1')).toBe('::1');
  expect((await leaf()).verify((await authority()).publicKey)).toBe(true);
  expect((await authority()).ca).toBe(true);
  expect((await leaf()).ca).toBe(false);
  const mode = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;
  expect(await mode(caFileOf(home()))).toBe(0o644);
  expect(await mode(certificateOf(home()))).toBe(0o600);
  expect((await readdir(root)).toSorted()).toEqual(['ca-cert.pem', 'ca-key.pem', 'ca.pem', 'tls.pem']);
});

it('keeps what is good, and puts the public copy back', async () => {
  await makeCertificates(home(), 'apps.example', patient);
  const before = await readFile(certificateOf(home()), 'utf8');
  const ca = await readFile(caFileOf(home()), 'utf8');
  await rm(caFileOf(home()));
  await makeCertificates(home(), 'apps.example', patient);
  expect(await readFile(certificateOf(home()), 'utf8')).toBe(before);
  expect(await readFile(caFileOf(home()), 'utf8')).toBe(ca);
});

it('makes a new certificate by the same authority for another domain, and a month before the end', async () => {
  await makeCertificates(home(), 'apps.example', patient);
  const first = await leaf();
  await makeCertificates(home(), 'other.example', patient);
  const second = await leaf();
  expect(namesOf(second)).toContain('*.other.example');
  vi.useFakeTimers({ now: Date.now() + 370 * 24 * 60 * 60 * 1000, toFake: ['Date'] });
  await makeCertificates(home(), 'other.example', patient);
  const third = await leaf();
  expect(new Set([first, second, third].map((c) => c.fingerprint256)).size).toBe(3);
  expect(third.verify((await authority()).publicKey)).toBe(true);
});
