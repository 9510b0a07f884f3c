import { followEvents } from '../../contract/endpoints/events.ts';
import type { EventResource, LogEventResource, MetricEventResource } from '../../contract/event-resources.ts';
import { wireSource } from '../../contract/log-line.ts';
import { PlatformError } from '../../domain/errors.ts';
import type { Happening } from '../../domain/happening.ts';
import type { Place, StreamEvent } from '../../services/event-stream.ts';
import { tokenOf } from '../authentication.ts';
import { route, type Route } from '../route.ts';
import type { Services } from '../services.ts';

export function eventRoutes({
  accounts,
  eventStream,
}: Pick<Services, 'accounts' | 'eventStream'>): readonly Route[] {
  return [
    route(followEvents, async (call) => {
      const { actor, query } = call;
      const token = tokenOf(call.header('authorization'));
      const again = (signal: AbortSignal) => accounts.authenticate(token ?? '', call.ip, signal);
      const after = lastEventId(call.header('last-event-id')) ?? placeOf(query.after);
      const wanted = { app: query.app, kinds: query.kinds?.split(','), after };
      // Asked once before the answer begins, so that a refusal has its status.
      const { from } = await eventStream.follow(actor, wanted, again, call.signal);
      return {
        body: undefined,
        stream: {
          // Whoever loses the connection before anything happened goes on from here all the same.
          begin: `retry: 1000\nid: ${idOf(from)}\n\n`,
          pieces: async (signal) =>
            written(await eventStream.follow(actor, { ...wanted, after: from }, again, signal)),
        },
      };
    }),
  ];
}

function placeOf(seq: number | undefined): Place | undefined {
  return seq === undefined ? undefined : { seq };
}

/** `1234`, or `1234.1760000000000` for who has also read lines of a log. */
function idOf({ seq, lineMs }: Place): string {
  return lineMs === undefined ? String(seq) : `${seq}.${lineMs}`;
}

function lastEventId(header: string | undefined): Place | undefined {
  if (header === undefined || header === '') return undefined;
  const [, seq, lineMs] = /^(\d{1,15})(?:\.(\d{1,15}))?$/.exec(header) ?? [];
  if (seq === undefined)
    throw PlatformError.of('invalid_params', {
      field: 'Last-Event-ID',
      problem: 'must be the id of an event',
    });
  return { seq: Number(seq), lineMs: lineMs === undefined ? undefined : Number(lineMs) };
}

async function* written(events: AsyncIterable<StreamEvent>): AsyncGenerator<string, void, undefined> {
  for await (const one of events) {
    const [name, data] = nameAndData(one);
    yield `id: ${idOf(one.place)}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
  }
}

function nameAndData(told: StreamEvent): readonly [string, object] {
  if ('line' in told) return ['log', lineShape(told)];
  if ('sample' in told) return ['metric', sampleShape(told)];
  const { happened } = told;
  return 'gap' in happened ? ['gap', happened.gap] : [happened.kind, shape(happened)];
}

function shape({ seq, at, app, by, before, after, ...rest }: Happening): EventResource {
  return {
    ...{ ...rest, id: seq, at: at.toISOString(), app: app ?? { id: '', name: '' }, actor: by },
    before: before && { ...before },
    after: after && { ...after },
  };
}

function lineShape({ app, line }: Extract<StreamEvent, { line: unknown }>): LogEventResource {
  const { at, source, instance, text } = line;
  const { id, name } = app;
  return { at: at.toISOString(), kind: 'log', app: { id, name }, source: wireSource(source), instance, text };
}

function sampleShape({ app: { id, name }, sample }: Extract<StreamEvent, { sample: unknown }>) {
  const { at, instances, ...counts } = sample;
  const shaped: MetricEventResource = {
    ...{ at: at.toISOString(), kind: 'metric', app: { id, name }, ...counts },
    instances: instances.map((one) => ({
      name: one.instance,
      memory_bytes: one.memoryBytes,
      memory_limit_bytes: one.memoryLimitBytes,
      cpu_seconds: one.cpuSeconds,
    })),
  };
  return shaped;
}
