import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runOrThrow } from '../../lib/child.ts';
import { pause } from '../../lib/deadline.ts';
import { createRegistryTokens } from '../../server/adapters/registry/tokens.ts';
import { freePort } from './free-port.ts';
import type { RegistryTokens } from '../../server/ports/registry.ts';

/** A throw-away image registry on loopback that admits nobody without a token signed by this key. */
export interface TestRegistry extends AsyncDisposable {
  /** host:port */
  readonly address: string;
  readonly port: number;
  readonly keyPem: string;
  readonly certPem: string;
  readonly tokens: RegistryTokens;
  /** Its configuration file, as GANTRY_REGISTRY_CONFIG names it. */
  readonly config: string;
  /** Where its images are. */
  readonly data: string;
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

/** Starts a registry; disposal ends it and removes all it kept. */
export async function startRegistry(): Promise<TestRegistry> {
  const home = await mkdtemp(join(tmpdir(), 'gantry-registry-'));
  const pair = await makeTokenKey(home);
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const [config, data] = [join(home, 'config.json'), join(home, 'data')];
  await mkdir(data);
  await writeFile(config, configOf(home, address, data));
  const log = await open(join(home, 'registry.log'), 'a');
  const server = spawn('docker-registry', ['serve', config], {
    stdio: ['ignore', log.fd, log.fd],
    env: { ...process.env, OTEL_TRACES_EXPORTER: 'none' },
  });
  const gone = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  server.on('error', () => undefined); // seen as silence below
  await log.close();
  const registry: TestRegistry = {
    ...{ address, port, config, data, ...pair },
    tokens: createRegistryTokens({ ...pair, clock: { now: () => new Date() } }),
    async [Symbol.asyncDispose]() {
      server.kill('SIGKILL');
      await gone;
      await rm(home, { recursive: true, force: true });
    },
  };
  for (let tries = 0; tries < 200; tries += 1) {
    if (await answers(address)) return registry;
    await pause(50, patient);
  }
  const said = await readFile(join(home, 'registry.log'), 'utf8');
  await registry[Symbol.asyncDispose]();
  throw new Error(`the registry did not answer within 10 s: ${said.slice(-2000)}`);
}

function configOf(home: string, address: string, data: string): string {
  return JSON.stringify({
    version: '0.1',
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: data }, delete: { enabled: true } },
    http: { addr: address, secret: randomBytes(16).toString('hex') },
    auth: {
      token: {
        realm: `http://${address}/nowhere`,
        service: 'gantry-registry',
        issuer: 'gantry',
        rootcertbundle: join(home, 'cert.pem'),
      },
    },
  });
}

async function answers(address: string): Promise<boolean> {
  try {
    return (await fetch(`http://${address}/v2/`)).status === 401;
  } catch {
    return false; // not up yet
  }
}
