import { followEvents } from '../../contract/endpoints/events.ts';
import type { EventResource } from '../../contract/event-resources.ts';
import { PlatformError } from '../../domain/errors.ts';
import type { Gap, Happening } from '../../domain/happening.ts';
import { tokenOf } from '../authentication.ts';
import { route, type Route } from '../route.ts';
import type { Services } from '../services.ts';

export function eventRoutes({
  accounts,
  happenings,
}: Pick<Services, 'accounts' | 'happenings'>): readonly Route[] {
  return [
    route(followEvents, async (call) => {
      const { actor, query } = call;
      const token = tokenOf(call.header('authorization'));
      const again = (signal: AbortSignal) => accounts.authenticate(token ?? '', signal);
      const after = lastEventId(call.header('last-event-id')) ?? query.after;
      const wanted = { app: query.app, kinds: query.kinds?.split(','), after };
      // Asked once before the answer begins, so that a refusal has its status.
      const { from } = await happenings.follow(actor, wanted, again, call.signal);
      return {
        body: undefined,
        stream: {
          // Whoever loses the connection before anything happened goes on from here all the same.
          begin: `retry: 1000\nid: ${from}\n\n`,
          pieces: async (signal) =>
            written(await happenings.follow(actor, { ...wanted, after: from }, again, signal)),
        },
      };
    }),
  ];
}

function lastEventId(header: string | undefined): number | undefined {
  if (header === undefined || header === '') return undefined;
  if (/^\d{1,15}$/.test(header)) return Number(header);
  throw PlatformError.of('invalid_params', { field: 'Last-Event-ID', problem: 'must be the id of an event' });
}

async function* written(happenings: AsyncIterable<Happening | Gap>): AsyncGenerator<string, void, undefined> {
  for await (const one of happenings)
    yield 'gap' in one ? message('gap', one.gap.to, one.gap) : message(one.kind, one.seq, shape(one));
}

function message(name: string, id: number, data: object): string {
  return `id: ${id}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

function shape({ seq, at, app, by, before, after, ...rest }: Happening): EventResource {
  return {
    ...{ ...rest, id: seq, at: at.toISOString(), app: app ?? { id: '', name: '' }, actor: by },
    before: before && { ...before },
    after: after && { ...after },
  };
}
