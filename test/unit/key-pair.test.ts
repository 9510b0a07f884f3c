import { beforeAll, expect, it } from 'vitest';
import { issue, type Issued } from '../support/certificates.ts';
import {
  bundleOf,
  covers,
  digestOf,
  namesOf,
  oneLine,
  readBundle,
  readKeyPair,
  type KeyPair,
} from '../../lib/key-pair.ts';

let root: Issued;
let middle: Issued;
let leaf: Issued;
let stranger: Issued;
/** Later than whatever a test has made. */
const now = new Date(Date.now() + 60_000);

beforeAll(async () => {
  root = await issue({ kind: 'ca', subject: '/CN=root' });
  middle = await issue({ kind: 'ca', subject: '/CN=middle', by: root });
  leaf = await issue({ names: ['www.example.com', '*.Example.org'], subject: '/CN=leaf', by: middle });
  stranger = await issue({ names: ['other.example'] });
});

function good(chain: string, key: string, at = now): KeyPair {
  const read = readKeyPair(chain, key, at);
  if ('problem' in read) throw new Error(read.problem);
  return read.pair;
}

const problem = (chain: string, key: string, at = now): string => {
  const read = readKeyPair(chain, key, at);
  return 'problem' in read ? read.problem : 'none';
};

it('puts the chain in order, whatever order it comes in, and leaves the root and comments out', () => {
  const text = `Bag Attributes\n${root.certificate}\n\n# mine\n${middle.certificate}${leaf.certificate}`;
  const pair = good(text, `\n${leaf.key}\n`);
  expect(pair.chain.map((c) => c.subject)).toEqual(['CN=leaf', 'CN=middle']);
  expect(pair.certificates.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  expect(bundleOf(pair)).toMatch(
    /^(-----BEGIN [A-Z ]+-----\n([A-Za-z0-9+/=]{1,76}\n)+-----END [A-Z ]+-----\n){3}$/,
  );
});

it('reads back what it made, and names it by its content', () => {
  const bundle = bundleOf(good(leaf.certificate + middle.certificate, leaf.key));
  const again = readBundle(bundle, now);
  expect('pair' in again && bundleOf(again.pair)).toBe(bundle);
  expect(digestOf(bundle)).toMatch(/^[0-9a-f]{64}$/);
});

it('keeps a certificate that signed itself', () => {
  expect(good(stranger.certificate, stranger.key).chain).toHaveLength(1);
});

it('says what is wrong with what it cannot take', async () => {
  expect(problem('', leaf.key)).toBe('holds no certificate in PEM form');
  expect(problem(leaf.certificate, 'hello')).toBe('comes without a private key in PEM form');
  expect(problem(leaf.certificate, stranger.key)).toMatch(/^does not belong to this private key/);
  expect(problem(leaf.certificate + stranger.certificate, leaf.key)).toBe('none'); // a root somebody added
  const unrelated = await issue({ by: root, subject: '/CN=unrelated' });
  expect(problem(leaf.certificate + unrelated.certificate, leaf.key)).toBe(
    'holds a certificate that does not belong to its chain (CN=unrelated)',
  );
  expect(problem('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', leaf.key)).toBe(
    'holds a block that is no certificate (number 1)',
  );
  expect(problem(Array.from({ length: 11 }, () => leaf.certificate).join(''), leaf.key)).toMatch(
    /more than 10/,
  );
  expect(problem(leaf.certificate, leaf.key, new Date(now.getTime() + 31 * 86_400_000))).toMatch(
    /^has expired on/,
  );
  expect(problem(leaf.certificate, leaf.key, new Date(now.getTime() - 86_400_000))).toMatch(
    /^is not valid before/,
  );
});

it('takes what the router has room for, and says how much there is of more', async () => {
  const of = (count: number) =>
    issue({
      by: root,
      subject: '/CN=many',
      names: Array.from({ length: count }, (_, n) => `host-${n}.example.com`),
    });
  const [most, more] = await Promise.all([of(480), of(700)]);
  const { certificates, key } = good(most.certificate, most.key);
  expect(certificates.length + key.length).toBeGreaterThan(14_000);
  expect(problem(more.certificate, more.key)).toMatch(
    /^is too long: .* it has \d{5} characters, and the router \(HAProxy.*16 kB\) has room for 16000; a shorter chain/,
  );
});

it('refuses keys and signatures that HAProxy could not use', async () => {
  const small = await issue({ algorithm: ['RSA', '-pkeyopt', 'rsa_keygen_bits:1024'] });
  expect(problem(small.certificate, small.key)).toBe('has an RSA key of less than 2048 bits');
  const edwards = await issue({ algorithm: ['ED25519'] }).catch(() => undefined); // digest options differ by version
  if (edwards) expect(problem(edwards.certificate, edwards.key)).toMatch(/neither RSA nor EC/);
  const curve = await issue({ algorithm: ['EC', '-pkeyopt', 'ec_paramgen_curve:secp256k1'] });
  expect(problem(curve.certificate, curve.key)).toMatch(/on a curve other than/);
  const old = await issue({ digest: 'sha1', by: root });
  expect(problem(old.certificate, old.key)).toMatch(/^is refused by OpenSSL \(.*too weak/);
  const locked = leaf.key.replaceAll('PRIVATE KEY', 'ENCRYPTED PRIVATE KEY');
  expect(problem(leaf.certificate, locked)).toMatch(/passphrase/);
  const rsa = await issue({ algorithm: ['RSA', '-pkeyopt', 'rsa_keygen_bits:2048'], names: ['a.example'] });
  expect(good(rsa.certificate, rsa.key).key).toContain('BEGIN PRIVATE KEY');
});

it('lets nothing of the name in a certificate out, but hosts [S-INJ-05]', async () => {
  const subject = '/CN=a" b;$(id)#\\n\u001b[2Jserver x/O=bind *:80';
  const { certificate, key } = await issue({ subject });
  const pair = good(certificate, key);
  expect(bundleOf(pair)).toMatch(
    /^(-----BEGIN [A-Z ]+-----\n([A-Za-z0-9+/=]{1,76}\n)+-----END [A-Z ]+-----\n){2}$/,
  );
  expect(namesOf(pair.leaf)).toEqual([]);
  expect(oneLine(pair.leaf.subject)).not.toMatch(/\p{C}/u);
});

it('knows which hosts a certificate is for', async () => {
  const { leaf: certificate } = good(leaf.certificate + middle.certificate, leaf.key);
  expect(namesOf(certificate)).toEqual(['www.example.com', '*.example.org']);
  for (const host of ['www.example.com', 'a.example.org', '*.example.org'])
    expect(covers(certificate, host), host).toBe(true);
  for (const host of ['example.com', 'a.b.example.org', 'example.org', '*.example.com'])
    expect(covers(certificate, host), host).toBe(false);
  const plain = await issue({ subject: '/CN=plain.example' });
  expect(namesOf(good(plain.certificate, plain.key).leaf)).toEqual(['plain.example']);
});
