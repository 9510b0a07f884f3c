import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runOrThrow } from '../../lib/child.ts';

const patient = new AbortController().signal;

/** A certificate with its key, and the file of both, for whoever signs with it. */
export interface Issued {
  readonly certificate: string;
  readonly key: string;
}

interface Wish {
  readonly names?: readonly string[];
  readonly subject?: string;
  readonly days?: number;
  /** Self-signed and valid from this day on, for worlds whose clock stands still. */
  readonly since?: '20200101000000Z';
  readonly kind?: 'ca' | 'leaf';
  /** As `openssl genpkey` is told. */
  readonly algorithm?: readonly string[];
  readonly digest?: 'sha256' | 'sha1';
  readonly by?: Issued;
}

const EC = ['EC', '-pkeyopt', 'ec_paramgen_curve:P-256'];

/** A certificate as OpenSSL makes it; self-signed unless somebody signs it. */
export async function issue(wish: Wish = {}): Promise<Issued> {
  const { names = [], subject = '/CN=test', days = 30, kind = 'leaf', by } = wish;
  const dir = await mkdtemp(join(tmpdir(), 'issue-'));
  const at = (name: string): string => join(dir, name);
  try {
    const key = await runOrThrow(
      'openssl',
      ['genpkey', '-algorithm', ...(wish.algorithm ?? EC)],
      {},
      patient,
    );
    await writeFile(at('key'), key);
    await writeFile(at('config'), '[req]\ndistinguished_name = name\n[name]\n');
    const signer: string[] = [];
    if (by) {
      await writeFile(at('ca'), by.certificate);
      await writeFile(at('ca-key'), by.key);
      signer.push('-CA', at('ca'), '-CAkey', at('ca-key'));
    }
    const extensions = [`basicConstraints=critical,CA:${kind === 'ca' ? 'TRUE' : 'FALSE'}`];
    if (names.length > 0) extensions.push(`subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}`);
    if (wish.since !== undefined) return await issueSince(wish.since, { at, key, subject, extensions });
    const args = [
      'req',
      '-x509',
      '-new',
      `-${wish.digest ?? 'sha256'}`,
      '-config',
      at('config'),
      '-key',
      at('key'),
    ];
    const said = ['-days', String(days), '-subj', subject, ...extensions.flatMap((e) => ['-addext', e])];
    await runOrThrow('openssl', [...args, ...signer, ...said, '-out', at('certificate')], {}, patient);
    return { certificate: await readFile(at('certificate'), 'utf8'), key };
  } finally {
    await rm(dir, { recursive: true });
  }
}

/** Only `openssl ca` takes a first day; it keeps books for that. */
async function issueSince(
  since: string,
  wish: {
    readonly at: (name: string) => string;
    readonly key: string;
    readonly subject: string;
    readonly extensions: readonly string[];
  },
): Promise<Issued> {
  const { at, key, subject, extensions } = wish;
  const books = [
    ...['[ca]', 'default_ca = own', '[own]', `database = ${at('index')}`, `serial = ${at('serial')}`],
    ...[
      `new_certs_dir = ${at('')}`,
      'default_md = sha256',
      'policy = any',
      'x509_extensions = said',
      '[any]',
    ],
    ...['organizationName = optional', 'commonName = supplied', '[said]', ...extensions],
  ];
  await writeFile(at('books'), `${books.join('\n')}\n`);
  await writeFile(at('index'), '');
  await writeFile(at('serial'), '01\n');
  const request = ['req', '-new', '-config', at('config'), '-key', at('key'), '-subj', subject];
  await runOrThrow('openssl', [...request, '-out', at('request')], {}, patient);
  const sign = ['ca', '-batch', '-notext', '-selfsign', '-config', at('books'), '-keyfile', at('key')];
  const dates = ['-startdate', since, '-enddate', '21200101000000Z'];
  const files = ['-in', at('request'), '-out', at('certificate')];
  await runOrThrow('openssl', [...sign, ...dates, ...files], {}, patient);
  return { certificate: await readFile(at('certificate'), 'utf8'), key };
}
