import { createServer } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { expect, it } from 'vitest';
import { creation } from './creation.ts';

it('sends config vars in the body of the call, never in its address', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'gantry-creation-'));
  const seen: { url: string; body: unknown }[] = [];
  const engine = createServer((req, res) => {
    let text = '';
    req.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    req.on('end', () => {
      seen.push({ url: req.url ?? '', body: JSON.parse(text) });
      res.writeHead(201, { 'content-type': 'application/json' }).end('{"Id":"abc"}');
    });
  });
  const socketPath = join(dir, 'engine.sock');
  await new Promise<void>((resolve) => engine.listen(socketPath, resolve));
  try {
    const spec = { name: 'web', Image: 'hello', Env: ['SECRET=topsecret'] };
    await new Docker({ socketPath }).createContainer(creation(spec, new AbortController().signal));
    expect(seen).toEqual([
      { url: '/containers/create?name=web', body: { Image: 'hello', Env: ['SECRET=topsecret'] } },
    ]);
  } finally {
    engine.close();
    await rm(dir, { recursive: true });
  }
});
