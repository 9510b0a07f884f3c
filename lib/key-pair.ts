import { createHash, createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { messageOf } from './errors.ts';

/**
 * A private key and the chain that vouches for it, checked and in canonical form: the leaf first, each certificate signed by
 * the next, the root left out; nothing but PEM, so that it can stand in a file or on a line protocol as it is.
 */
export interface KeyPair {
  readonly chain: readonly X509Certificate[];
  readonly leaf: X509Certificate;
  /** The chain in PEM. Public. */
  readonly certificates: string;
  /** PKCS #8. */
  readonly key: string;
}

/** `problem` goes into a sentence after the name of what is wrong with it. */
export type Reading = { readonly pair: KeyPair } | { readonly problem: string };

/**
 * HAProxy takes a command with its payload in one buffer (`tune.bufsize`, 16384): 2.6.12 was seen to take 16,383 bytes, and
 * to hang on one more. The command itself is less than 100 of them.
 */
export const MAX_BUNDLE_LENGTH = 16_000;

const MAX_CERTIFICATES = 10;
const BLOCK = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;
const KEY_BLOCK =
  /-----BEGIN (?:RSA |EC |ENCRYPTED )?PRIVATE KEY-----[A-Za-z0-9+/=\s:,-]+?-----END (?:RSA |EC |ENCRYPTED )?PRIVATE KEY-----/;
const CURVES = ['prime256v1', 'secp384r1', 'secp521r1'];
const MIN_RSA_BITS = 2048;

/** What a server would present: chain and key. Checks everything that can be checked without knowing whom clients trust. */
export function readKeyPair(chainText: string, keyText: string, now: Date): Reading {
  const given = readCertificates(chainText);
  if ('problem' in given) return given;
  const opened = readKey(keyText);
  if ('problem' in opened) return opened;
  const leaf = given.certificates.find((certificate) => certificate.checkPrivateKey(opened.key));
  if (!leaf)
    return { problem: 'does not belong to this private key: none of its certificates has its public key' };
  const dated = problemOfDates(leaf, now);
  if (dated !== undefined) return { problem: dated };
  const chain = chainFrom(leaf, given.certificates);
  const stray = given.certificates.filter((c) => !chain.includes(c) && !isSelfSigned(c));
  if (stray[0])
    return {
      problem: `holds a certificate that does not belong to its chain (${oneLine(stray[0].subject)})`,
    };
  const certificates = chain.map((c) => pemOf(c)).join('');
  const key = opened.key.export({ type: 'pkcs8', format: 'pem' }).toString();
  const refused = problemOfUse(certificates, key);
  if (refused !== undefined) return { problem: refused };
  return { pair: { chain, leaf, certificates, key } };
}

/** The same of a bundle that `bundleOf` made. */
export function readBundle(bundle: string, now: Date): Reading {
  return readKeyPair(bundle, bundle, now);
}

/** Chain and key in one text, as HAProxy reads it. */
export function bundleOf({ certificates, key }: Pick<KeyPair, 'certificates' | 'key'>): string {
  return `${certificates}${key}`;
}

/** Names a bundle by what is in it. */
export function digestOf(bundle: string): string {
  return createHash('sha256').update(bundle).digest('hex');
}

/** The first certificate of a chain that was read before. */
export function leafOf(chain: string): X509Certificate {
  return new X509Certificate(chain);
}

/** The DNS names a certificate is for; its common name when it has no alternative names. */
export function namesOf(certificate: X509Certificate): string[] {
  const listed = [...(certificate.subjectAltName ?? '').matchAll(/(?:^|, )DNS:([^,"\s]+)/g)].map(
    (m) => m[1] ?? '',
  );
  const common = /^CN=(\S+)$/m.exec(certificate.subject)?.[1];
  const names = listed.length > 0 ? listed : common === undefined ? [] : [common];
  return [...new Set(names.map((name) => name.toLowerCase()))];
}

/** Whether the certificate is good for a host, `*.` in front of it for all hosts one label below. */
export function covers(certificate: X509Certificate, host: string): boolean {
  if (host.startsWith('*.')) return namesOf(certificate).includes(host);
  return namesOf(certificate).some(
    (name) => name === host || (name.startsWith('*.') && host.slice(host.indexOf('.') + 1) === name.slice(2)),
  );
}

export function isSelfSigned(certificate: X509Certificate): boolean {
  return certificate.checkIssued(certificate) && certificate.verify(certificate.publicKey);
}

/** A distinguished name on one line: `CN=www.example.com,O=Example`. */
export function oneLine(name: string): string {
  return name.trim().split('\n').join(',');
}

function readCertificates(
  text: string,
): { readonly certificates: X509Certificate[] } | { readonly problem: string } {
  const blocks = text.match(BLOCK) ?? [];
  if (blocks.length === 0) return { problem: 'holds no certificate in PEM form' };
  if (blocks.length > MAX_CERTIFICATES)
    return { problem: `holds more than ${MAX_CERTIFICATES} certificates` };
  const certificates: X509Certificate[] = [];
  for (const block of blocks) {
    try {
      const certificate = new X509Certificate(block);
      if (!certificates.some((c) => c.fingerprint256 === certificate.fingerprint256))
        certificates.push(certificate);
    } catch {
      return { problem: `holds a block that is no certificate (number ${certificates.length + 1})` };
    }
  }
  return { certificates };
}

function readKey(text: string): { readonly key: KeyObject } | { readonly problem: string } {
  const block = KEY_BLOCK.exec(text)?.[0];
  if (block === undefined) return { problem: 'comes without a private key in PEM form' };
  if (block.includes('ENCRYPTED'))
    return { problem: 'has a private key with a passphrase; give it without one' };
  let key: KeyObject;
  try {
    key = createPrivateKey(block);
  } catch {
    return { problem: 'has a private key that cannot be read' };
  }
  const { modulusLength = 0, namedCurve = '' } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa')
    return modulusLength >= MIN_RSA_BITS
      ? { key }
      : { problem: `has an RSA key of less than ${MIN_RSA_BITS} bits` };
  if (key.asymmetricKeyType === 'ec')
    return CURVES.includes(namedCurve)
      ? { key }
      : { problem: `has an EC key on a curve other than ${CURVES.join(', ')}` };
  return { problem: 'has a private key that is neither RSA nor EC' };
}

function problemOfDates(leaf: X509Certificate, now: Date): string | undefined {
  if (new Date(leaf.validTo) <= now) return `has expired on ${leaf.validTo}`;
  if (new Date(leaf.validFrom) > now) return `is not valid before ${leaf.validFrom}`;
  return undefined;
}

/** The leaf and its signers, as far as they are given, without the root: a client has it, or does not believe it. */
function chainFrom(leaf: X509Certificate, given: readonly X509Certificate[]): X509Certificate[] {
  const chain = [leaf];
  for (;;) {
    const last = chain.at(-1) ?? leaf;
    const signer = given.find((c) => !chain.includes(c) && last.checkIssued(c) && last.verify(c.publicKey));
    if (!signer || isSelfSigned(signer)) return chain;
    chain.push(signer);
  }
}

/** A text that Node's own writer makes: no comments, no blank lines. */
function pemOf(certificate: X509Certificate): string {
  return `${certificate.toString().trim()}\n`;
}

/** OpenSSL has rules of its own, e.g. about signatures by SHA-1. Level 2 is what distributions have HAProxy use. */
function problemOfUse(cert: string, key: string): string | undefined {
  const length = cert.length + key.length;
  if (length > MAX_BUNDLE_LENGTH)
    return `is too long: with its chain and its private key it has ${length} characters, and the router (HAProxy, which takes them in one buffer of 16 kB) has room for ${MAX_BUNDLE_LENGTH}; a shorter chain or an EC key is enough`;
  try {
    createSecureContext({ cert, key, ciphers: 'DEFAULT@SECLEVEL=2' });
    return undefined;
  } catch (err) {
    return `is refused by OpenSSL (${messageOf(err).slice(0, 200)})`;
  }
}
