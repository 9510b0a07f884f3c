import type { ContainerCreateOptions } from 'dockerode';
import type { InstanceSpec } from '../../ports/engine.ts';
import type { RunSpec } from '../../ports/runs.ts';
import {
  bridgeName,
  containerLabels,
  containerName,
  hostName,
  identityOf,
  networkName,
  runContainerName,
  runLabels,
} from './names.ts';

/** What Docker gives by default, less what no web process needs: no raw sockets, device nodes, chroot, file capabilities or audit. */
const CAPABILITIES = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'KILL', 'NET_BIND_SERVICE', 'SETGID', 'SETUID'];

/** As Heroku's; more than the engine itself may have open, and no container would start at all. */
const OPEN_FILES = 10_000;

const MIB = 1024 * 1024;

/**
 * The whole container, from a closed set of fields: nothing a user writes becomes an option of the engine.
 * The user's config loses against what the platform says.
 */
export function containerOptions(
  platformId: string,
  imageReference: string,
  spec: InstanceSpec,
): ContainerCreateOptions {
  return {
    name: containerName(platformId, identityOf(spec)),
    Image: imageReference,
    Hostname: hostName(spec.type, spec.number),
    Labels: containerLabels(platformId, spec),
    Env: environment(spec),
    ...(spec.argv !== null && { Entrypoint: [...spec.argv], Cmd: [] }),
    Healthcheck: { Test: ['NONE'] }, // health is asked by the controller; an image's own check would only cost
    HostConfig: hostConfig(platformId, spec),
  };
}

/**
 * The container of a run. With a terminal of its own if wanted; its input ends with the one connection it has. What an
 * attached one prints goes to whoever attached it and nowhere else: consoles show secrets.
 */
export function runOptions(
  platformId: string,
  imageReference: string,
  spec: RunSpec,
): ContainerCreateOptions {
  const { app, number, attached, tty } = spec;
  return {
    name: runContainerName(platformId, { appId: app.id, appName: app.name, number }),
    Image: imageReference,
    Hostname: hostName('run', number),
    Labels: runLabels(platformId, spec),
    Env: [...environment(spec, spec.env), GROUP_SIGNALS],
    ...(spec.argv !== null && { Entrypoint: [...spec.argv], Cmd: [] }),
    Tty: attached && tty,
    OpenStdin: attached,
    StdinOnce: attached,
    Healthcheck: { Test: ['NONE'] },
    HostConfig: {
      ...hostConfig(platformId, spec),
      ...(attached && { LogConfig: { Type: 'none', Config: {} } }),
    },
  };
}

/** Has the engine's init hand signals to all that the command started in its group, not to the shell alone. */
const GROUP_SIGNALS = 'TINI_KILL_PROCESS_GROUP=1';

function hostConfig(
  platformId: string,
  spec: Pick<InstanceSpec, 'app' | 'size'>,
): NonNullable<ContainerCreateOptions['HostConfig']> {
  return {
    NetworkMode: networkName(platformId, spec.app.id),
    Memory: spec.size.memoryMb * MIB,
    MemorySwap: spec.size.memoryMb * MIB, // equal: no swap
    NanoCpus: Math.round(spec.size.cpus * 1e9),
    PidsLimit: spec.size.pids,
    Ulimits: [
      { Name: 'nofile', Soft: OPEN_FILES, Hard: OPEN_FILES },
      { Name: 'core', Soft: 0, Hard: 0 },
    ],
    ShmSize: 32 * MIB,
    OomScoreAdj: 500, // when the machine runs out of memory an app goes before the platform
    CapDrop: ['ALL'],
    CapAdd: [...CAPABILITIES],
    SecurityOpt: ['no-new-privileges'],
    Privileged: false,
    PublishAllPorts: false,
    Init: true,
    // The controller restarts: the engine's own policy loses containers after a SIGKILL of the daemon, and knows no back-off.
    RestartPolicy: { Name: 'no' },
    LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '2' } },
  };
}

/** The options of an app's private network. Containers on it see each other; packet rules keep everybody else out. */
export function networkOptions(
  platformId: string,
  app: InstanceSpec['app'],
  subnet: string,
): {
  Name: string;
  CheckDuplicate: boolean;
  Driver: string;
  EnableIPv6: boolean;
  IPAM: { Driver: string; Config: { Subnet: string }[] };
  Options: Record<string, string>;
  Labels: Record<string, string>;
} {
  return {
    Name: networkName(platformId, app.id),
    CheckDuplicate: true,
    Driver: 'bridge',
    EnableIPv6: false,
    IPAM: { Driver: 'default', Config: [{ Subnet: subnet }] },
    Options: {
      'com.docker.network.bridge.name': bridgeName(platformId, app.network),
      'com.docker.network.bridge.enable_icc': 'true',
    },
    Labels: { 'gantry.platform': platformId, 'gantry.app': app.id },
  };
}

function environment(
  spec: Pick<InstanceSpec, 'config' | 'platformEnv'>,
  added: ReadonlyMap<string, string> = new Map(),
): string[] {
  const own = [...spec.config].map(([key, value]) => [key, value.reveal()] as const);
  return [...new Map([...own, ...added, ...spec.platformEnv])].map(([key, value]) => `${key}=${value}`);
}
