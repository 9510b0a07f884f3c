import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';

export interface RawEntry {
  readonly mode: string;
  readonly name: string;
  readonly id: string;
}

/** Writes one object into a repository without any of git's own checks; its id. */
async function writeObject(gitDir: string, type: 'blob' | 'tree' | 'commit', body: Buffer): Promise<string> {
  const whole = Buffer.concat([Buffer.from(`${type} ${body.length}\0`), body]);
  const id = createHash('sha1').update(whole).digest('hex');
  const folder = join(gitDir, 'objects', id.slice(0, 2));
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, id.slice(2)), deflateSync(whole));
  return id;
}

/** A tree of exactly these entries, in this order, however wrong. */
export function writeTree(gitDir: string, entries: readonly RawEntry[]): Promise<string> {
  const body = entries.map(({ mode, name, id }) =>
    Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(id, 'hex')]),
  );
  return writeObject(gitDir, 'tree', Buffer.concat(body));
}

export function writeBlob(gitDir: string, text: string): Promise<string> {
  return writeObject(gitDir, 'blob', Buffer.from(text));
}

/** A commit without parents. */
export function writeCommit(gitDir: string, tree: string): Promise<string> {
  const who = 'Test <test@example.com> 1700000000 +0000';
  return writeObject(
    gitDir,
    'commit',
    Buffer.from(`tree ${tree}\nauthor ${who}\ncommitter ${who}\n\nhostile\n`),
  );
}
