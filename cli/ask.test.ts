import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecure } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { issue } from '../test/support/certificates.ts';
import { createAsk } from './ask.ts';

const patient = new AbortController().signal;
const GET = { headers: {}, redirect: 'error' as const, signal: patient };

function tell(req: IncomingMessage, res: ServerResponse): void {
  let body = '';
  req.on('data', (piece: Buffer) => (body += piece.toString()));
  req.on('end', () =>
    res.end(JSON.stringify({ host: req.headers.host, method: req.method, url: req.url, body })),
  );
}

async function listening(server: ReturnType<typeof createServer>) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { port, [Symbol.dispose]: () => void server.close() };
}

describe('a request', () => {
  it('reaches *.localhost on this machine, which Node’s resolver does not know', async () => {
    using server = await listening(createServer(tell));
    const answer = await createAsk({ caFile: undefined })(`http://api.localhost:${server.port}/apps?x=1`, {
      ...GET,
      method: 'POST',
      body: '{"é":1}',
    });
    expect([answer.status, answer.ok]).toEqual([200, true]);
    expect(JSON.parse(await answer.text())).toEqual({
      host: `api.localhost:${server.port}`,
      method: 'POST',
      url: '/apps?x=1',
      body: '{"é":1}',
    });
  });

  it('says how long its body is, whatever its method', async () => {
    using server = await listening(createServer(tell));
    const ask = createAsk({ caFile: undefined });
    const sent = { ...GET, method: 'DELETE', body: '{"confirm":"é"}' };
    const answer = await ask(`http://127.0.0.1:${server.port}/apps/x`, sent);
    expect(JSON.parse(await answer.text())).toMatchObject({ method: 'DELETE', body: sent.body });
  });

  it('trusts the authority that is named, and no other of its kind', async () => {
    const authority = await issue({ kind: 'ca', subject: '/CN=an authority' });
    const mine = await issue({ names: ['api.localhost'], by: authority });
    using server = await listening(createSecure({ cert: mine.certificate, key: mine.key }, tell));
    const dir = await mkdtemp(join(tmpdir(), 'ask-'));
    const caFile = join(dir, 'ca.pem');
    await writeFile(caFile, authority.certificate);
    const url = `https://api.localhost:${server.port}/`;
    expect((await createAsk({ caFile })(url, GET)).status).toBe(200);
    await expect(createAsk({ caFile: undefined })(url, GET)).rejects.toThrow(/certificate/);
    await rm(dir, { recursive: true });
    await expect(createAsk({ caFile })(url, GET)).rejects.toThrow(/GANTRY_CA_FILE is .* cannot be read/);
  });

  it('ends when it is aborted, and says when nobody answers', async () => {
    using server = await listening(createServer(() => undefined));
    const ask = createAsk({ caFile: undefined });
    const early = new AbortController();
    const asked = ask(`http://127.0.0.1:${server.port}/`, { ...GET, signal: early.signal });
    early.abort(new Error('enough'));
    await expect(asked).rejects.toThrow();
    await expect(ask('http://127.0.0.1:1/', GET)).rejects.toThrow(/ECONNREFUSED/);
  });
});
