import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pause } from '../lib/deadline.ts';
import { rootLog } from '../lib/log.ts';
import { makeCertificates } from './certificates.ts';
import { inCharge, writeOwnPid } from './charge.ts';
import { systemdRuns } from './choose-engine.ts';
import { makeLink } from './command-link.ts';
import { inheritedEnvironment, type Settings } from './config.ts';
import { APPS_SOCKET } from './context.ts';
import { askProgress, askStatus, createStory, type Progress } from './control.ts';
import { stopPlatform } from './down.ts';
import { setupErrors } from './errors.ts';
import { exists, findHome, makeHome, type Home } from './home.ts';
import { logFileOf, pidFileOf } from './keeper.ts';
import { superviseUntil } from './life.ts';
import { installPackages, missingPackages } from './packages.ts';
import { lastWords } from './part-log.ts';
import { codeVersion, DIST, selfCheck, supervisionVersion } from './platform.ts';
import { checkDatabaseVersion } from './parts/postgres.ts';
import { preflight } from './preflight.ts';
import { identify, isAlive, readPidFile, type ProcessId } from './process-id.ts';
import { makeSecrets } from './secrets.ts';
import { startUnit } from './systemd.ts';
import type { Terminal } from './terminal.ts';
import { welcome } from './welcome.ts';

export interface Caller {
  readonly settings: Settings;
  readonly env: NodeJS.ProcessEnv;
  readonly terminal: Terminal;
}

/** Installs what is missing, after saying so. */
export async function addPackages(
  { settings, terminal }: Pick<Caller, 'settings' | 'terminal'>,
  signal: AbortSignal,
): Promise<void> {
  const missing = await missingPackages(settings);
  if (missing.length === 0) return;
  terminal.say(`Installing Debian packages: ${missing.join(', ')} (their own services are not started) …`);
  await installPackages(missing, signal);
}

/** Does what a platform needs once: packages, state directory, keys. Idempotent, and quick when all is there. */
export async function prepare({ settings, terminal }: Caller, signal: AbortSignal): Promise<Home> {
  await preflight(settings, process.getuid?.());
  await addPackages({ settings, terminal }, signal);
  const home = await makeHome(settings.GANTRY_HOME);
  if (settings.DATABASE_URL === undefined) await checkDatabaseVersion(home);
  await makeSecrets(home, signal);
  await makeCertificates(home, settings.GANTRY_DOMAIN, signal);
  await makeLink(home, settings.GANTRY_COMMAND_LINK);
  return home;
}

/**
 * `up`: prepares the machine, starts the platform or adopts what runs of it, and says what to do next.
 * In the foreground until the signal aborts, then stops it; detached, returns when it is ready and leaves it running.
 */
export async function up(
  caller: Caller,
  mode: 'foreground' | 'detached',
  signal: AbortSignal,
): Promise<void> {
  if (await isUp(caller, signal)) return;
  const started = Date.now();
  const home = await prepare(caller, signal);
  const firstStart = !(await exists(join(home.root, 'admin-token')));
  const greet = async (): Promise<void> => {
    const token = firstStart
      ? (await readFile(join(home.root, 'admin-token'), 'utf8').catch(() => '')).trim()
      : '';
    for (const line of welcome(home, caller.settings, token, Date.now() - started)) caller.terminal.say(line);
  };
  if (mode === 'detached') return upDetached({ caller, home, greet }, signal);
  await runSupervisor({ caller, home }, signal, async (event) => {
    if (event.kind === 'line') caller.terminal.say(event.text);
    if (event.kind === 'failed') caller.terminal.say(event.message);
    if (event.kind === 'ready') await greet();
  });
}

