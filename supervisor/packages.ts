import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { run } from '../lib/child.ts';
import { isSystemError } from '../lib/errors.ts';
import type { Settings } from './config.ts';
import { PATH, bareEnvironment } from './context.ts';
import { setupErrors } from './errors.ts';
import { exists } from './home.ts';

/** A Debian package and the program by which we see that it, or another vendor's version of it, is there. */
interface Needed {
  readonly name: string;
  readonly present: () => Promise<boolean>;
}

const POLICY = '/usr/sbin/policy-rc.d';
const OURS = '# made by gantry while it installs packages; safe to remove';
const NO_CLUSTER = '/etc/postgresql-common/createcluster.d/gantry.conf';

async function onPath(program: string): Promise<boolean> {
  const places = PATH.split(':').map((directory) => join(directory, program));
  const found = await Promise.all(places.map((place) => exists(place)));
  return found.includes(true);
}

async function postgresInstalled(): Promise<boolean> {
  const versions = await readdir('/usr/lib/postgresql').catch(() => []); // absent until the package is there
  const found = await Promise.all(
    versions.map((version) => exists(`/usr/lib/postgresql/${version}/bin/postgres`)),
  );
  return found.includes(true);
}

function needed(settings: Settings): Needed[] {
  const program = (name: string, binary: string): Needed => ({ name, present: () => onPath(binary) });
  const engines = settings.DOCKER_HOST === undefined || settings.GANTRY_BUILD_DOCKER_HOST === undefined;
  return [
    ...(engines ? [program('docker.io', 'dockerd')] : []),
    ...(settings.GANTRY_REGISTRY === undefined ? [program('docker-registry', 'docker-registry')] : []),
    ...(settings.REDIS_URL === undefined ? [program('redis-server', 'redis-server')] : []),
    ...(settings.DATABASE_URL === undefined
      ? [{ name: 'postgresql', present: postgresInstalled }]
      : [program('postgresql-client', 'pg_dump')]),
    program('haproxy', 'haproxy'),
    program('git', 'git'),
    program('openssh-client', 'ssh-keygen'),
    program('iptables', 'iptables'),
    program('iproute2', 'ip'),
    program('openssl', 'openssl'),
    program('mmdebstrap', 'mmdebstrap'),
    program('age', 'age'),
    { name: 'ca-certificates', present: () => exists('/etc/ssl/certs/ca-certificates.crt') },
  ];
}

/** Names of the Debian packages that the platform needs with these settings and that are not here. */
export async function missingPackages(settings: Settings): Promise<string[]> {
  const all = needed(settings);
  const present = await Promise.all(all.map((one) => one.present()));
  return all.filter((_, at) => !present[at]).map((one) => one.name);
}

/**
 * Installs packages without letting any of their services start. Services and database clusters that exist are
 * left alone, and so is a policy-rc.d that somebody else made. Throws `packages_failed`, `not_debian`.
 */
export async function installPackages(names: readonly string[], signal: AbortSignal): Promise<void> {
  if (!(await onPath('apt-get'))) throw setupErrors.of('not_debian', { missing: names.join(', ') });
  await removeOurs(); // of a run that was killed
  try {
    await holdServicesBack();
    const list = await apt(['install', '-y', '--no-install-recommends', ...names], signal);
    if (list.code !== 0) {
      // Package lists may be old or absent; asking for them first would cost time on every machine that has them.
      const update = await apt(['update'], signal);
      const again =
        update.code === 0
          ? await apt(['install', '-y', '--no-install-recommends', ...names], signal)
          : update;
      if (again.code !== 0)
        throw setupErrors.of('packages_failed', { packages: names.join(', '), said: lastLine(again.stderr) });
    }
  } finally {
    await removeOurs();
  }
}

const apt = (args: readonly string[], signal: AbortSignal) =>
  run(
    'apt-get',
    ['-q', '-o', 'DPkg::Lock::Timeout=300', '-o', 'Dpkg::Options::=--force-confold', ...args],
    { env: { ...bareEnvironment(), DEBIAN_FRONTEND: 'noninteractive', NEEDRESTART_SUSPEND: '1' } },
    signal,
  );

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? 'no reason given';

async function holdServicesBack(): Promise<void> {
  // `wx`: a policy that is there already was somebody's decision.
  await writeFile(POLICY, `#!/bin/sh\n${OURS}\nexit 101\n`, { mode: 0o755, flag: 'wx' }).catch(
    (err: unknown) => {
      if (!isSystemError(err, 'EEXIST')) throw err;
    },
  );
  await mkdir(dirname(NO_CLUSTER), { recursive: true });
  await writeFile(NO_CLUSTER, `${OURS}\ncreate_main_cluster = false\n`);
}

async function removeOurs(): Promise<void> {
  await rm(NO_CLUSTER, { force: true });
  const policy = await readFile(POLICY, 'utf8').catch(() => ''); // none is the usual case
  if (policy.includes(OURS)) await rm(POLICY, { force: true });
}
