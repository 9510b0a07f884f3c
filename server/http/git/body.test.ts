import { createServer, request, type ClientRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { bodyOf, wholeRead } from './body.ts';

/** What arrives of a body that this client sends. */
async function received(
  headers: Record<string, string>,
  limit: number,
  send: (req: ClientRequest) => void,
): Promise<{ readonly text: string; readonly problem: string | undefined }> {
  const server = createServer();
  const arrived = new Promise<{ text: string; problem: string | undefined }>((resolve, reject) => {
    server.on('request', (req, res) => {
      const read = async (): Promise<void> => {
        const body = bodyOf(req, limit);
        const chunks: Buffer[] = [];
        for await (const chunk of body.input) chunks.push(chunk as Buffer);
        await wholeRead(req, 5_000);
        res.end();
        resolve({ text: Buffer.concat(chunks).toString(), problem: body.problem()?.message });
      };
      read().catch(reject);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const req = request({ host: '127.0.0.1', port, method: 'POST', headers, agent: false });
  req.on('error', () => undefined).on('response', (res) => res.resume());
  send(req);
  try {
    return await arrived;
  } finally {
    req.destroy();
    server.closeAllConnections();
    server.close();
  }
}

const LARGE = 'x'.repeat(300_000);

describe('the body of a request to git', () => {
  it('arrives as it was sent, whole or in pieces', async () => {
    expect(await received({}, Infinity, (req) => req.end(LARGE))).toEqual({ text: LARGE });
    const inPieces = (req: ClientRequest): void => {
      req.write('a');
      setTimeout(() => req.end('b'), 50);
    };
    expect(await received({}, Infinity, inPieces)).toEqual({ text: 'ab' });
  });

  it.each(['gzip', 'x-gzip'])('is inflated when it comes as %s', async (encoding) => {
    const send = (req: ClientRequest): void => void req.end(gzipSync(LARGE));
    expect(await received({ 'content-encoding': encoding }, Infinity, send)).toEqual({ text: LARGE });
  });

  it('ends at its limit, which a bomb cannot get around', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    const stopped = await received({ 'content-encoding': 'gzip' }, 1_000_000, (req) => req.end(bomb));
    expect(stopped.text.length).toBeLessThanOrEqual(1_000_000);
    expect(stopped.problem).toContain('is larger than 1000000 bytes');
    const plain = await received({}, 1000, (req) => req.end(LARGE));
    expect(plain.problem).toContain('is larger than 1000 bytes');
  });

  it('ends where it is no gzip, and where its sender went away', async () => {
    const lie = await received({ 'content-encoding': 'gzip' }, Infinity, (req) => req.end(LARGE));
    expect(lie).toEqual({ text: '', problem: expect.stringContaining('not the gzip') as string });
    const gone = await received({}, Infinity, (req) => {
      req.write('half');
      setTimeout(() => req.destroy(), 50);
    });
    expect(gone).toEqual({ text: 'half', problem: expect.stringContaining('ended too early') as string });
    const cut = await received({ 'content-encoding': 'gzip' }, Infinity, (req) =>
      req.end(gzipSync(LARGE).subarray(0, 100)),
    );
    expect(cut.problem).toContain('not the gzip');
  });
});
