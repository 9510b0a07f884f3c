import { join } from 'node:path';
import { listCertificates } from '../../../server/contract/endpoints/certificates.ts';
import type { Context, Options, Run } from '../../command.ts';
import { CommandError, UsageError } from '../../failures.ts';
import { wholeNumber } from '../../number.ts';

const HOSTNAME = /^(?:\*\.)?[a-z0-9](?:[a-z0-9.-]{0,240}[a-z0-9])?$/i;
/** A common name holds no more; the names that count are listed apart. */
const LONGEST_COMMON_NAME = 64;

export const run: Run = async (context, [hostname = '']) => {
  const { terminal, result, options, config, cwd, attach } = context;
  if (!HOSTNAME.test(hostname)) throw new UsageError(`${hostname} is not a host name.`);
  const selfSigned = options.flag('selfsigned');
  const base = join(cwd, hostname.replace('*', 'wildcard'));
  const [key, made] = [`${base}.key`, `${base}.${selfSigned ? 'crt' : 'csr'}`];
  for (const file of [key, made]) await mustNotBeThere(context, file);
  const args = [
    ...['req', '-new', ...keyOf(options), '-nodes', '-batch', '-keyout', key, '-out', made],
    ...['-subj', subjectOf(options, hostname), '-addext', `subjectAltName=DNS:${hostname}`],
    ...(selfSigned ? ['-x509', '-sha256', '-days', '365'] : []),
  ];
  const code = await attach('openssl', args, config.inherited).catch((err: unknown) => {
    throw new CommandError('openssl is not on this machine; install it, then try again.', err);
  });
  if (code !== 0) throw new CommandError(`openssl ended with exit code ${code}; it has said why.`);
  const next = await nextCommand(context, hostname);
  terminal.note(
    selfSigned
      ? `Made a key and a certificate that signs itself. Now: gantry ${next} ${made} ${key}`
      : `Made a key and a signing request. Send ${made} to an authority; what it sends you goes with the key: gantry ${next} CHAIN ${key}`,
  );
  result({ key, ...(selfSigned ? { certificate: made } : { request: made }) }, () => {
    terminal.print(made);
    terminal.print(key);
  });
};

/** What to do with it: of an app that has a certificate for this host already, that one is replaced. */
async function nextCommand(context: Context, hostname: string): Promise<string> {
  const { options, client, signal } = context;
  if (options.text('app') === undefined && options.text('remote') === undefined) return 'certs:add';
  const app = await context.app();
  const all = await (await client()).call(listCertificates, { params: { app } }, signal);
  const old = all.find(({ ssl_cert: of }) => of.cert_domains.includes(hostname));
  return old === undefined ? `certs:add -a ${app}` : `certs:update -a ${app} --name ${old.name}`;
}

/** A key that is in use somewhere must not be lost to a command that was called twice. */
async function mustNotBeThere({ readFile }: Context, file: string): Promise<void> {
  if ((await readFile(file, 1)) === undefined) return;
  throw new CommandError(`${file} is there already and was left alone; move it away first.`);
}

function keyOf(options: Options): readonly string[] {
  const bits = options.text('keysize');
  return bits === undefined
    ? ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
    : ['-newkey', `rsa:${wholeNumber('--keysize', bits, { max: 16_384 })}`];
}

function subjectOf(options: Options, hostname: string): string {
  const given = options.text('subject');
  if (given !== undefined) return given;
  const parts = [
    ['C', options.text('country')],
    ['ST', options.text('area')],
    ['L', options.text('city')],
    ['O', options.text('owner')],
    ['CN', hostname.length > LONGEST_COMMON_NAME ? undefined : hostname],
  ] as const;
  const said = parts.flatMap(([name, value]) =>
    value === undefined ? [] : [`/${name}=${value.replaceAll(/[\\/+]/g, '\\$&')}`],
  );
  return said.join('') || '/';
}
