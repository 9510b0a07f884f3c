import { z } from 'zod';
import type { App } from '../../domain/app.ts';
import { told, undone, type Happening, type Values } from '../../domain/happening.ts';
import { staysUp } from '../../domain/release.ts';
import type { Told } from '../../domain/webhook-news.ts';
import type { Tables } from './database.ts';
import { currentOf } from './releases.ts';
import { readFormation, readImage } from './stored-json.ts';
import { readApp, readThing, readTelling, type Around } from './told-rows.ts';

/** What happenings are about, read within one transaction: what several of them have in common is asked for once. */
interface ToldThings {
  /** None: it is about nothing that is shown. Throws ZodError for a row that is not as it should be. */
  of(happening: Happening): Promise<readonly Told[]>;
}

export function createToldThings(tables: Tables): ToldThings {
  const apps = new Map<string, Promise<App | undefined>>();
  const emails = new Map<string, Promise<string>>();
  const around: Around = {
    tables,
    email: (userId) => kept(emails, userId, () => emailOf(tables, userId)),
  };

  async function appOf({ id, name }: NonNullable<Happening['app']>): Promise<App | undefined> {
    const row = await ROWS.app(tables, id);
    return row ? { ...(await readApp(row, around)), name } : undefined;
  }

  return {
    async of(happening) {
      if (happening.app === null) return [];
      const of = happening.app;
      const { kind } = told(happening);
      // As it is now: what it was then is told by its own events.
      const app = await kept(apps, of.id, () => appOf(of));
      if (!app) return [];
      if (kind === 'formation') return formations(tables, happening, app);
      if (kind === 'instance') return instance(tables, happening, app);
      if (!isShown(kind)) return [];
      const states = await statesOf(tables, happening, kind);
      if (!states) return [];
      const current = kind === 'release' ? await currentOf(tables, app.id) : undefined;
      const read = (row: Values) => readThing(kind, row, { ...around, app, current });
      return [{ now: await read(states.now), was: states.was && (await read(states.was)) }];
    },
  };
}

function kept<T>(known: Map<string, T>, key: string, ask: () => T): T {
  const is = known.get(key) ?? ask();
  known.set(key, is);
  return is;
}

async function emailOf(tables: Tables, id: string): Promise<string> {
  const user = await tables.user.findUnique({ where: { id }, select: { email: true } });
  return user?.email ?? '';
}

/** The columns that resources are made of; what is not named here is not even read. */
const TIMES = { createdAt: true, updatedAt: true } as const;
const APP = {
  ...{ id: true, name: true, network: true, ownerId: true, teamId: true, locked: true, deployBranch: true },
  ...{ formation: true, maintenance: true, acm: true, revision: true, releasedAt: true },
  ...{ slugBytes: true, repositoryBytes: true, ...TIMES },
} as const;
const RELEASE = {
  ...{ id: true, appId: true, version: true, status: true, description: true, image: true },
  ...{ collectedAt: true, commit: true, userId: true, failure: true, ...TIMES },
} as const;
const BUILD = {
  ...{ id: true, appId: true, userId: true, status: true, ref: true, commit: true, from: true, upload: true },
  ...{ buildpacks: true, attempt: true, failure: true, image: true, createdAt: true, finishedAt: true },
} as const;
const DOMAIN = { id: true, appId: true, hostname: true, certificateId: true, ...TIMES } as const;
const CERTIFICATE = { id: true, appId: true, name: true, chain: true, digest: true, ...TIMES } as const;
const COLLABORATOR = { id: true, userId: true, role: true, ...TIMES } as const;

type Find = (tables: Tables, id: string) => Promise<Values | null>;
const ROWS = {
  app: ({ app }, id) => app.findUnique({ where: { id }, select: APP }),
  release: ({ release }, id) => release.findUnique({ where: { id }, select: RELEASE }),
  build: ({ build }, id) => build.findUnique({ where: { id }, select: BUILD }),
  domain: ({ domain }, id) => domain.findUnique({ where: { id }, select: DOMAIN }),
  certificate: ({ certificate }, id) => certificate.findUnique({ where: { id }, select: CERTIFICATE }),
  collaborator: ({ collaborator }, id) => collaborator.findUnique({ where: { id }, select: COLLABORATOR }),
} as const satisfies Readonly<Record<string, Find>>;
type Shown = keyof typeof ROWS;

function isShown(kind: string): kind is Shown {
  return Object.hasOwn(ROWS, kind);
}

/**
 * The row as the happening left it, and as it had been. The row is read first: whatever changes it in between is among
 * what has happened since, and is undone.
 */
async function statesOf(
  tables: Tables,
  happening: Happening,
  shown: Shown,
): Promise<{ readonly now: Values; readonly was: Values | null } | undefined> {
  const { app, kind, subject, seq, at } = happening;
  const row = await ROWS[shown](tables, subject);
  const since = await tables.event.findMany({
    where: { appId: app?.id ?? null, kind, subject, OR: [{ seq: { gt: BigInt(seq) } }, { seq: null }] },
    orderBy: { id: 'desc' },
    select: { action: true, before: true },
  });
  const left = undone(
    row,
    since.map(({ action, before }) => ({ action: ACTION.parse(action), before: BEFORE.parse(before) })),
  );
  const had = undone(left, [happening]);
  const { action } = told(happening);
  // When a row was changed last is not told; one that is gone was, as far as anybody knows, when this happened.
  const dated = (values: Values | null): Values | null => values && { updatedAt: at, ...values };
  const now = dated(action === 'destroy' ? had : left);
  return now ? { now, was: action === 'update' ? dated(had) : null } : undefined;
}

const ACTION = z.enum(['create', 'update', 'destroy']);
const BEFORE = z.record(z.string(), z.unknown()).nullable();

/** Each process type whose count changed. */
async function formations(tables: Tables, { before, after }: Happening, app: App): Promise<Told[]> {
  const had = readFormation(before?.['formation'] ?? {});
  const has = readFormation(after?.['formation'] ?? {});
  const newest = await tables.release.findFirst({
    where: { appId: app.id, status: { not: 'failed' } },
    orderBy: { version: 'desc' },
    select: { image: true },
  });
  const processes = readImage(newest?.image ?? null)?.processes ?? {};
  return [...has]
    .filter(([type, quantity]) => staysUp(type) && had.get(type) !== quantity)
    .map(([type, quantity]) => {
      const command = processes[type]?.command ?? '';
      const thing = (count: number) =>
        ({ kind: 'formation', app, count: { type, command, quantity: count } }) as const;
      const was = had.get(type);
      return { now: thing(quantity), was: was === undefined ? null : thing(was) };
    });
}

/** Of instances no table knows: what was noted says all, and with the release it names it is what the API shows. */
async function instance(tables: Tables, happening: Happening, app: App): Promise<Told[]> {
  const { now, was } = readTelling(happening);
  const version = now.release;
  const release = await tables.release.findUnique({
    where: { appId_version: { appId: app.id, version } },
    select: { id: true, image: true },
  });
  if (!release) return [];
  const command = readImage(release.image)?.processes[now.type]?.command ?? '';
  const thing = (one: typeof now) =>
    ({ kind: 'instance', app, instance: one, from: { command, releaseId: release.id } }) as const;
  return [{ now: thing(now), was: was && thing(was) }];
}
