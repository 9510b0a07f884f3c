import { readFile } from 'node:fs/promises';
import { runOrThrow } from '../lib/child.ts';
import { bareEnvironment } from './context.ts';

export interface User {
  readonly uid: number;
  readonly gid: number;
}

/** The user of /etc/passwd with this name, or undefined. */
async function findUser(name: string): Promise<User | undefined> {
  const passwd = await readFile('/etc/passwd', 'utf8');
  const fields = passwd
    .split('\n')
    .map((line) => line.split(':'))
    .find((line) => line[0] === name);
  return fields ? { uid: Number(fields[2]), gid: Number(fields[3]) } : undefined;
}

/** The unprivileged user of a part: the one its Debian package made, else one that is made now. Idempotent. */
export async function partUser(name: string, signal: AbortSignal): Promise<User> {
  const found = await findUser(name);
  if (found) return found;
  const args = ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', name];
  await runOrThrow('useradd', args, { env: bareEnvironment() }, signal);
  const made = await findUser(name);
  if (!made) throw new Error(`user ${name} is missing after it was made`);
  return made;
}
