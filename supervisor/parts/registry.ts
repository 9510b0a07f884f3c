import { createHash } from 'node:crypto';
import { chown, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bareEnvironment, registryConfigOf, type Context } from '../context.ts';
import { directory, writeAtomically } from '../home.ts';
import type { Part } from '../part.ts';
import { httpStatus } from '../probes.ts';
import { partUser } from '../users.ts';
import { STOPS, markOf } from '../stopping.ts';

export interface RegistryPlaces {
  readonly blobs: string;
  readonly certificate: string;
  readonly port: number;
  readonly apiPort: number;
  /** Signs the state of uploads; must survive a restart in mid-upload. */
  readonly uploadSecret: string;
}

/** The registry's configuration. It reads YAML, of which JSON is a part. */
export function registryConfig(places: RegistryPlaces): string {
  return JSON.stringify(
    {
      version: '0.1',
      // Every visitor without a token is a warning to it, and we are one every few seconds.
      log: { level: 'error', accesslog: { disabled: true } },
      storage: {
        filesystem: { rootdirectory: places.blobs },
        delete: { enabled: true },
        // Left-overs of broken pushes go after an hour; the registry's own default is a week.
        maintenance: { uploadpurging: { enabled: true, age: '1h', interval: '15m', dryrun: false } },
      },
      http: { addr: `127.0.0.1:${places.port}`, secret: places.uploadSecret },
      auth: {
        token: {
          realm: `http://127.0.0.1:${places.apiPort}/registry/token`,
          service: 'gantry-registry',
          issuer: 'gantry',
          rootcertbundle: places.certificate,
        },
      },
    },
    null,
    2,
  );
}

/** The image registry on loopback, where nobody gets in without a token that the server signed. */
export async function registryPart({ home, settings }: Context, signal: AbortSignal): Promise<Part> {
  const root = join(home.root, 'registry');
  const user = await partUser('docker-registry', signal);
  const file = registryConfigOf(home);
  const certificate = join(root, 'token-cert.pem');
  const port = settings.GANTRY_REGISTRY_PORT;
  const trusted = await readFile(join(home.secrets, 'registry-cert.pem'), 'utf8');
  const uploadSecret = createHash('sha256')
    .update('registry upload state')
    .update(await readFile(join(home.secrets, 'registry-key.pem')))
    .digest('hex');
  const config = registryConfig({
    blobs: join(root, 'blobs'),
    certificate,
    port,
    apiPort: settings.GANTRY_API_PORT,
    uploadSecret,
  });
  return {
    name: 'registry',
    title: 'image registry',
    needs: [],
    command: 'docker-registry',
    args: ['serve', file],
    env: { ...bareEnvironment(), ...markOf(home, 'registry'), OTEL_TRACES_EXPORTER: 'none' },
    user,
    async prepare() {
      await directory(root, 0o711);
      await directory(join(root, 'blobs'), 0o700, user);
      await writeAtomically(certificate, trusted, 0o644);
      await writeAtomically(file, config, 0o400);
      await chown(file, user.uid, user.gid);
    },
    async probe(inner) {
      const status = await httpStatus({ port, path: '/v2/', host: `127.0.0.1:${port}` }, inner);
      if (status !== 401) throw new Error(`it answered ${status} to a visitor without a token, not 401`);
    },
    stop: STOPS.registry,
    readyMs: 30_000,
    whenHung: 'restart',
    version: createHash('sha256').update(config).update(trusted).digest('hex').slice(0, 16),
  };
}
