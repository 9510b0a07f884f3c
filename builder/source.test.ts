import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pack } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { walkArchive } from './archive.ts';
import { readSource } from './source.ts';

const signal = new AbortController().signal;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gantry-source-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function archive(files: Record<string, string>): Promise<string> {
  const tar = pack();
  for (const [name, content] of Object.entries(files)) tar.entry({ name }, content);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  const path = join(folder, `${Object.keys(files).length}-${Buffer.concat(chunks).length}.tar`);
  await writeFile(path, Buffer.concat(chunks));
  return path;
}

describe('a source', () => {
  it('says by the files at its root how it is built and run', async () => {
    const facts = await readSource(
      await archive({
        Dockerfile: 'FROM gantry/stack',
        Procfile: 'web: a',
        'app.json': '{"healthchecks":{"web":[{"path":"/up"}]}}',
        'sub/Procfile': 'worker: b',
      }),
      [],
      signal,
    );
    expect(facts.dockerfile?.stack).toBe(true);
    expect([...facts.procfile]).toEqual([['web', 'a']]);
    expect([...facts.checks]).toEqual([['web', '/up']]);
  });

  it('tells which lines of its Procfile are not used', async () => {
    const facts = await readSource(await archive({ Procfile: 'web node server.js' }), [], signal);
    expect(facts.procfile.size).toBe(0);
    expect(facts.warnings).toEqual([expect.stringContaining('Procfile line 1 is ignored')]);
  });

  it('that breaks off is refused, and a fault of whoever reads it is not blamed on it', async () => {
    const path = await archive({ a: 'x'.repeat(5000), b: 'y' });
    const cut = join(folder, 'cut.tar');
    await writeFile(cut, (await readFile(path)).subarray(0, 3000));
    await expect(readSource(cut, [], signal)).rejects.toMatchObject({ id: 'source_refused' });
    await expect(walkArchive(path, () => Promise.reject(new Error('mine')), signal)).rejects.toThrow('mine');
  });

  it('whose Dockerfile is endless is refused', async () => {
    await expect(
      readSource(await archive({ Dockerfile: '#'.repeat(300_000) }), [], signal),
    ).rejects.toMatchObject({ id: 'source_refused' });
  });
});
