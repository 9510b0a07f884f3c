import { dirname, join } from 'node:path';
import { ApiError } from '../../../server/contract/transport.ts';
import type { KeyResource } from '../../../server/contract/resources.ts';
import type { Context, Run } from '../../command.ts';
import { isYes } from '../../confirm.ts';
import { CommandError, UsageError } from '../../failures.ts';

/** In the order ssh itself prefers them. */
const USUAL = ['id_ed25519.pub', 'id_ecdsa.pub', 'id_rsa.pub'];
/** No public key is longer; what is, like a device that never ends, is read no further. */
const MAX_BYTES = 16_384;

export const run: Run = async (context, [file]) => {
  const { terminal, result } = context;
  const text = await keyText(context, file);
  const what = file === undefined || file === '-' ? 'This' : file;
  if (text.includes('PRIVATE KEY')) {
    throw new CommandError(
      `${what} is a private key, which nobody else may see; give the .pub file beside it.`,
    );
  }
  if (text.includes('\0')) throw new CommandError(`${what} is not a public key; name a .pub file.`);
  if (text.length > MAX_BYTES)
    throw new CommandError(`${what} is too long for a public key; name a .pub file.`);
  if (text.trim() === '') throw new UsageError('No key was given; pass a public key on standard input.');
  const key = await add(context, text.trim());
  result(key, () => terminal.print(`${key.fingerprint}  ${key.comment}`));
};

function keyText(context: Context, file: string | undefined): Promise<string> {
  if (file === '-' || (file === undefined && !context.local)) return context.terminal.input(MAX_BYTES + 1);
  return file === undefined ? ownKey(context) : readKey(context, file);
}

/** Adding a key that is already one's own is done already. */
async function add({ client, terminal, signal }: Context, text: string): Promise<KeyResource> {
  const api = await client();
  try {
    const key = await api.addKey(text, signal);
    terminal.note(`Added the key ${key.comment}; it may push now.`);
    return key;
  } catch (err) {
    if (!(err instanceof ApiError && err.id === 'key_taken')) throw err;
    const own = (await api.keys(signal)).find((key) => material(key.public_key) === material(text));
    if (own === undefined) throw err;
    terminal.note(`The key ${own.comment} is yours already.`);
    return own;
  }
}

/** The key without its comment. */
function material(line: string): string {
  return line.split(/\s+/, 2).join(' ');
}

async function ownKey(context: Context): Promise<string> {
  const folder = context.config.sshDirectory;
  for (const name of USUAL) {
    const text = await context.readFile(join(folder, name), MAX_BYTES + 1);
    if (text !== undefined) return text.toString('utf8');
  }
  if (!(await wantsNewKey(context)))
    throw new CommandError(
      `There is no SSH key in ${folder}; make one with ssh-keygen -t ed25519, or name a file.`,
    );
  return await makeKey(context, join(folder, 'id_ed25519'));
}

async function wantsNewKey({ config, terminal, options, signal }: Context): Promise<boolean> {
  if (options.flag('yes')) return true;
  const question = `There is no SSH key in ${config.sshDirectory}. Make one, without a passphrase? [Y/n] `;
  return isYes((await terminal.question(question, signal)) ?? 'no');
}

/** A key of the kind that ssh makes by itself; answers its public half. */
async function makeKey(context: Context, file: string): Promise<string> {
  const { attach, config, terminal } = context;
  const programs = [
    ['mkdir', '-p', '-m', '700', dirname(file)],
    ['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', file],
  ] as const;
  for (const [program, ...args] of programs) {
    const code = await attach(program, args, config.inherited).catch((err: unknown) => {
      throw new CommandError(`${program} cannot be started; name the file of a public key.`, err);
    });
    if (code !== 0) throw new CommandError(`${program} ended with exit code ${code}; it has said why.`);
  }
  terminal.note(`Made the SSH key ${file}.`);
  return await readKey(context, `${file}.pub`);
}

async function readKey({ readFile }: Context, file: string): Promise<string> {
  const text = await readFile(file, MAX_BYTES + 1);
  if (text === undefined) throw new CommandError(`There is no file ${file}.`);
  return text.toString('utf8');
}
