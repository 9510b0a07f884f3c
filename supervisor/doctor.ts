import { X509Certificate } from 'node:crypto';
import { readdir, readFile, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../lib/child.ts';
import { withDeadline } from '../lib/deadline.ts';
import { messageOf } from '../lib/errors.ts';
import { caFileOf, certificateOf } from './certificates.ts';
import type { Settings } from './config.ts';
import { APPS_SOCKET, bareEnvironment } from './context.ts';
import { askStatus, type SupervisorStatus } from './control.ts';
import { createDocker } from './docker.ts';
import {
  KNOWN_GOOD,
  compareVersions,
  engineFindings,
  partFinding,
  tableOf,
  type Finding,
} from './findings.ts';
import { exists, findHome, type Home } from './home.ts';
import { missingPackages } from './packages.ts';
import { codeVersion, secureSelfCheck, selfCheck, supervisionVersion } from './platform.ts';
import { pidFileOf } from './keeper.ts';
import { readPidFile } from './process-id.ts';
import { runDoorFindings } from './run-doors.ts';
import { STOPS, type PartName } from './stopping.ts';
import type { Caller } from './up.ts';

/** Explains the state of every part; changes nothing. Answers the exit code: 1 when something is broken. */
export async function doctor(
  { settings, terminal }: Caller,
  form: 'table' | 'json',
  signal: AbortSignal,
): Promise<number> {
  const findings = await examine(settings, signal);
  if (form === 'json') terminal.say(JSON.stringify(findings, null, 2));
  else for (const line of tableOf(findings)) terminal.say(line);
  return findings.some((finding) => finding.level === 'broken') ? 1 : 0;
}

async function examine(settings: Settings, signal: AbortSignal): Promise<Finding[]> {
  const home = await findHome(settings.GANTRY_HOME);
  if (!home) {
    const meaning = `there is no platform at ${settings.GANTRY_HOME}`;
    return [
      {
        part: 'platform',
        level: 'broken',
        state: 'not set up',
        meaning,
        todo: 'run script/server, or set GANTRY_HOME',
      },
    ];
  }
  const status = await askStatus(home, signal);
  const parts = status
    ? status.parts.map((part) => partFinding(part, home.logs))
    : await partsWithoutSupervisor(home);
  const groups = await Promise.all([
    supervisorFinding(home, settings, status),
    Promise.resolve(parts),
    routerFinding(settings, signal),
    secureFinding(home, settings, signal),
    doorFindings(home, settings, signal),
    engineFacts(home, settings, signal),
    runcFinding(signal),
    packagesFinding(settings),
    secretsFinding(home),
    diskFinding(settings),
  ]);
  return groups.flat();
}

async function supervisorFinding(
  home: Home,
  settings: Settings,
  status: SupervisorStatus | undefined,
): Promise<Finding[]> {
  const part = 'supervisor';
  if (!status) {
    const hangs = (await readPidFile(pidFileOf(home, 'supervisor'))) !== undefined;
    const meaning = hangs ? 'it runs but does not answer' : 'nothing keeps the parts running';
    return [
      { part, level: 'broken', state: hangs ? 'hangs' : 'not running', meaning, todo: 'run script/server' },
    ];
  }
  if (status.version !== supervisionVersion(settings, await codeVersion())) {
    const meaning = `process ${status.pid} was started with other code or settings than those of here and now`;
    return [
      {
        part,
        level: 'weak',
        state: 'running',
        meaning,
        todo: 'run script/server with the settings that shall hold',
      },
    ];
  }
  return [{ part, level: 'ok', state: 'running', meaning: `process ${status.pid}`, todo: '' }];
}

async function partsWithoutSupervisor(home: Home): Promise<Finding[]> {
  const names = Object.keys(STOPS) as PartName[]; // its own keys
  const found = await Promise.all(
    names.map(async (name) => ({ name, running: await readPidFile(pidFileOf(home, name)) })),
  );
  return found.map(({ name, running }) => ({
    part: name,
    level: running ? 'weak' : 'broken',
    state: running ? 'running' : 'not running',
    meaning: running ? `process ${running.pid}, left by a supervisor that is gone` : 'not a process of ours',
    todo: 'run script/server',
  }));
}

async function routerFinding(settings: Settings, signal: AbortSignal): Promise<Finding[]> {
  const url = `api.${settings.GANTRY_DOMAIN}:${settings.GANTRY_HTTP_PORT}`;
  const problem = await withDeadline(5_000, signal, (inner) => selfCheck(settings, inner)).then(
    () => undefined,
    (err: unknown) => messageOf(err),
  );
  if (problem === undefined)
    return [
      { part: 'way in', level: 'ok', state: 'open', meaning: `${url} answers through the router`, todo: '' },
    ];
  const todo = 'see router and API above';
  return [
    { part: 'way in', level: 'broken', state: 'closed', meaning: `${url} does not answer: ${problem}`, todo },
  ];
}

async function doorFindings(home: Home, settings: Settings, signal: AbortSignal): Promise<Finding[]> {
  const ca = await readFile(caFileOf(home), 'utf8').catch(() => undefined);
  if (ca === undefined) return []; // said by HTTPS
  const { GANTRY_RENDEZVOUS_PORT: rendezvousPort, GANTRY_EXEC_PORT: execPort } = settings;
  return runDoorFindings({ rendezvousPort, execPort, host: `api.${settings.GANTRY_DOMAIN}`, ca }, signal);
}

async function secureFinding(home: Home, settings: Settings, signal: AbortSignal): Promise<Finding[]> {
  const part = 'HTTPS';
  const url = `api.${settings.GANTRY_DOMAIN}:${settings.GANTRY_HTTPS_PORT}`;
  const problem = await withDeadline(5_000, signal, (inner) => secureSelfCheck(home, settings, inner)).then(
    () => undefined,
    (err: unknown) => messageOf(err),
  );
  if (problem !== undefined) {
    const meaning = `${url} does not answer over TLS: ${problem}`;
    return [{ part, level: 'broken', state: 'closed', meaning, todo: 'see router and API above' }];
  }
  const bundle = await readFile(certificateOf(home), 'utf8').catch(() => ''); // it has answered; the date is extra
  const until = bundle === '' ? '' : `, certificate until ${new X509Certificate(bundle).validTo}`;
  const meaning = `${url} answers${until}; clients need the authority ${caFileOf(home)}`;
  return [{ part, level: 'ok', state: 'open', meaning, todo: '' }];
}

async function engineFacts(home: Home, settings: Settings, signal: AbortSignal): Promise<Finding[]> {
  const engines = [
    { title: 'engine for apps', role: 'apps', address: settings.DOCKER_HOST ?? `unix://${APPS_SOCKET}` },
    {
      title: 'engine for builds',
      role: 'builds',
      address: settings.GANTRY_BUILD_DOCKER_HOST ?? `unix://${home.run}/build-engine.sock`,
    },
  ] as const;
  const facts = await Promise.all(
    engines.map(async ({ title, role, address }) => {
      const info = await createDocker(address)
        .info(signal)
        .catch(() => undefined); // that it is away, its part says
      return info ? engineFindings(title, info, role) : [];
    }),
  );
  return facts.flat();
}

async function runcFinding(signal: AbortSignal): Promise<Finding[]> {
  const asked = await run('runc', ['--version'], { env: bareEnvironment() }, signal).catch(() => undefined); // another runtime
  const version = /^runc version (\S+)/.exec(asked?.stdout ?? '')?.[1];
  if (version === undefined) return [];
  const state = `version ${version}`;
  if (compareVersions(version, KNOWN_GOOD.runc) >= 0)
    return [
      { part: 'runc', level: 'ok', state, meaning: `has all fixes known in ${KNOWN_GOOD.asOf}`, todo: '' },
    ];
  const meaning = `older than ${KNOWN_GOOD.runc}, the first with all fixes known in ${KNOWN_GOOD.asOf}`;
  return [
    {
      part: 'runc',
      level: 'weak',
      state,
      meaning,
      todo: 'upgrade it, or see that your distribution carried the fixes back',
    },
  ];
}

async function packagesFinding(settings: Settings): Promise<Finding[]> {
  const missing = await missingPackages(settings);
  if (missing.length === 0)
    return [
      {
        part: 'programs',
        level: 'ok',
        state: 'installed',
        meaning: 'everything the platform calls is here',
        todo: '',
      },
    ];
  return [
    {
      part: 'programs',
      level: 'broken',
      state: 'missing',
      meaning: missing.join(', '),
      todo: 'run script/server',
    },
  ];
}

async function secretsFinding(home: Home): Promise<Finding[]> {
  const part = 'secrets';
  const paths = [home.secrets, join(home.root, 'admin-token')];
  for (const name of await readdir(home.secrets)) paths.push(join(home.secrets, name));
  const open: string[] = [];
  for (const path of paths) {
    if ((await exists(path)) && ((await stat(path)).mode & 0o077) !== 0) open.push(path);
  }
  if (open.length === 0)
    return [{ part, level: 'ok', state: 'closed', meaning: 'readable by root only', todo: '' }];
  const todo = `chmod go= ${open.join(' ')}`;
  return [
    { part, level: 'broken', state: 'open', meaning: 'other users of this machine can read keys', todo },
  ];
}

async function diskFinding(settings: Settings): Promise<Finding[]> {
  const disk = await statfs(settings.GANTRY_HOME);
  const freeMb = Math.floor((disk.bavail * disk.bsize) / 1024 / 1024);
  const usedShare = 1 - disk.bavail / disk.blocks;
  const state = `${freeMb} MB free`;
  if (freeMb < settings.GANTRY_MIN_DISK_MB) {
    const todo = 'make room; the platform does not start again below that';
    return [
      {
        part: 'disk',
        level: 'broken',
        state,
        meaning: `less than the ${settings.GANTRY_MIN_DISK_MB} MB of GANTRY_MIN_DISK_MB`,
        todo,
      },
    ];
  }
  if (usedShare > 0.9)
    return [
      {
        part: 'disk',
        level: 'weak',
        state,
        meaning: 'more than 90 % is used',
        todo: 'make room before it is full',
      },
    ];
  return [{ part: 'disk', level: 'ok', state, meaning: 'enough', todo: '' }];
}
