import { styleText } from 'node:util';
import { abortController } from '../lib/abort.ts';
import { pause } from '../lib/deadline.ts';
import type { LogQuery } from '../server/contract/client.ts';
import { parseLogLine } from '../server/contract/log-line.ts';
import type { DynoResource } from '../server/contract/resources.ts';
import { ApiError, UnreachableError } from '../server/contract/transport.ts';
import type { Context } from './command.ts';
import type { Colour } from './terminal.ts';
import { visible } from './visible.ts';

const BY_INSTANCE: readonly Colour[] = ['cyan', 'yellow', 'green', 'magenta', 'blue'];
const RECONNECT_MS = 1_000;
const LOOK_EVERY_MS = 300;
const AT_LEAST_APART_MS = 60_000;
/** As many lines of the past as the platform shows. */
const MOST_LINES = 1500;

/** Hears each line of a log, and says whether it is to be printed. */
type Hear = (line: string) => boolean;

/** Prints the lines of a log; with `tail` until it is interrupted, through restarts of the server. */
export async function followLogs(
  context: Context,
  app: string,
  query: LogQuery,
  hear: Hear = () => true,
): Promise<void> {
  const once = (from: string | undefined) => session(context, { app, query, from, hear });
  let position = await once(undefined);
  // The position says where it was.
  while (query.tail === true) {
    await pause(RECONNECT_MS, context.signal);
    try {
      position = await once(position);
    } catch (err) {
      const passing = err instanceof UnreachableError || (err instanceof ApiError && err.retry);
      if (!passing) throw err;
    }
  }
}

/**
 * Prints what a one-off process says, from its beginning until it has ended, and answers its exit code; undefined where
 * the platform did not say it.
 */
export async function followRun(
  context: Context,
  app: string,
  run: Pick<DynoResource, 'name' | 'created_at'>,
): Promise<number | undefined> {
  const over = abortController();
  const leave = (): void => over.abort(context.signal.reason);
  context.signal.addEventListener('abort', leave, { once: true });
  const shown: string[] = [];
  let code: number | undefined;
  let told = (): void => undefined;
  const ended = new Promise<void>((resolve) => (told = resolve));
  const hear = (line: string): boolean => {
    if (!isOf(run, line)) return false;
    shown.push(line);
    code ??= exitOf(line, run.name);
    if (code !== undefined) told();
    return true;
  };
  const query = { lines: MOST_LINES, dyno: run.name };
  const tail = followLogs({ ...context, signal: over.signal }, app, { ...query, tail: true }, hear);
  try {
    await Promise.race([tail, ended, untilEnded(context, { app, name: run.name, signal: over.signal })]);
  } finally {
    context.signal.removeEventListener('abort', leave);
    over.abort(new Error('the process has ended'));
    await tail.catch(() => undefined); // it was told to end
  }
  if (code !== undefined) return code;
  // It is over, and its last lines may be on their way for seconds: what is written down of it has them all.
  const all: string[] = [];
  await followLogs(context, app, query, (line) => (isOf(run, line) && all.push(line), false));
  for (const line of unseen(all, shown)) {
    show(context, line);
    code ??= exitOf(line, run.name);
  }
  return code;
}

/** Its number may have been that of another one before; when it was made is noted when it has begun. */
function isOf(run: Pick<DynoResource, 'created_at'>, line: string): boolean {
  const at = parseLogLine(line)?.at;
  return at === undefined || Date.parse(at) >= Date.parse(run.created_at) - AT_LEAST_APART_MS;
}

/** What of a whole log has not been shown yet; of a longer one than can be asked for, what follows the last line shown. */
function unseen(all: readonly string[], shown: readonly string[]): readonly string[] {
  if (all.length < MOST_LINES) return all.slice(shown.length);
  return all.slice(all.lastIndexOf(shown.at(-1) ?? '') + 1);
}

/** What the platform, and nobody else, says last of a process. */
function exitOf(line: string, name: string): number | undefined {
  const parsed = parseLogLine(line);
  if (parsed?.source !== 'heroku' || parsed.instance !== name) return undefined;
  const [, status] = /^Process exited with status (\d{1,3})\b/.exec(parsed.text) ?? [];
  return status === undefined ? undefined : Number(status);
}

async function untilEnded(
  { client }: Context,
  { app, name, signal }: { readonly app: string; readonly name: string; readonly signal: AbortSignal },
): Promise<void> {
  const api = await client();
  for (;;) {
    const dynos = await api.dynos(app, signal);
    const lives = dynos.some(
      (dyno) => dyno.name === name && dyno.state !== 'down' && dyno.state !== 'crashed',
    );
    if (!lives) return;
    await pause(LOOK_EVERY_MS, signal);
  }
}

/** Shows one session until its stream ends; answers how far it came. */
async function session(
  context: Context,
  {
    app,
    query,
    from,
    hear,
  }: {
    readonly app: string;
    readonly query: LogQuery;
    readonly from: string | undefined;
    readonly hear: Hear;
  },
): Promise<string | undefined> {
  const client = await context.client();
  const opened = await client.logSession(app, query, context.signal);
  let position = from;
  try {
    for await (const event of client.logEvents(opened.logplex_url, from, context.signal)) {
      for (const line of event.data) if (hear(line)) show(context, line);
      if (event.id !== '') position = event.id;
    }
  } catch (err) {
    if (query.tail !== true || !(err instanceof UnreachableError)) throw err;
  }
  return position;
}

function show({ terminal, options }: Context, line: string): void {
  const parsed = parseLogLine(line);
  if (options.flag('json')) {
    terminal.raw(`${JSON.stringify(parsed ?? { text: line })}\n`);
  } else if (parsed === undefined) {
    terminal.print(line);
  } else {
    const head = `${parsed.at} ${parsed.source}[${parsed.instance}]:`;
    const colour = colourOf(parsed.source, parsed.instance);
    if (options.flag('forceColors'))
      terminal.raw(
        `${styleText(colour, visible(head), { validateStream: false })} ${visible(parsed.text)}\n`,
      );
    else terminal.print(`${options.declined('color') ? head : terminal.paint(colour, head)} ${parsed.text}`);
  }
}

/** The same colour for the same instance each time, and one that says less for what the platform says. */
function colourOf(source: string, instance: string): Colour {
  if (source !== 'app') return 'gray';
  const sum = Array.from(instance).reduce((total, letter) => total + letter.charCodeAt(0), 0);
  return BY_INSTANCE[sum % BY_INSTANCE.length] ?? 'cyan';
}
