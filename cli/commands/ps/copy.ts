import { randomUUID } from 'node:crypto';
import { basename, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { createInside } from '../../../server/contract/endpoints/runs.ts';
import { bytesText } from '../../bytes.ts';
import type { Context, Run } from '../../command.ts';
import { newFile, type NewFile } from '../../copy-file.ts';
import { during } from '../../during.ts';
import { CommandError, UsageError } from '../../failures.ts';
import type { RunEnds } from '../../run-client.ts';
import { shellWord } from '../../../lib/shell-word.ts';

/** What a program says in vain is not kept without end. */
const SAID_MAX_BYTES = 4_096;

export const run: Run = async (context, [file = '']) => {
  const { terminal, client, result, options, signal, cwd } = context;
  const dyno = options.text('dyno') ?? 'web.1';
  const output = options.text('output') ?? basename(file);
  if (['', '.', '..'].includes(output))
    throw new UsageError(`${file} is not the name of a file; name one, such as log/production.log.`);
  const app = await context.app();
  const path = resolve(cwd, output);
  await using target = await newFile(path);
  const mark = randomUUID();
  // What the start of a process says by itself, which is no part of the file, comes before the mark.
  const command = `/bin/echo ${mark} && exec cat -- ${shellWord(file)}`;
  const body = { command, env: {}, force_no_tty: true };
  const there = await (await client()).call(createInside, { params: { app, dyno }, body }, signal);
  const secret = there.attach_url?.split('/').at(-1) ?? '';
  const bytes = await during(terminal, `Copying ${file} of ${dyno} …`, () =>
    fetchFile(context, { secret, dyno, mark, target }),
  );
  await target.keep();
  terminal.note(`Copied ${file} of ${dyno}: ${bytesText(bytes)}.`);
  result({ dyno, file, output: path, bytes }, () => terminal.print(output));
};

interface Wanted {
  readonly secret: string;
  readonly dyno: string;
  readonly mark: string;
  readonly target: NewFile;
}

/** Answers how many bytes came. Throws CommandError with what the program over there said. */
async function fetchFile({ meet }: Context, { secret, dyno, mark, target }: Wanted): Promise<number> {
  const after = createAfter(`${mark}\n`);
  let count = 0;
  let said = Buffer.alloc(0);
  const ends: RunEnds = {
    input: Readable.from([]),
    async out(bytes) {
      const part = after.take(bytes);
      count += part.length;
      if (part.length > 0) await target.write(part);
    },
    err(bytes) {
      said = Buffer.concat([said, bytes]).subarray(-SAID_MAX_BYTES);
      return Promise.resolve();
    },
    size: () => undefined,
    onResize: () => () => undefined,
    onSignal: () => () => undefined,
  };
  const end = await meet(secret, ends);
  if ('problem' in end) throw new CommandError(end.problem);
  if (end.code === 0 && after.found()) return count;
  const reason = said.toString('utf8').trim().split('\n').at(-1) ?? '';
  throw new CommandError(`${dyno} could not send it: ${reason === '' ? `exit code ${end.code}` : reason}`);
}

/** Leaves out of a stream all up to a mark and with it, wherever the stream is cut. */
function createAfter(mark: string): { take(bytes: Buffer): Buffer; found(): boolean } {
  let found = false;
  let seen: Buffer = Buffer.alloc(0);
  return {
    found: () => found,
    take(bytes) {
      if (found) return bytes;
      seen = Buffer.concat([seen, bytes]);
      const at = seen.indexOf(mark);
      found = at >= 0;
      const rest = found ? seen.subarray(at + mark.length) : Buffer.alloc(0);
      // Of what is not the mark only so much is kept as the beginning of one could be.
      seen = found ? Buffer.alloc(0) : seen.subarray(-mark.length);
      return rest;
    },
  };
}
