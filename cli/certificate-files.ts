import type { Context } from './command.ts';
import { CommandError, UsageError } from './failures.ts';

/** Longer than any chain with its key that a server could present. */
const MAX_BYTES = 200_000;
const KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*-----END [A-Z ]*PRIVATE KEY-----\s*/;

export interface PemPair {
  readonly certificate_chain: string;
  readonly private_key: string;
}

/** A certificate and its private key from two files, or from standard input, where the key may stand anywhere. */
export async function readPemPair(context: Context, chain?: string, key?: string): Promise<PemPair> {
  if (chain === undefined) return await fromInput(context);
  if (key === undefined)
    throw new UsageError('Name two files: the chain of certificates and its private key.');
  return { certificate_chain: await readPem(context, chain), private_key: await readPem(context, key) };
}

async function fromInput({ terminal }: Context): Promise<PemPair> {
  if (terminal.interactive)
    throw new UsageError('Name two files: the chain of certificates and its private key.');
  const text = await terminal.input(MAX_BYTES + 1);
  const key = KEY.exec(text)?.[0];
  if (key === undefined)
    throw new UsageError(
      'Standard input holds no private key; it must hold the chain and the key in PEM form.',
    );
  return { certificate_chain: text.replace(KEY, ''), private_key: key };
}

async function readPem({ readFile }: Context, file: string): Promise<string> {
  const content = await readFile(file, MAX_BYTES + 1);
  if (content === undefined) throw new CommandError(`There is no file ${file}.`);
  if (content.length > MAX_BYTES) throw new CommandError(`${file} is too long for certificates in PEM form.`);
  return content.toString('utf8');
}
