import { X509Certificate } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runOrThrow } from '../lib/child.ts';
import { isSystemError } from '../lib/errors.ts';
import { bundleOf, covers, readBundle, readKeyPair } from '../lib/key-pair.ts';
import { bareEnvironment } from './context.ts';
import { writeAtomically, type Home } from './home.ts';

const CA_DAYS = 7300;
/** Clients refuse certificates that are valid for longer than this. */
const LEAF_DAYS = 397;
/** So long before its end a certificate is made anew. */
const RENEW_DAYS = 30;
const DAY_MS = 24 * 60 * 60 * 1000;

/** The certificate of the platform's own authority, which a person hands to clients. */
export const caFileOf = (home: Pick<Home, 'root'>): string => join(home.root, 'ca.pem');

/** The platform's own certificate with its key; the router presents it, and looks for a new one by itself. */
export const certificateOf = (home: Pick<Home, 'secrets'>): string => join(home.secrets, 'tls.pem');

/** The names that the platform's own certificate is for. Some clients believe in no `*.localhost`: the own hosts stand there in full. */
function namesOfPlatform(domain: string): {
  readonly dns: readonly string[];
  readonly ip: readonly string[];
} {
  const dns = [domain, `*.${domain}`, `api.${domain}`, `git.${domain}`, 'localhost'];
  return { dns: [...new Set(dns)], ip: ['127.0.0.1', '::1'] };
}

/**
 * Sees that HTTPS has what it needs: an authority of the platform's own, made once; its certificate where others can read
 * it; and a certificate for the platform's hosts, made anew before it ends or when the domain is another. Idempotent.
 */
export async function makeCertificates(
  home: Pick<Home, 'id' | 'root' | 'run' | 'secrets'>,
  domain: string,
  signal: AbortSignal,
): Promise<void> {
  const authority = { key: join(home.secrets, 'ca-key.pem'), certificate: join(home.secrets, 'ca-cert.pem') };
  await makeAuthority(home, authority, signal);
  if (await mayStay(home, authority.certificate, domain)) return;
  const key = join(home.secrets, 'tls-key.pem');
  await writeAtomically(key, await newKey(signal), 0o600);
  const names = namesOfPlatform(domain);
  const alternatives = [...names.dns.map((name) => `DNS:${name}`), ...names.ip.map((ip) => `IP:${ip}`)];
  const extensions = [
    'basicConstraints=critical,CA:FALSE',
    'keyUsage=critical,digitalSignature',
    'extendedKeyUsage=serverAuth',
    `subjectAltName=${alternatives.join(',')}`,
  ];
  const subject = `/O=Gantry/CN=gantry-${home.id}`;
  const certificate = await sign(home, { key, days: LEAF_DAYS, subject, extensions, authority }, signal);
  const read = readKeyPair(certificate, await readFile(key, 'utf8'), new Date());
  if ('problem' in read) throw new Error(`the certificate that openssl made ${read.problem}`);
  await writeAtomically(certificateOf(home), bundleOf(read.pair), 0o600);
  await rm(key, { force: true }); // it is in the bundle
}

interface Authority {
  readonly key: string;
  readonly certificate: string;
}

async function makeAuthority(
  home: Pick<Home, 'id' | 'root' | 'run'>,
  authority: Authority,
  signal: AbortSignal,
): Promise<void> {
  let certificate = await textOf(authority.certificate);
  if (certificate === undefined) {
    await writeAtomically(authority.key, await newKey(signal), 0o600);
    const extensions = [
      'basicConstraints=critical,CA:TRUE,pathlen:0',
      'keyUsage=critical,keyCertSign,cRLSign',
    ];
    const subject = `/O=Gantry/CN=Gantry authority of platform ${home.id}`;
    certificate = await sign(home, { key: authority.key, days: CA_DAYS, subject, extensions }, signal);
    await writeAtomically(authority.certificate, certificate, 0o600);
  }
  if ((await textOf(caFileOf(home))) !== certificate)
    await writeAtomically(caFileOf(home), certificate, 0o644);
}

/** Whether the certificate that is there is good for a while, for these names and by this authority. */
async function mayStay(home: Pick<Home, 'secrets'>, ca: string, domain: string): Promise<boolean> {
  const bundle = await textOf(certificateOf(home));
  if (bundle === undefined) return false;
  const read = readBundle(bundle, new Date(Date.now() + RENEW_DAYS * DAY_MS));
  if ('problem' in read) return false;
  const { leaf } = read.pair;
  const authority = new X509Certificate(await readFile(ca, 'utf8'));
  return leaf.verify(authority.publicKey) && namesOfPlatform(domain).dns.every((name) => covers(leaf, name));
}

async function newKey(signal: AbortSignal): Promise<string> {
  const args = ['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'];
  return runOrThrow('openssl', args, { env: bareEnvironment() }, signal);
}

async function sign(
  home: Pick<Home, 'run'>,
  wanted: {
    readonly key: string;
    readonly days: number;
    readonly subject: string;
    readonly extensions: readonly string[];
    /** Without one it signs itself. */
    readonly authority?: Authority;
  },
  signal: AbortSignal,
): Promise<string> {
  const { key, days, subject, extensions, authority } = wanted;
  const by = authority ? ['-CA', authority.certificate, '-CAkey', authority.key] : [];
  // OpenSSL asks for a configuration even when everything is said on its command line.
  const config = join(home.run, `openssl-${process.pid}.cnf`);
  await writeAtomically(config, '[req]\ndistinguished_name = name\n[name]\n', 0o600);
  const args = ['req', '-x509', '-new', '-sha256', '-utf8', '-config', config, '-key', key, ...by];
  const said = ['-days', String(days), '-subj', subject, ...extensions.flatMap((e) => ['-addext', e])];
  try {
    return await runOrThrow('openssl', [...args, ...said], { env: bareEnvironment() }, signal);
  } finally {
    await rm(config, { force: true });
  }
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (err) {
    if (isSystemError(err, 'ENOENT')) return undefined;
    throw err;
  }
}
