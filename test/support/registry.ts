import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runOrThrow } from '../../lib/child.ts';
import { pause } from '../../lib/deadline.ts';

/** A throw-away image registry on loopback that wants tokens signed with this key. */
export interface TestRegistry extends AsyncDisposable {
  /** host:port */
  readonly address: string;
  readonly keyPem: string;
  readonly certPem: string;
}

const patient = new AbortController().signal;

/** Makes a P-256 key and a certificate for it, as set-up does. */
export async function makeTokenKey(home: string): Promise<{ keyPem: string; certPem: string }> {
  const [key, cert] = [join(home, 'key.pem'), join(home, 'cert.pem')];
  const subject = ['-subj', '/CN=gantry', '-days', '2', '-nodes'];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
  await runOrThrow(
    'openssl',
    ['req', '-x509', ...curve, '-keyout', key, '-out', cert, ...subject],
    {},
    patient,
  );
  return { keyPem: await readFile(key, 'utf8'), certPem: await readFile(cert, 'utf8') };
}

export async function startRegistry(): Promise<TestRegistry> {
  const home = await mkdtemp(join(tmpdir(), 'gantry-registry-'));
  const pair = await makeTokenKey(home);
  const address = `127.0.0.1:${await freePort()}`;
  const config = {
    version: '0.1',
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(home, 'blobs') }, delete: { enabled: true } },
    http: { addr: address },
    auth: {
      token: {
        realm: `http://${address}/nowhere`,
        service: 'gantry-registry',
        issuer: 'gantry',
        rootcertbundle: join(home, 'cert.pem'),
      },
    },
  };
  await writeFile(join(home, 'config.json'), JSON.stringify(config));
  const server: ChildProcess = spawn('docker-registry', ['serve', join(home, 'config.json')], {
    stdio: 'ignore',
    env: { ...process.env, OTEL_TRACES_EXPORTER: 'none' },
  });
  while (!(await answers(address))) await pause(30, patient);
  return {
    address,
    ...pair,
    async [Symbol.asyncDispose]() {
      const gone = new Promise((resolve) => server.once('exit', resolve));
      server.kill('SIGKILL');
      await gone;
      await rm(home, { recursive: true, force: true });
    },
  };
}

async function answers(address: string): Promise<boolean> {
  try {
    return (await fetch(`http://${address}/v2/`)).status === 401;
  } catch {
    return false; // not up yet
  }
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo; // it listens on TCP
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
