import { createServer as createHttpServer } from 'node:http';
import { request } from 'node:https';
import { connect, createServer, type AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { openExecDoors } from './exec-doors.ts';

const NONCE = 'n'.repeat(64);

interface Asked {
  readonly status: number;
  readonly body: string;
}

/** One reservation, as the heroku program makes it. */
function reserve(url: string, ca: string, password: string): Promise<Asked> {
  return new Promise((resolve, reject) => {
    const req = request(
      new URL('/api/v2/web.1', url),
      { method: 'PUT', ca, auth: `demo:${password}` },
      (res) => {
        let body = '';
        res.on('data', (part: Buffer) => (body += part.toString()));
        res.on('end', () => resolve({ status: res.statusCode ?? 0, body }));
      },
    );
    req.once('error', reject);
    req.end('{"client_key":"ssh-rsa x"}');
  });
}

function greeting(host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(80, host);
    socket.once('error', reject);
    socket.once('data', (chunk: Buffer) => {
      resolve(chunk.toString());
      socket.destroy();
    });
  });
}

// Ports below 1024 are for root; elsewhere the acceptance tests are the proof.
it.skipIf(process.getuid?.() !== 0)(
  'lets the app in by name with the real token, and sends SSH to the platform at an address of its own',
  async () => {
    const heard: (string | undefined)[] = [];
    const api = createHttpServer((req, res) => {
      heard.push(req.headers.authorization);
      res.end('{"tunnel_host":"127.0.0.1","client_user":"u"}');
    });
    const ssh = createServer((socket) => socket.end('SSH-2.0-Test\r\n'));
    for (const server of [api, ssh])
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const portOf = (server: typeof ssh): number => (server.address() as AddressInfo).port;
    {
      const url = `http://127.0.0.1:${portOf(api)}`;
      await using doors = await openExecDoors({ url, token: 'real', nonce: NONCE, execPort: portOf(ssh) });
      const answer = await reserve(doors.url, doors.certificate, NONCE);
      const { tunnel_host: host } = JSON.parse(answer.body) as { tunnel_host: string };
      expect(heard).toEqual([`Basic ${Buffer.from('demo:real').toString('base64')}`]);
      expect(host).toMatch(/^127\./);
      expect(await greeting(host)).toBe('SSH-2.0-Test\r\n');
      expect((await reserve(doors.url, doors.certificate, 'guessed')).status).toBe(403);
    }
    for (const server of [api, ssh]) await new Promise((resolve) => server.close(resolve));
  },
);

it('says what to use instead where the platform is elsewhere', async () => {
  const there = { url: 'https://api.example.com', token: 'real', nonce: NONCE, execPort: 7003 };
  await expect(openExecDoors(there)).rejects.toThrow(/use gantry ps:exec/);
});
