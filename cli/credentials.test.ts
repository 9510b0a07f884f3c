import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfig, type CliConfig } from './config.ts';
import { findCredentials, forgetCredentials, storeCredentials } from './credentials.ts';
import { CommandError } from './failures.ts';

const LOCAL = 'http://127.0.0.1:7000';
const REMOTE = 'https://api.example.com';
let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'credentials-'));
});
afterEach(() => rm(home, { recursive: true }));

const config = (env: NodeJS.ProcessEnv = {}): CliConfig =>
  readConfig({ HOME: home, GANTRY_HOME: join(home, 'state'), ...env });
async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}
const remember = (url: string, token: string) => storeCredentials(config().credentialsFile, { url, token });
const adminToken = (text = 'admin\n') => write(config().adminTokenFile, text);

describe('who we are to whom', () => {
  it('is what the environment says, before all else', async () => {
    await remember(REMOTE, 'remembered');
    const env = { GANTRY_API_KEY: 'key', GANTRY_API_URL: 'http://other.example' };
    expect(await findCredentials(config(env))).toEqual({ url: 'http://other.example', token: 'key' });
  });

  it('never sends the key of the environment to the server that was remembered', async () => {
    await remember(REMOTE, 'remembered');
    expect(await findCredentials(config({ GANTRY_API_KEY: 'key' }))).toEqual({ url: LOCAL, token: 'key' });
  });

  it('is what was remembered, for that server only', async () => {
    await remember(REMOTE, 'remembered');
    expect(await findCredentials(config())).toEqual({ url: REMOTE, token: 'remembered' });
    const same = config({ GANTRY_API_URL: `${REMOTE}/path` });
    expect(await findCredentials(same)).toMatchObject({ token: 'remembered' });
    for (const other of [
      'http://api.example.com',
      'https://api.example.com:444',
      'https://api.example.com.evil',
    ])
      await expect(findCredentials(config({ GANTRY_API_URL: other }))).rejects.toThrow(
        `You are not logged in to ${other}.`,
      );
  });

  it('is the admin on the server itself, and nowhere else', async () => {
    await adminToken();
    expect(await findCredentials(config())).toEqual({ url: LOCAL, token: 'admin' });
    await expect(findCredentials(config({ GANTRY_API_URL: REMOTE }))).rejects.toThrow('not logged in');
    await adminToken('\n');
    await expect(findCredentials(config())).rejects.toThrow(CommandError);
  });

  it('is not guessed from a damaged file', async () => {
    await adminToken();
    for (const text of [
      '{"url": "http',
      '{"url":"nowhere","token":"x"}',
      '{"url":"http://x","token":""}',
      '[]',
    ]) {
      await write(config().credentialsFile, text);
      await expect(findCredentials(config())).rejects.toThrow(/is not a credentials file; remove it/);
    }
  });
});

describe('remembering', () => {
  it('keeps the token from everybody else, and leaves no draft behind', async () => {
    await remember(REMOTE, 'one');
    await remember(REMOTE, 'two');
    const file = config().credentialsFile;
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(dirname(file))).mode & 0o777).toBe(0o700);
    expect(await readdir(dirname(file))).toEqual(['credentials.json']);
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({ url: REMOTE, token: 'two' });
  });

  it('forgets, and says whether there was something', async () => {
    await remember(REMOTE, 'one');
    expect(await forgetCredentials(config().credentialsFile)).toBe(true);
    expect(await forgetCredentials(config().credentialsFile)).toBe(false);
    await expect(forgetCredentials(home)).rejects.toThrow(); // not a file
  });

  it('says in a sentence that what should be a file is none', async () => {
    await mkdir(config().credentialsFile, { recursive: true });
    await expect(findCredentials(config())).rejects.toThrow(/credentials\S* cannot be read: .*directory/);
    await expect(findCredentials(config())).rejects.toBeInstanceOf(CommandError);
  });
});
