import { parseArgs } from 'node:util';
import { abortController } from '../lib/abort.ts';
import { messageOf } from '../lib/errors.ts';
import { readSettings } from './config.ts';
import { inCharge } from './charge.ts';
import { APPS_SOCKET } from './context.ts';
import { demo } from './demo.ts';
import { doctor } from './doctor.ts';
import { stopPlatform } from './down.ts';
import { setupErrors } from './errors.ts';
import { findHome, makeHome } from './home.ts';
import { restore } from './restore.ts';
import { runServerProgram, SERVER_PROGRAMS } from './server-program.ts';
import { makeSecrets } from './secrets.ts';
import { createTerminal } from './terminal.ts';
import { uninstall } from './uninstall.ts';
import { prepare, runSupervisor, up, type Caller } from './up.ts';

const OPTIONS = {
  detach: { type: 'boolean' },
  demo: { type: 'boolean' },
  apps: { type: 'boolean' },
  purge: { type: 'boolean' },
  yes: { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Of `gantry doctor`: the others are called by scripts, which have their own words. */
const HELP = `Explains the state of every part of the platform on this machine, with what to do where something is wrong.

Usage: gantry doctor [--json]

Exit codes: 0 nothing is broken, 1 something is.

  gantry doctor          a table
  gantry doctor --json   the same for programs`;

type Flags = Partial<Record<keyof typeof OPTIONS, boolean | undefined>>;

function parse(args: string[]): { command: string; flags: Flags } {
  try {
    const { positionals, values } = parseArgs({
      args,
      options: OPTIONS,
      allowPositionals: true,
      strict: true,
    });
    const [command = '', ...more] = positionals;
    if (more.length > 0) throw new Error(`unexpected argument ${more.join(' ')}`);
    return { command, flags: values };
  } catch (err) {
    throw setupErrors.of('usage', { problem: `${messageOf(err)}.` }, err);
  }
}

async function down({ settings, terminal }: Caller, flags: Flags, signal: AbortSignal): Promise<void> {
  const home = await findHome(settings.GANTRY_HOME);
  if (!home) {
    terminal.say(`There is no platform at ${settings.GANTRY_HOME}.`);
    return;
  }
  const apps = flags.apps ? 'stop' : 'keep where the engine is not ours';
  const engine = settings.DOCKER_HOST ?? `unix://${APPS_SOCKET}`;
  await inCharge(home, signal, () => stopPlatform(home, { apps, engine, terminal }, signal));
  terminal.say('The platform is stopped.');
}

type Command = (caller: Caller, flags: Flags, signal: AbortSignal) => Promise<number>;
const done = (): number => 0;

const COMMANDS: Readonly<Record<string, Command>> = {
  async up(caller, flags, signal) {
    // The demo needs a platform that goes on running when its last line is printed.
    await up(caller, flags.detach || flags.demo ? 'detached' : 'foreground', signal);
    if (flags.demo) await demo(caller, signal);
    return 0;
  },
  /** The background half of `up --detach`, and what the unit runs. */
  async supervise(caller, _flags, signal) {
    const home = await makeHome(caller.settings.GANTRY_HOME);
    // Of a version that is newer than the last start by hand: what that would have made is made here.
    await makeSecrets(home, signal);
    await runSupervisor({ caller, home }, signal, () => Promise.resolve());
    return 0;
  },
  /** Packages, state directory and keys, without starting anything. */
  prepare: (caller, _flags, signal) => prepare(caller, signal).then(done),
  down: (caller, flags, signal) => down(caller, flags, signal).then(done),
  uninstall({ settings, terminal }, flags, signal) {
    const state = flags.purge ? 'purge' : 'keep';
    return uninstall(settings, { state, confirmed: flags.yes ? 'yes' : 'ask', terminal }, signal).then(done);
  },
  doctor: (caller, flags, signal) => doctor(caller, flags.json ? 'json' : 'table', signal),
};

/** Runs one command; answers its exit code. */
async function main(args: string[], signal: AbortSignal): Promise<number> {
  const caller: Caller = {
    settings: readSettings(process.env),
    env: process.env,
    terminal: createTerminal(),
  };
  const [first = '', ...rest] = args;
  const program = SERVER_PROGRAMS.get(first);
  if (program !== undefined) return runServerProgram(caller, program, rest);
  if (first === 'restore') return restore(caller, rest, signal).then(done);
  const { command, flags } = parse(args);
  const chosen = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
  if (!chosen)
    throw setupErrors.of('usage', {
      problem: command === '' ? 'No command.' : `Unknown command ${command}.`,
    });
  if (flags.help === true) {
    caller.terminal.say(HELP);
    return 0;
  }
  return chosen(caller, flags, signal);
}

const stop = abortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(name, () => stop.abort(new Error(`stopped by ${name}`)));

try {
  process.exitCode = await main(process.argv.slice(2), stop.signal);
} catch (err) {
  // A known error is a sentence for a person; anything else is a fault of ours and keeps its trace.
  const text =
    setupErrors.is(err) || stop.signal.aborted
      ? messageOf(err)
      : err instanceof Error
        ? (err.stack ?? err.message)
        : String(err);
  process.stderr.write(`${text}\n`);
  process.exitCode = 1;
}
// Children that go on running, and their pipes, must not keep a finished command alive.
process.exit();
