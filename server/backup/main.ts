import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf } from '../../lib/errors.ts';
import { askedToStop } from '../../lib/lifecycle.ts';
import { abortController } from '../../lib/abort.ts';
import { readConfig } from '../config.ts';
import { makeBackup } from './backup.ts';

const USAGE = `gantry admin:backup [--output FILE]

Run by root on the machine of the platform, while its database runs; deploys and visitors are not disturbed. Writes the
database, the repositories, the images of the platform's own registry and all keys into one file, encrypted (age) for the key in
GANTRY_HOME/secrets/backup-key, and prints its path. script/restore needs both: keep a copy of that key elsewhere.

  --output FILE   where to; by default a new file in GANTRY_HOME/backups`;

const OPTIONS = { output: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const;

function parse(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS, strict: true }).values;
  } catch (err) {
    throw new Error(`${messageOf(err)}\n${USAGE}`, { cause: err });
  }
}

const stop = abortController();
void askedToStop().then((signal) => stop.abort(new Error(`Ended by ${signal}; there is no backup.`)));
try {
  const given = parse(process.argv.slice(2));
  if (given.help === true) {
    process.stdout.write(`${USAGE}\n`);
  } else {
    // The programs that write it have folders of their own.
    const output = given.output === undefined ? undefined : resolve(given.output);
    const made = await makeBackup(readConfig(), output, stop.signal);
    process.stderr.write(
      `Backed up: ${(made.bytes / 1e6).toFixed(1)} MB, ${made.repositories} repositories. It opens with ${made.key} only; keep a copy of that elsewhere.\n`,
    );
    process.stdout.write(`${made.file}\n`);
  }
} catch (err) {
  process.stderr.write(`${messageOf(err)}\n`);
  process.exitCode = 1;
}
