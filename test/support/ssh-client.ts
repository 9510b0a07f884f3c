import { readFile } from 'node:fs/promises';
import ssh2, { type ClientChannel, type ConnectConfig } from 'ssh2';
import type { GitDoor } from './git-door.ts';

export interface Answer {
  readonly code: number | undefined;
  readonly text: string;
}

/** Logs in with a raw client, which lets a test say what no real client would. */
export async function login(door: GitDoor, key: string, more: ConnectConfig = {}): Promise<ssh2.Client> {
  const client = new ssh2.Client();
  const privateKey = await readFile(key);
  await new Promise<void>((resolve, reject) => {
    client.once('ready', () => resolve()).once('error', reject);
    client.once('connect', () => client.setNoDelay(true)); // 40 ms for each word otherwise
    client.connect({ host: '127.0.0.1', port: door.port, username: 'git', privateKey, ...more });
  });
  client.on('error', () => undefined);
  return client;
}

/** Has a command run, sends it this and nothing more, and hears it to its end. */
export function exec(
  client: ssh2.Client,
  command: string,
  { env = {}, input = '' }: { readonly env?: Record<string, string>; readonly input?: string | Buffer } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    client.exec(command, { env }, (err, channel) => {
      if (err) {
        reject(err);
        return;
      }
      collect(channel, resolve);
      channel.end(input);
    });
  });
}

function collect(channel: ClientChannel, done: (answer: Answer) => void): void {
  let text = '';
  let code: number | undefined;
  channel.on('data', (chunk: Buffer) => (text += chunk.toString()));
  channel.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  channel.on('exit', (status: number) => (code = status));
  channel.on('close', () => done({ code, text }));
}
