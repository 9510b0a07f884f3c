import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { labelOf } from './docker.ts';
import { foreignIn } from './engine-holds.ts';

let data: string;
beforeEach(async () => void (data = await mkdtemp(join(tmpdir(), 'engine-'))));
afterEach(() => rm(data, { recursive: true }));

const label = labelOf('abc123');
async function container(id: string, text: string): Promise<void> {
  await mkdir(join(data, 'containers', id), { recursive: true });
  await writeFile(join(data, 'containers', id, 'config.v2.json'), text);
}
const written = (name: string, labels: Record<string, string> | null): string =>
  JSON.stringify({ ID: 'x', Name: `/${name}`, State: { Running: false }, Config: { Labels: labels } });

describe('what others keep in an engine that does not run', () => {
  it('is nothing where it has never run, or holds only what is ours', async () => {
    expect(await foreignIn(join(data, 'none'), label)).toEqual([]);
    await container('1'.repeat(64), written('web.1', { 'gantry.platform': 'abc123' }));
    await mkdir(join(data, 'volumes', 'f'.repeat(64)), { recursive: true });
    await writeFile(join(data, 'volumes', 'metadata.db'), '');
    expect(await foreignIn(data, label)).toEqual([]);
  });

  it('is every container without our label, and every volume with a name', async () => {
    await container('1'.repeat(64), written('theirs', null));
    await container('2'.repeat(64), written('another platform’s', { 'gantry.platform': 'zzzzzz' }));
    await mkdir(join(data, 'volumes', 'their-database'), { recursive: true });
    expect((await foreignIn(data, label)).sort()).toEqual(
      ['another platform’s', 'theirs', 'volume their-database'].sort(),
    );
  });

  it.each(['', '{"Name":', '{"Name":"/x"}', 'null'])('is a container too that says only %j', async (text) => {
    await container('3'.repeat(64), text);
    expect(await foreignIn(data, label)).toEqual(['3'.repeat(12)]);
  });
});
