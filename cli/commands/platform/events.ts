import * as z from 'zod';
import { pause } from '../../../lib/deadline.ts';
import {
  event,
  eventGap,
  logEvent,
  metricEvent,
  type EventResource,
  type LogEventResource,
  type MetricEventResource,
} from '../../../server/contract/event-resources.ts';
import { ApiError, UnreachableError } from '../../../server/contract/transport.ts';
import { bytesText } from '../../bytes.ts';
import type { Context, Run } from '../../command.ts';
import { UsageError } from '../../failures.ts';
import { wholeNumber } from '../../number.ts';
import type { Colour } from '../../terminal.ts';

const RECONNECT_MS = 1_000;

const COLOUR: Readonly<Record<EventResource['action'], Colour>> = {
  create: 'green',
  update: 'yellow',
  destroy: 'red',
};

export const run: Run = async (context) => {
  const { options, signal } = context;
  const count = options.text('num');
  const seen: Seen = {
    place: undefined,
    left: count === undefined ? Infinity : wholeNumber('--num', count, { max: 1_000_000 }),
    reached: false,
  };
  const query = queryOf(context);
  while (seen.left > 0) {
    try {
      await follow(context, query, seen);
    } catch (err) {
      // A server that never answered is not there; one that did comes back.
      const passing = err instanceof UnreachableError || (err instanceof ApiError && err.retry);
      if (!passing || !seen.reached) throw err;
    }
    if (seen.left > 0) await pause(RECONNECT_MS, signal);
  }
};

/** How far it came. */
interface Seen {
  place: string | undefined;
  /** How many are still wanted. */
  left: number;
  reached: boolean;
}

function queryOf({ options }: Context): Readonly<Record<string, string>> {
  const [app, kinds, after] = [options.text('app'), options.text('kinds'), options.text('after')];
  return {
    ...(app !== undefined && { app }),
    ...(kinds !== undefined && { kinds }),
    ...(after !== undefined && { after: place(after) }),
  };
}

/** A place among all events; nothing is before 0. */
function place(text: string): string {
  if (/^\d{1,15}$/.test(text)) return text;
  throw new UsageError(`--after must be the place of an event, such as 0 or 1234, not ${text}.`);
}

/** One connection, from where the last one ended until it ends or enough was seen. */
async function follow(context: Context, query: Readonly<Record<string, string>>, seen: Seen): Promise<void> {
  const client = await context.client();
  for await (const { id, data } of client.happenings(query, seen.place, context.signal)) {
    seen.reached = true;
    seen.place = id;
    if (data.length === 0) continue;
    show(context, JSON.parse(data.join('\n')));
    seen.left -= 1;
    if (seen.left <= 0) return;
  }
}

function show({ terminal, options }: Context, sent: unknown): void {
  const gap = eventGap.safeParse(sent);
  const one = z.union([logEvent, metricEvent, event]).safeParse(sent);
  if (options.flag('json')) {
    const known = gap.data ?? one.data;
    if (known !== undefined) terminal.raw(`${JSON.stringify(known)}\n`);
  } else if (gap.success) {
    terminal.note(`What happened between ${gap.data.from} and ${gap.data.to} is not known any more.`);
  } else if (one.success) {
    const { at, kind, app } = one.data;
    const words = [at.replace(/\.\d+Z$/, 'Z'), terminal.paint('cyan', app.name), kind];
    terminal.print([...words, ...wordsOf(one.data, terminal)].join(' '));
  }
}

function wordsOf(
  one: EventResource | LogEventResource | MetricEventResource,
  terminal: Context['terminal'],
): string[] {
  if ('text' in one) return [terminal.paint('gray', `${one.source}[${one.instance}]:`), one.text];
  if ('requests' in one) {
    const { requests, seconds, dropped, sessions, instances } = one;
    return [
      `requests=${requests} in ${seconds.toFixed(0)} s`,
      `dropped=${dropped}`,
      `sessions=${sessions}`,
      ...instances.map(
        ({ name, memory_bytes, memory_limit_bytes, cpu_seconds }) =>
          `${name}=${bytesText(memory_bytes)} of ${bytesText(memory_limit_bytes)}, ${cpu_seconds.toFixed(1)} s of processor`,
      ),
    ];
  }
  const by = one.actor === null ? [] : [`by ${one.actor.email}`];
  return [terminal.paint(COLOUR[one.action], one.action), ...details(one), ...by];
}

/** What changed, as far as it says something in a word: `status=succeeded`. All of it is in `--json`. */
function details({ kind, after, before, action }: EventResource): string[] {
  const values = (action === 'destroy' ? before : after) ?? {};
  return TELLING.flatMap((name) => {
    const value = values[name];
    if (kind === 'app' && name === 'name' && action !== 'update') return []; // it is named already
    if (typeof value === 'boolean' && action !== 'update') return [];
    if (Array.isArray(value)) return [`${name}=${short(value.join(',') || 'none')}`];
    return ['string', 'number', 'boolean'].includes(typeof value) ? [`${name}=${short(String(value))}`] : [];
  });
}

/** What people follow; of ids, times and digests they do not. */
const TELLING = [
  ...[
    'version',
    'release',
    'name',
    'type',
    'hostname',
    'status',
    'state',
    'failure',
    'description',
    'quantity',
  ],
  ...['locked', 'maintenance', 'acm', 'stage', 'url', 'instances', 'hosts'],
];

function short(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}