/** A platform that runs well with this code and these settings needs no start, only a look. */
async function isUp({ settings, terminal }: Caller, signal: AbortSignal): Promise<boolean> {
  const home = await findHome(settings.GANTRY_HOME);
  const status = home && (await askStatus(home, signal));
  if (!home || !status) return false;
  if (status.version !== supervisionVersion(settings, await codeVersion())) {
    terminal.say('The platform is running with other code or settings; taking it over …');
    return false;
  }
  const bad = status.parts
    .filter((part) => part.state !== 'ready')
    .map((part) => `${part.title} is ${part.state}`);
  const router = await selfCheck(settings, signal).then(
    () => [],
    () => ['the API does not answer through the router'],
  );
  if (bad.length + router.length > 0) {
    // Whoever starts it again has mended something, or hopes to: what is well is adopted, the rest is tried anew.
    terminal.say(`The platform is running, but ${[...bad, ...router].join(', ')}; trying again …`);
    return false;
  }
  terminal.say('The platform is running already, and every part is well.');
  for (const line of welcome(home, settings, '', 0)) terminal.say(line);
  return true;
}

/** One supervisor's whole life in this process, from taking charge to what is left afterwards. */
export async function runSupervisor(
  { caller, home }: { caller: Caller; home: Home },
  signal: AbortSignal,
  hear: (event: Progress) => Promise<void>,
): Promise<void> {
  const { settings, terminal } = caller;
  await inCharge(home, signal, async () => {
    await writeOwnPid(home);
    const story = createStory();
    void (async () => {
      for await (const event of story.read()) await hear(event);
    })();
    // In the foreground the terminal has the story; the log of a supervisor is for the background.
    const log = rootLog('supervisor', process.stderr.isTTY ? 'fatal' : settings.GANTRY_LOG_LEVEL);
    const inherited = inheritedEnvironment(caller.env);
    const end = await superviseUntil({ home, settings, inherited, log, story }, signal);
    if (end === 'handed over') {
      terminal.say('Another process took charge of the platform; it runs on.');
      return;
    }
    terminal.say('Stopping …');
    const how = {
      apps: 'keep where the engine is not ours',
      engine: settings.DOCKER_HOST ?? `unix://${APPS_SOCKET}`,
      terminal,
    } as const;
    await stopPlatform(home, how, new AbortController().signal); // the signal that stopped us has done its work
  });
}

async function upDetached(
  { caller, home, greet }: { caller: Caller; home: Home; greet: () => Promise<void> },
  signal: AbortSignal,
): Promise<void> {
  const before = await readPidFile(pidFileOf(home, 'supervisor'));
  const child = await launch(caller, home, signal);
  try {
    await newSupervisor({ home, before, child }, signal);
    for await (const event of askProgress(home, signal)) {
      if (event.kind === 'line') caller.terminal.say(event.text);
      if (event.kind === 'failed') throw setupErrors.of('start_failed', { said: event.message });
      if (event.kind !== 'ready') continue;
      await greet();
      return;
    }
  } catch (err) {
    throw signal.aborted ? setupErrors.of('start_interrupted', {}, err) : err;
  }
}

async function launch({ env }: Caller, home: Home, signal: AbortSignal): Promise<ProcessId | undefined> {
  if (await systemdRuns()) {
    // A restart of the unit tells its supervisor to stop the platform; one that has let go of it before cannot.
    await inCharge(home, signal, () => Promise.resolve());
    await startUnit(home, env, signal);
    return undefined;
  }
  const out = openSync(logFileOf(home, 'supervisor'), 'a', 0o600);
  const child = spawn(process.execPath, [join(DIST, 'supervisor', 'main.js'), 'supervise'], {
    detached: true,
    cwd: '/',
    stdio: ['ignore', out, out],
    env: { ...env, GANTRY_HOME: home.root },
  });
  closeSync(out);
  child.unref();
  if (child.pid === undefined) throw new Error('the supervisor could not be started');
  return identify(child.pid);
}

/** Waits until the supervisor just launched can be asked. */
async function newSupervisor(
  { home, before, child }: { home: Home; before: ProcessId | undefined; child: ProcessId | undefined },
  signal: AbortSignal,
): Promise<void> {
  const until = Date.now() + 60_000;
  for (;;) {
    const status = await askStatus(home, signal);
    if (status && status.pid !== before?.pid) return;
    if ((child && !isAlive(child)) || Date.now() > until) {
      throw setupErrors.of('start_failed', { said: await lastWords(logFileOf(home, 'supervisor')) });
    }
    await pause(30, signal);
  }
}
