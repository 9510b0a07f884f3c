import type { Note } from '../domain/happening.ts';
import { instanceName, type Instance } from '../domain/instance.ts';
import type { WantedRoute } from './routes.ts';
import type { Tell } from './teller.ts';

/** Tells where visitors are led, of which the database knows nothing: by what the router has acknowledged. */
export interface RouteNews {
  /** Compares with what was told before. The first look tells nothing: an earlier server has told what is there then. */
  look(acknowledged: readonly WantedRoute[], instances: readonly Instance[], signal: AbortSignal): void;
}

/** Where visitors of one app are led. */
type Lead = Readonly<Record<'hosts' | 'maintenance' | 'release' | 'instances', unknown>>;

export function createRouteNews(tell: Tell): RouteNews {
  let known: ReadonlyMap<string, Lead> | undefined;
  return {
    look(acknowledged, instances, signal) {
      const byId = new Map(instances.map((one) => [one.id, one]));
      const now = new Map(acknowledged.map((one) => [one.appId, leadOf(one, byId)]));
      if (known !== undefined) tell(changes(known, now), signal);
      known = now;
    },
  };
}

function leadOf({ hosts, maintenance, route }: WantedRoute, byId: ReadonlyMap<string, Instance>): Lead {
  const serving = (route.serving?.instances ?? []).flatMap((id) => byId.get(id) ?? []);
  return {
    hosts,
    maintenance,
    release: serving[0]?.release ?? null,
    instances: serving.map(instanceName).toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true })),
  };
}

function changes(before: ReadonlyMap<string, Lead>, now: ReadonlyMap<string, Lead>): Note[] {
  const notes: Note[] = [];
  for (const [appId, lead] of now) {
    const was = before.get(appId);
    const about = { kind: 'route', appId, subject: appId, after: lead };
    if (was === undefined) notes.push({ ...about, action: 'create', before: null });
    else if (JSON.stringify(was) !== JSON.stringify(lead))
      notes.push({ ...about, action: 'update', before: was });
  }
  for (const [appId, lead] of before)
    if (!now.has(appId))
      notes.push({ kind: 'route', appId, subject: appId, action: 'destroy', before: lead, after: null });
  return notes;
}
