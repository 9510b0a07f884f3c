import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { openKeyFile } from './key-file.ts';
import { newMasterKey, parseMasterKeys, printMasterKeys } from './master-key.ts';

const first = newMasterKey();
let path: string;
beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'key-file-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  path = join(folder, 'master-key');
  await writeFile(path, printMasterKeys([first]));
});

const lines = async (): Promise<number> => (await readFile(path, 'utf8')).trim().split('\n').length;

describe('the file of the master key', () => {
  it('has the new key first and the former behind it, for its owner only, until that is forgotten [S-SEC-05]', async () => {
    const file = await openKeyFile(path);
    expect(file.ids()).toEqual([first.id]);
    await file.renew();
    const [current, former, ...more] = file.ids();
    expect([former, more]).toEqual([first.id, []]);
    expect(current).not.toBe(first.id);
    expect(file.keys[0].id).toBe(current);
    expect((await openKeyFile(path)).ids(), 'whoever starts next').toEqual([current, former]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);

    await file.forgetFormer();
    expect(file.ids()).toEqual([current]);
    expect([await lines(), (await openKeyFile(path)).ids()]).toEqual([1, [current]]);
    await file.forgetFormer();
    expect(file.ids()).toEqual([current]);
  });

  it('gets one new key when two ask for one at once', async () => {
    const file = await openKeyFile(path);
    await Promise.all([file.renew(), file.renew(), file.renew()]);
    expect(file.ids()).toHaveLength(2);
    expect(await lines()).toBe(2);
  });

  it('loses no key that somebody else has put there: it is read with the others, until it is forgotten itself', async () => {
    const file = await openKeyFile(path);
    const other = newMasterKey();
    await writeFile(path, printMasterKeys([other, first]));
    await file.renew();
    expect(file.ids()).toEqual([first.id, other.id]);
    const late = newMasterKey();
    await writeFile(path, printMasterKeys([first, other, late]));
    await file.forgetFormer();
    expect(file.ids()).toEqual([first.id, late.id]);
    expect(parseMasterKeys(await readFile(path, 'utf8')).map(({ id }) => id)).toEqual([first.id, late.id]);
  });

  it('is what this process seals with only once it is written', async () => {
    const file = await openKeyFile(path);
    await mkdir(`${path}.new`); // where the draft would be written
    await expect(file.renew()).rejects.toThrow('EISDIR');
    expect(file.ids()).toEqual([first.id]);
    await rm(`${path}.new`, { recursive: true });
    await file.renew();
    expect(file.ids()).toHaveLength(2);
  });

  it('is refused when it holds something else', async () => {
    await writeFile(path, 'hunter2\n');
    await expect(openKeyFile(path)).rejects.toThrow('The master key must be 32 bytes in base64');
  });
});
