import { spawn } from 'node:child_process';
import { createSign, randomBytes, X509Certificate } from 'node:crypto';
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { runOrThrow } from '../../lib/child.ts';
import { pause } from '../../lib/deadline.ts';

/** A real registry on loopback that admits bearer tokens only, and the key that signs them. */
export interface TokenRegistry extends AsyncDisposable {
  /** host:port */
  readonly address: string;
  readonly port: number;
  /** A token for these actions on these repositories and nowhere else. */
  token(access: readonly { readonly repository: string; readonly actions: readonly string[] }[]): string;
}

const SERVICE = 'gantry-test';
const ISSUER = 'gantry-test';

/** Starts the registry in an empty directory of the test; disposal ends it and removes the directory. */
export async function startTokenRegistry(home: string, signal: AbortSignal): Promise<TokenRegistry> {
  await mkdir(home, { recursive: true });
  const [key, cert] = [join(home, 'key.pem'), join(home, 'cert.pem')];
  await runOrThrow(
    'openssl',
    ['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', key],
    {},
    signal,
  );
  await runOrThrow(
    'openssl',
    ['req', '-x509', '-new', '-key', key, '-out', cert, '-days', '2', '-subj', '/CN=test'],
    {},
    signal,
  );
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  await writeFile(
    join(home, 'config.yml'),
    JSON.stringify({
      version: '0.1',
      log: { level: 'warn' },
      storage: { filesystem: { rootdirectory: join(home, 'data') }, delete: { enabled: true } },
      http: { addr: address, secret: randomBytes(16).toString('hex') },
      auth: {
        token: { realm: `http://${address}/none`, service: SERVICE, issuer: ISSUER, rootcertbundle: cert },
      },
    }),
  );
  const log = await open(join(home, 'registry.log'), 'a');
  const child = spawn('docker-registry', ['serve', join(home, 'config.yml')], {
    stdio: ['ignore', log.fd, log.fd],
  });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.on('error', () => undefined); // seen as silence below
  await log.close();
  const registry: TokenRegistry = {
    address,
    port,
    token: signer(await readFile(key, 'utf8'), await readFile(cert, 'utf8')),
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await gone;
      await rm(home, { recursive: true, force: true });
    },
  };
  for (let tries = 0; tries < 100; tries += 1) {
    const status = await fetch(`http://${address}/v2/`, { signal }).then(
      (answer) => answer.status,
      () => 0,
    );
    if (status === 401) return registry;
    await pause(100, signal);
  }
  await registry[Symbol.asyncDispose]();
  throw new Error('the registry did not answer within 10 s');
}

function signer(key: string, cert: string): TokenRegistry['token'] {
  const chain = [new X509Certificate(cert).raw.toString('base64')];
  return (access) => {
    const now = Math.floor(Date.now() / 1000);
    const head = { typ: 'JWT', alg: 'ES256', x5c: chain };
    const body = {
      iss: ISSUER,
      aud: SERVICE,
      sub: 'test',
      jti: randomBytes(8).toString('hex'),
      iat: now,
      nbf: now - 10,
      exp: now + 600,
      access: access.map(({ repository, actions }) => ({ type: 'repository', name: repository, actions })),
    };
    const text = [head, body]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    const signature = createSign('SHA256').update(text).sign({ key, dsaEncoding: 'ieee-p1363' });
    return `${text}.${signature.toString('base64url')}`;
  };
}

/** A port nobody listens on now. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}
