import { createHash, X509Certificate } from 'node:crypto';
import type { Command } from './commands.ts';
import { effectiveRoutes, type RouterState } from './placement.ts';

/**
 * The certificates of a HAProxy process. The standard one is presented to whoever asks for a host without one of its own;
 * its file keeps its name and its content is changed. Every other file is named by its content and its host and never
 * changes: which of them a process has listed says all about what it presents.
 */
export interface Tls {
  /** Fingerprint of the standard certificate; empty when there is none yet. */
  readonly standard: string;
  /** File → the host it is listed for, `null` while it is loaded and not listed. */
  readonly files: ReadonlyMap<string, string | null>;
  /** The file of a change that was begun and not finished; a process begins no other before. */
  readonly pending: string | null;
}

/** Where the texts are. Chain and private key in one PEM bundle each. */
export interface Bundles {
  readonly standard: string;
  /** Undefined for one that this router does not hold. */
  of(digest: string): string | undefined;
}

export const NO_BUNDLES: Bundles = { standard: '', of: () => undefined };

export const CERTIFICATE_LIST = 'certificates.list';
export const CERTIFICATES_DIR = 'certificates/';
const STANDARD_FILE = `${CERTIFICATES_DIR}standard.pem`;

/** Path → text of every certificate file of this state. */
function wantedFiles(
  state: RouterState,
  bundles: Bundles,
): ReadonlyMap<string, { host: string; text: string }> {
  const files = new Map<string, { host: string; text: string }>();
  for (const route of effectiveRoutes(state.table)) {
    const own = new Set(route.hosts);
    for (const { host, digest } of route.certificates ?? []) {
      const text = bundles.of(digest);
      // Of another route's host, or lost: then that host has the standard one, and everybody else what they should.
      if (text !== undefined && own.delete(host)) files.set(fileOf(host, digest), { host, text });
    }
  }
  return files;
}

function fileOf(host: string, digest: string): string {
  const name = createHash('sha256').update(`${digest} ${host}`).digest('hex').slice(0, 40);
  return `${CERTIFICATES_DIR}${name}.pem`;
}

export function wantedTls(state: RouterState, bundles: Bundles): Tls {
  const files = [...wantedFiles(state, bundles)].map(([file, { host }]) => [file, host] as const);
  return { standard: fingerprintOf(bundles.standard), files: new Map(files), pending: null };
}

/** The files of a generation by which HAProxy presents the same after a start; the list last. */
export function renderTls(state: RouterState, bundles: Bundles): ReadonlyMap<string, string> {
  const wanted = [...wantedFiles(state, bundles)].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return new Map([
    [STANDARD_FILE, bundles.standard],
    ...wanted.map(([file, { text }]) => [file, text] as const),
    [
      CERTIFICATE_LIST,
      [STANDARD_FILE, ...wanted.map(([file, { host }]) => `${file} ${host}`)].join('\n') + '\n',
    ],
  ]);
}

/** As HAProxy shows it: SHA-1 in hexadecimal. */
function fingerprintOf(bundle: string): string {
  return bundle === '' ? '' : new X509Certificate(bundle).fingerprint.replaceAll(':', '');
}

/** The commands by which a process presents what is wanted; those that take away come after everything else is in place. */
export function tlsCommands(
  from: Tls,
  to: Tls,
  textOf: (file: string) => string,
): { put: Command[]; drop: Command[] } {
  const put: Command[] = [];
  const drop: Command[] = [];
  if (from.pending !== null)
    put.push({ line: `abort ssl cert ${from.pending}`, expect: /aborted/i, alone: true });
  if (from.standard !== to.standard) put.push(...load(STANDARD_FILE, textOf(STANDARD_FILE)));
  for (const [file, host] of to.files) {
    if (host === null || from.files.get(file) === host) continue;
    // Loaded by somebody who did not finish: what is in it, nobody knows.
    if (from.files.has(file)) put.push(...remove(file, from.files.get(file) ?? null));
    put.push({ line: `new ssl cert ${file}`, expect: /^New empty certificate/, alone: true });
    put.push(...load(file, textOf(file)), list(file, host));
  }
  for (const [file, host] of from.files) if (!to.files.has(file)) drop.push(...remove(file, host));
  return { put, drop };
}

function load(file: string, text: string): Command[] {
  return [
    { line: `set ssl cert ${file}`, payload: text, expect: /^Transaction created/, alone: true },
    { line: `commit ssl cert ${file}`, expect: /Success!/, alone: true },
  ];
}

function list(file: string, host: string): Command {
  const line = `add ssl crt-list ${CERTIFICATE_LIST}`;
  return { line, payload: `${file} ${host}\n`, expect: /Success!/, alone: true };
}

function remove(file: string, host: string | null): Command[] {
  const line = `del ssl crt-list ${CERTIFICATE_LIST} ${file}`;
  const unlist: Command[] = host === null ? [] : [{ line, expect: /^Entry .* deleted/, alone: true }];
  return [...unlist, { line: `del ssl cert ${file}`, expect: /^Certificate .* deleted/, alone: true }];
}

/** The questions whose answers `parseTls` reads. */
export const TLS_QUESTIONS = [
  'show ssl cert',
  `show ssl crt-list ${CERTIFICATE_LIST}`,
  `show ssl cert ${STANDARD_FILE}`,
] as const;

export function parseTls([certificates = '', listed = '', standard = '']: readonly string[]): Tls {
  const lines = (text: string): string[] =>
    text.split('\n').filter((line) => line.startsWith(CERTIFICATES_DIR));
  const hosts = new Map(
    lines(listed).map((line) => {
      const [file = '', host = ''] = line.split(' ');
      return [file, host] as const;
    }),
  );
  const files = lines(certificates).filter((file) => file !== STANDARD_FILE);
  return {
    standard: /^SHA1 FingerPrint: ([0-9A-F]{40})$/m.exec(standard)?.[1] ?? '',
    files: new Map(files.map((file) => [file, hosts.get(file) ?? null])),
    pending: /^\*(\S+)$/m.exec(certificates)?.[1] ?? null,
  };
}
