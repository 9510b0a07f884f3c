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
