import { X509Certificate } from 'node:crypto';
import { connect, createServer } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { makeThrowawayCertificate } from './throwaway-certificate.ts';

const now = new Date('2026-05-06T07:08:09Z');

it('is for the loopback address and nothing else, for a month', () => {
  const made = new X509Certificate(makeThrowawayCertificate(now).cert);
  expect(made.subjectAltName).toBe('IP Address:127.0.0.1');
  expect(made.checkHost('localhost', { subject: 'never' })).toBeUndefined();
  expect(new Date(made.validFrom)).toEqual(new Date('2026-05-06T06:08:09Z'));
  expect(new Date(made.validTo)).toEqual(new Date('2026-06-05T07:08:09Z'));
  expect(made.verify(made.publicKey)).toBe(true);
});

it('is another one each time', () => {
  const [one, two] = [makeThrowawayCertificate(now), makeThrowawayCertificate(now)];
  expect(one.key).not.toBe(two.key);
  expect(new X509Certificate(one.cert).serialNumber).not.toBe(new X509Certificate(two.cert).serialNumber);
});

it('is believed by who is told to trust it, and by nobody else', async () => {
  const made = makeThrowawayCertificate(new Date());
  const server = createServer(made, (socket) => socket.end('hello'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const reach = (ca?: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port, ...(ca !== undefined && { ca }) });
      socket.once('error', reject);
      socket.once('data', (chunk: Buffer) => {
        resolve(chunk.toString());
        socket.destroy();
      });
    });
  await expect(reach(made.cert)).resolves.toBe('hello');
  await expect(reach()).rejects.toThrow(/self-signed/);
  await new Promise((resolve) => server.close(resolve));
});
