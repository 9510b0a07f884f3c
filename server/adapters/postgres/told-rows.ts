import { z } from 'zod';
import type { App } from '../../domain/app.ts';
import type { Happening, Values } from '../../domain/happening.ts';
import type { InstanceState } from '../../domain/instance.ts';
import type { TellingInstance, Thing } from '../../domain/webhook-news.ts';
import type { Tables } from './database.ts';
import { readFormation, readImage, readNames, readUpload } from './stored-json.ts';

/** What a row is not whole without. */
export interface Around {
  readonly tables: Tables;
  readonly email: (userId: string) => Promise<string>;
}

interface AroundThing extends Around {
  readonly app: App;
  /** The release that serves now. */
  readonly current: string | undefined;
}

/** Events write times as text, where a row has dates. */
const date = z.coerce.date();
const text = z.string();
const times = { createdAt: date, updatedAt: date };
const bytes = z.coerce.number().nullable();

const appRow = z.object({
  ...{ id: text, name: text.nullable(), network: z.number().nullable(), ownerId: text },
  ...{ teamId: text.nullable(), locked: z.boolean(), deployBranch: text.nullable() },
  ...{ formation: z.unknown(), maintenance: z.boolean(), acm: z.boolean(), revision: z.number() },
  ...{ releasedAt: date.nullable(), slugBytes: bytes, repositoryBytes: bytes, ...times },
});
const releaseRow = z.object({
  ...{ id: text, appId: text, version: z.number(), status: z.enum(['pending', 'succeeded', 'failed']) },
  ...{ description: text, image: z.unknown(), collectedAt: date.nullable(), commit: text.nullable() },
  ...{ userId: text, failure: text.nullable(), ...times },
});
const buildRow = z.object({
  ...{ id: text, appId: text, userId: text, attempt: z.number() },
  status: z.enum(['queued', 'building', 'succeeded', 'failed', 'superseded']),
  ...{ ref: text.nullable(), commit: text.nullable(), from: text.nullable(), upload: z.unknown() },
  ...{ buildpacks: z.unknown(), failure: text.nullable(), image: z.unknown() },
  ...{ createdAt: date, finishedAt: date.nullable() },
});
const domainRow = z.object({
  ...{ id: text, appId: text, hostname: text, certificateId: text.nullable(), ...times },
});
const certificateRow = z.object({
  ...{ id: text, appId: text, name: text, chain: text, digest: text, ...times },
});
const collaboratorRow = z.object({
  ...{ id: text, userId: text, role: z.enum(['view', 'deploy', 'operate', 'manage', 'admin']), ...times },
});

/** An app by its row; the network of one that is gone is nobody's. */
export async function readApp(row: Values, { tables, email }: Around): Promise<App> {
  const { ownerId, teamId, name, network, formation, ...same } = appRow.parse(row);
  const team = teamId === null ? null : await tables.team.findUnique({ where: { id: teamId } });
  return {
    ...{ ...same, name: name ?? '', network: network ?? -1, formation: readFormation(formation) },
    owner: { id: ownerId, email: await email(ownerId) },
    team: team && { id: team.id, name: team.name },
  };
}

/** A thing by its row, as it was at some time; what belongs to it is taken as it is now. */
export async function readThing(
  kind: 'app' | 'release' | 'build' | 'domain' | 'certificate' | 'collaborator',
  row: Values,
  around: AroundThing,
): Promise<Thing> {
  const { app } = around;
  switch (kind) {
    case 'app': {
      const read = await readApp(row, around);
      // As its owner sees it, for want of anybody who asks.
      return { kind, app: { ...read, standing: { owner: !read.team, team: null, collaborator: null } } };
    }
    case 'release': {
      const { userId, image, ...same } = releaseRow.parse(row);
      const user = { id: userId, email: await around.email(userId) };
      const release = { ...same, user, image: readImage(image ?? null), current: same.id === around.current };
      return { kind, app, release };
    }
    case 'build':
      return readBuild(row, around);
    case 'domain': {
      const { certificateId, ...same } = domainRow.parse(row);
      return { kind, app, domain: { ...same, certificate: await certificateOf(certificateId, around) } };
    }
    case 'certificate': {
      const certificate = certificateRow.parse(row);
      const where = { certificateId: certificate.id };
      const domains = await around.tables.domain.findMany({ where, select: { id: true } });
      return { kind, app, certificate: { ...certificate, domains: domains.map(({ id }) => id) } };
    }
    case 'collaborator': {
      const { userId, ...same } = collaboratorRow.parse(row);
      const user = { id: userId, email: await around.email(userId) };
      return { kind, app, collaborator: { ...same, user }, byTeam: await leads(userId, around) };
    }
  }
}

/** Whether somebody may do everything anyway, by the team of the app. */
async function leads(userId: string, { tables, app: { team } }: AroundThing): Promise<boolean> {
  if (team === null) return false;
  return (await tables.teamMember.count({ where: { teamId: team.id, userId, role: 'admin' } })) > 0;
}

async function readBuild(row: Values, { tables, app, email }: AroundThing): Promise<Thing> {
  const { ref, commit, from, upload, buildpacks, image, ...same } = buildRow.parse(row);
  // A build that waits has made nothing yet, whatever has become of it since.
  const waits = same.status === 'queued';
  const where = { buildId: same.id };
  const release = waits ? null : await tables.release.findUnique({ where, select: { id: true } });
  const build = {
    ...same,
    push: ref !== null && commit !== null ? { ref, commit, from } : null,
    upload: readUpload(upload ?? null),
    buildpacks: readNames(buildpacks ?? null),
    image: waits ? null : readImage(image ?? null),
    ...{ releaseId: release?.id ?? null, deploymentId: null },
  };
  return { kind: 'build', app, build, email: await email(same.userId) };
}

/** One that is gone has told its name in going. */
async function certificateOf(id: string | null, { tables, app }: AroundThing) {
  if (id === null) return null;
  const there = await tables.certificate.findUnique({ where: { id }, select: { name: true } });
  if (there) return { id, name: there.name };
  const gone = await tables.event.findFirst({
    where: { appId: app.id, kind: 'certificate', subject: id, action: 'destroy' },
    select: { before: true },
  });
  return { id, name: z.object({ name: text }).catch({ name: '' }).parse(gone?.before).name };
}

const STATES: Readonly<Record<string, InstanceState>> = {
  starting: 'starting',
  up: 'ready',
  crashed: 'crashed',
  stopping: 'stopping',
  down: 'stopping',
};
const telling = z.object({
  ...{ type: text, number: z.number(), release: z.number(), state: text },
  ...{ startedAt: date.nullish(), endedAt: date.nullish() },
});

/** An instance as it was noted, and what it had been before. */
export function readTelling({ subject, action, before, after, at }: Happening): {
  readonly now: TellingInstance;
  readonly was: TellingInstance | null;
} {
  const { state, startedAt, endedAt, ...same } = telling.parse(after);
  const gone = state === 'down' || state === 'crashed';
  const now = {
    ...{ ...same, id: subject, state: STATES[state] ?? 'stopping' },
    ...{ startedAt: startedAt ?? null, endedAt: endedAt ?? (gone ? at : null) },
  };
  const had = action === 'update' ? STATES[String(before?.['state'])] : undefined;
  return { now, was: had === undefined ? null : { ...now, state: had } };
}
