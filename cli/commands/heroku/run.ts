import { createHash, randomBytes } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isSystemError } from '../../../lib/errors.ts';
import type { Context, Run } from '../../command.ts';
import type { CliConfig } from '../../config.ts';
import { findCredentials } from '../../credentials.ts';
import { gitHostOf } from '../../git-host.ts';
import { during } from '../../during.ts';
import { CommandError, ExitCode, UsageError } from '../../failures.ts';
import { herokuEnvironment } from '../../heroku/environment.ts';
import { EXEC_COMMAND, openExecDoors } from '../../heroku/exec-doors.ts';
import { startForwarder } from '../../heroku/forwarder.ts';
import { makeHome } from '../../heroku/home.ts';
import { findHeroku, HEROKU_VERSION, installHeroku, type Installation } from '../../heroku/install.ts';
import { replaceFile } from '../../replace-file.ts';

export const run: Run = async (context, args) => {
  const { config } = context;
  refuse(args[0] ?? '');
  const credentials = await findCredentials(config);
  const folder = join(config.dataDirectory, 'heroku');
  const heroku = (await findHeroku(folder)) ?? (await install(context, folder));
  const gitHost = gitHostOf(config, credentials.url);
  const home = join(folder, 'home');
  const ca = await authority(config);
  const gitConfig = await makeHome({
    path: home,
    userHome: config.home,
    userGitConfig: config.gitConfigFiles,
    gitHost,
    authority: ca,
    credentialHelper: `!${[process.execPath, process.argv[1] ?? 'gantry', 'git:credentials'].map(shellWord).join(' ')}`,
  });
  const nonce = randomBytes(32).toString('hex');
  await using forwarder = await startForwarder({ ...credentials, nonce, ca });
  await using exec = EXEC_COMMAND.test(args[0] ?? '')
    ? await openExecDoors({ ...credentials, nonce, ca, execPort: config.execPort })
    : undefined;
  const caFile = await authorityFile(config, folder, { ca, exec: exec?.certificate });
  const env = herokuEnvironment(config.inherited, {
    home,
    gitConfig,
    bin: heroku.bin,
    url: forwarder.url,
    nonce,
    gitHost,
    // Where nothing listens, for what enters no instance.
    execUrl: exec?.url ?? 'https://127.0.0.1:1/',
    caFile,
    app: config.app,
  });
  const code = await context.attach(process.execPath, ['--no-deprecation', heroku.script, ...args], env);
  // A certificate that was thrown away is of no use to the next run.
  if (exec && caFile !== undefined) await rm(caFile, { force: true });
  if (code !== 0) throw new ExitCode(code);
};

/** Commands whose hosts are written into the program (11.10). */
const ELSEWHERE =
  /^(?:apps:errors|apps:favorites(?::\w+)?|dashboard|notifications|ps:autoscale:\w+|pipelines:(?:connect|setup|diff)|reviewapps:(?:enable|disable)|ci:(?:run|rerun|debug))$/;

/** What cannot work through here is refused with a reason, before the program fails without one. */
function refuse(command: string): void {
  if (command.startsWith('container'))
    throw new CommandError(
      `heroku ${command} is not available: it talks to a registry of Heroku's own; push the app with a Dockerfile instead.`,
    );
  if (/^(?:auth:)?log(?:in|out)$/.test(command))
    throw new UsageError(`heroku ${command} is not needed: you are who gantry login says.`);
  if (ELSEWHERE.test(command))
    throw new CommandError(
      `heroku ${command} is not available: it talks to a service of Heroku's own, whatever it is told, and nothing may be sent there from here.`,
    );
  if (command === 'update')
    throw new UsageError(`heroku stays at version ${HEROKU_VERSION}, which this platform is tested with.`);
}

function install({ terminal, config, signal }: Context, folder: string): Promise<Installation> {
  return during(terminal, `Fetching the heroku command ${HEROKU_VERSION} from the npm registry …`, () =>
    installHeroku(folder, config.inherited, signal),
  );
}

/** The platform's own authority: the one that is named, else on the server itself the one it has made. */
async function authority(config: CliConfig): Promise<string | undefined> {
  if (config.caFile === undefined) return readIfThere(config.localCaFile);
  const text = await readIfThere(config.caFile);
  if (text === undefined) throw new UsageError(`GANTRY_CA_FILE names ${config.caFile}, which is not there.`);
  return text;
}

/** A process reads one file of authorities: ours, that of this one run, and what the user had there before. */
async function authorityFile(
  config: CliConfig,
  folder: string,
  { ca, exec }: { readonly ca: string | undefined; readonly exec: string | undefined },
): Promise<string | undefined> {
  const before = config.inherited['NODE_EXTRA_CA_CERTS'];
  if (ca === undefined && exec === undefined) return before;
  const others = before === undefined ? undefined : await readIfThere(before);
  const all = [ca, exec, others].filter((text) => text !== undefined).join('\n');
  // Named by what is in it: runs at the same time do not take each other's away.
  const path = join(folder, `authorities-${createHash('sha256').update(all).digest('hex').slice(0, 16)}.pem`);
  await replaceFile(path, all); // those that read it now must not find a part of it
  return path;
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (err) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].some((code) => isSystemError(err, code))) return undefined;
    throw err;
  }
}

function shellWord(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
