import type { DynoResource } from '../server/contract/resources.ts';
import type { Context } from './command.ts';
import { CommandError, ExitCode, UsageError } from './failures.ts';

/** What commands that run something have in common: what to run, and with what. */
export interface Wanted {
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
  readonly force_no_tty: boolean;
  readonly size?: string;
  readonly type?: string;
}

/** Words become one command line; one word is taken as it is, so that it may be a line of a shell. */
export function commandLine(words: readonly string[]): string {
  const [first] = words;
  if (words.length === 1 && first !== undefined) return first;
  return words
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(' ');
}

/** `web.1 -- ls`: what separates the command from what is before it is no word of the command. */
export function withoutDashes(words: readonly string[]): readonly string[] {
  return words[0] === '--' ? words.slice(1) : words;
}

/** Reads what the options say. Throws UsageError. */
export function wantedOf({ options, ends, config }: Context, words: readonly string[]): Wanted {
  const tty = ends?.live === true && !options.declined('tty');
  const [size, type] = [options.text('size'), options.text('type')];
  const term = config.inherited['TERM'];
  const screen = tty ? ends.size() : undefined;
  return {
    command: commandLine(words),
    env: {
      ...(tty && term !== undefined && { TERM: term }),
      ...(screen !== undefined && { COLUMNS: String(screen.columns), LINES: String(screen.rows) }),
      ...readEnv(options.text('env')),
    },
    force_no_tty: !tty,
    ...(size !== undefined && { size }),
    ...(type !== undefined && { type }),
  };
}

/** A process type that is asked for but not there is a mistake, and a UsageError: nothing would tell of it later. */
export async function mustHaveType({ client, options, signal }: Context, app: string): Promise<void> {
  const type = options.text('type');
  if (type === undefined) return;
  const types = (await (await client()).formation(app, signal)).map((one) => one.type);
  if (!types.includes(type))
    throw new UsageError(`${app} has no process type ${type}; it has ${types.join(', ') || 'none'}.`);
}

/** `A=1;B=2` */
function readEnv(text: string | undefined): Record<string, string> {
  const pairs = (text ?? '').split(';').filter((pair) => pair.trim() !== '');
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, key, value] = /^\s*([A-Za-z_]\w*)=([\s\S]*)$/.exec(pair) ?? [];
      if (key === undefined || value === undefined)
        throw new UsageError(`${pair} is no setting; write it as --env "NAME=value;OTHER=value".`);
      return [key, value] as const;
    }),
  );
}

/** Lends the process the user's keyboard and screen until it ends; its exit code becomes ours. */
export async function attend(context: Context, dyno: DynoResource): Promise<never> {
  const { ends, terminal, options } = context;
  const secret = dyno.attach_url?.split('/').at(-1);
  if (ends === undefined || secret === undefined)
    throw new CommandError('There is no keyboard and screen here to lend to a process.');
  terminal.rest();
  const calm = ends.live && !options.declined('tty') ? ends.raw() : () => undefined;
  try {
    const end = await context.meet(secret, ends);
    calm();
    if ('problem' in end) throw new CommandError(end.problem);
    throw new ExitCode(end.code);
  } finally {
    calm();
  }
}
