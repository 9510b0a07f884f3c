import { pause } from '../../../lib/deadline.ts';
import type { LogQuery } from '../../../server/contract/client.ts';
import { ApiError, UnreachableError } from '../../../server/contract/transport.ts';
import { parseLogLine } from '../../../server/contract/log-line.ts';
import type { Context, Run } from '../../command.ts';
import { wholeNumber } from '../../number.ts';
import type { Colour } from '../../terminal.ts';

const BY_INSTANCE: readonly Colour[] = ['cyan', 'yellow', 'green', 'magenta', 'blue'];
const RECONNECT_MS = 1_000;

export const run: Run = async (context) => {
  const { options } = context;
  const dyno = ['ps', 'dyno', 'dynoName', 'processType']
    .map((name) => options.text(name))
    .find((one) => one !== undefined);
  const source = options.text('source');
  const query: LogQuery = {
    lines: wholeNumber('--num', options.text('num') ?? '100', { max: 1500 }),
    tail: options.flag('tail'),
    ...(dyno !== undefined && { dyno }),
    ...(source !== undefined && { source }),
  };
  const app = await context.app();
  let position = await once(context, app, query, undefined);
  // A tail goes on through restarts of the server: the position says where it was.
  while (query.tail === true) {
    await pause(RECONNECT_MS, context.signal);
    try {
      position = await once(context, app, query, position);
    } catch (err) {
      const passing = err instanceof UnreachableError || (err instanceof ApiError && err.retry);
      if (!passing) throw err;
    }
  }
};

/** Shows one session until its stream ends; answers how far it came. */
async function once(
  context: Context,
  app: string,
  query: LogQuery,
  from: string | undefined,
): Promise<string | undefined> {
  const client = await context.client();
  const session = await client.logSession(app, query, context.signal);
  let position = from;
  try {
    for await (const event of client.logEvents(session.logplex_url, from, context.signal)) {
      for (const line of event.data) show(context, line);
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
    terminal.print(`${terminal.paint(colourOf(parsed.source, parsed.instance), head)} ${parsed.text}`);
  }
}

/** The same colour for the same instance each time, and one that says less for what the platform says. */
function colourOf(source: string, instance: string): Colour {
  if (source !== 'app') return 'gray';
  const sum = Array.from(instance).reduce((total, letter) => total + letter.charCodeAt(0), 0);
  return BY_INSTANCE[sum % BY_INSTANCE.length] ?? 'cyan';
}
