import { appendFile, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { KnownError, messageOf } from '../../lib/errors.ts';
import { quietLog } from '../../lib/log.ts';
import { Secret } from '../../lib/secret.ts';
import { createAccounts } from '../adapters/postgres/accounts.ts';
import { openDatabase } from '../adapters/postgres/database.ts';
import { createPeople } from '../adapters/postgres/people.ts';
import { createTokens } from '../adapters/postgres/tokens.ts';
import { openKeyFile } from '../adapters/secrets/key-file.ts';
import { createSealer } from '../adapters/secrets/sealer.ts';
import { readConfig, type Config } from '../config.ts';
import { recover, type Recovered } from '../services/recovery.ts';

const USAGE = `gantry admin:recover [--email ADDRESS] [--reset-password] [--remove-second-factor]

Run by root on the machine of the platform, while its database runs. Makes a fresh token of an administrator and writes
it where this machine's own gantry finds it; the one that was there before ends. Whoever --email names is an
administrator of the platform from then on. With --reset-password it also makes an invitation to choose a new password.`;

const OPTIONS = {
  email: { type: 'string' },
  'reset-password': { type: 'boolean' },
  'remove-second-factor': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

type Given = ReturnType<typeof parse>;

function parse(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS, strict: true }).values;
  } catch (err) {
    throw new Error(`${messageOf(err)}\n${USAGE}`, { cause: err });
  }
}

async function run(config: Config, given: Given): Promise<Recovered> {
  const clock = { now: () => new Date() };
  await using db = openDatabase({ url: config.databaseUrl, log: quietLog() });
  const sealer = createSealer(await openKeyFile(join(config.paths.secrets, 'master-key')));
  const stores = {
    accounts: createAccounts({ db, clock }),
    people: createPeople({ db, sealer, clock }),
    tokens: createTokens({ db, clock }),
  };
  const kept = (await readFile(config.paths.adminToken, 'utf8').catch(() => '')).trim();
  return await recover(
    { ...stores, clock },
    {
      email: given.email,
      former: kept === '' ? undefined : new Secret(kept),
      password: given['reset-password'] === true ? 'reset' : 'keep',
      secondFactor: given['remove-second-factor'] === true ? 'remove' : 'keep',
    },
    AbortSignal.timeout(30_000),
  );
}

/** Whole or not at all, and readable by its owner only. */
async function keepToken(config: Config, token: Secret): Promise<void> {
  const draft = `${config.paths.adminToken}.${process.pid}.new`;
  await writeFile(draft, `${token.reveal()}\n`, { mode: 0o600, flag: 'wx' });
  await rename(draft, config.paths.adminToken);
}

/** In the server's own log, where an administrator who did not do this finds it. */
async function tellLog(config: Config, given: Given, { person }: Recovered): Promise<void> {
  const line = {
    level: 40,
    time: new Date().toISOString(),
    program: 'server',
    user: person.email,
    password: given['reset-password'] === true ? 'reset' : 'kept',
    second_factor: given['remove-second-factor'] === true ? 'removed' : 'kept',
    msg: 'an administrator was let in by gantry admin:recover',
  };
  await appendFile(join(config.home, 'logs', 'server.log'), `${JSON.stringify(line)}\n`, { mode: 0o600 });
}

try {
  const given = parse(process.argv.slice(2));
  if (given.help === true) {
    process.stdout.write(`${USAGE}\n`);
  } else {
    const config = readConfig();
    const recovered = await run(config, given);
    await keepToken(config, recovered.token);
    await tellLog(config, given, recovered);
    const { person, invitation } = recovered;
    process.stderr.write(
      `${person.email} is an administrator, and let in by a fresh token; it is in ${config.paths.adminToken}. The one made there before has ended; all others go on.\n`,
    );
    if (given['remove-second-factor'] === true) process.stderr.write('The second factor is removed.\n');
    if (invitation) {
      process.stderr.write('With this invitation a new password is chosen (gantry login:accept):\n');
      process.stdout.write(`${invitation.reveal()}\n`);
    }
  }
} catch (err) {
  process.stderr.write(`${err instanceof KnownError ? err.message : messageOf(err)}\n`);
  process.exit(1);
}
