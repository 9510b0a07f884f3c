import { z } from 'zod';
import { messageOf } from '../../../lib/errors.ts';
import type { Formation } from '../../domain/app.ts';
import { DYNO_METADATA, SESSION_AFFINITY } from '../../domain/features.ts';
import type { DesiredApp, Rollout } from '../../ports/controller-state.ts';
import type { Sealer } from '../../ports/sealer.ts';
import type { Tables } from './database.ts';
import { openConfig, openLater } from './sealed-config.ts';
import { readFormation, readImage, readLedger } from './stored-json.ts';

/** An app, and one deployment of it that matters; an app with two has two rows. */
const desiredRow = z.object({
  appId: z.string(),
  name: z.string(),
  network: z.int(),
  deleting: z.boolean(),
  formation: z.unknown(),
  maintenance: z.boolean(),
  affinity: z.boolean(),
  domains: z.array(z.object({ host: z.string(), certificate: z.string().nullable() })),
  id: z.string().nullable(),
  status: z.string().nullable(),
});

const rolloutRow = z.object({
  appId: z.string(),
  id: z.string(),
  seq: z.int(),
  status: z.enum(['pending', 'rolling', 'succeeded', 'failed', 'superseded']),
  failure: z.string().nullable(),
  ledger: z.unknown(),
  createdAt: z.date(),
  startedAt: z.date().nullable(),
  finishedAt: z.date().nullable(),
  releaseId: z.string(),
  releaseVersion: z.int(),
  releaseStatus: z.enum(['pending', 'succeeded', 'failed']),
  image: z.unknown(),
  config: z.instanceof(Uint8Array),
  releasedAt: z.date(),
  commit: z.string().nullable(),
  description: z.string(),
  /** Since when its processes are to be told about their release. */
  tellSince: z.string().nullable(),
});

/**
 * Every app, also one that has nothing to run yet (its host is known), in one statement: one moment's truth, and one round trip for a
 * thousand apps. A destroyed app needs no rollouts: everything of it goes, whatever it was.
 */
export async function readDesired(tables: Tables, sealer: Sealer): Promise<DesiredApp[]> {
  const rows = await tables.$queryRaw<unknown[]>`
    WITH live AS (
      SELECT d.* FROM "Deployment" d JOIN "App" a ON a."currentId" = d.id WHERE a."deletedAt" IS NULL
      UNION ALL
      SELECT d.* FROM "Deployment" d JOIN "App" a ON a.id = d."appId"
      WHERE d.status IN ('pending', 'rolling') AND a."deletedAt" IS NULL)
    SELECT a.id AS "appId", coalesce(a.name, a."formerName") AS name, a.network, a.formation, a.maintenance,
      o.features->>${SESSION_AFFINITY} IS NOT NULL AS affinity,
      coalesce((SELECT json_agg(json_build_object('host', n.hostname, 'certificate', c.digest) ORDER BY n.hostname COLLATE "C")
        FROM "Domain" n LEFT JOIN "Certificate" c ON c.id = n."certificateId" WHERE n."appId" = a.id), '[]') AS domains,
      a."deletedAt" IS NOT NULL AS deleting,
      d.id, d.seq, d.status::text, d.failure, d.ledger, d."createdAt", d."startedAt", d."finishedAt",
      r.id AS "releaseId", r.version AS "releaseVersion", r.status::text AS "releaseStatus", r.image, r.config,
      r."createdAt" AS "releasedAt", r.commit, r.description, o.features->>${DYNO_METADATA} AS "tellSince"
    FROM "App" a LEFT JOIN live d ON d."appId" = a.id LEFT JOIN "Release" r ON r.id = d."releaseId"
      LEFT JOIN "AppOptions" o ON o."appId" = a.id
    ORDER BY a.id, d.seq`;

  const apps = new Map<string, Draft>();
  for (const raw of rows) {
    const row = desiredRow.parse(raw);
    const app = apps.get(row.appId) ?? begin(row);
    apps.set(row.appId, app);
    if (row.deleting) continue; // whatever it was, it goes
    try {
      app.formation = readFormation(row.formation);
      if (row.id !== null && isUndecided(row)) addNext(app, row.id, () => readRollout(raw, sealer));
      else if (row.id !== null) app.current = readRollout(raw, sealer);
    } catch (err) {
      app.unreadable = messageOf(err);
    }
  }
  return [...apps.values()];
}

const isUndecided = ({ status }: { readonly status: string | null }): boolean =>
  status === 'pending' || status === 'rolling';

/** One that cannot be read says nothing about what serves, so the rest of the app stays readable. */
function addNext(app: Draft, deploymentId: string, read: () => Rollout): void {
  try {
    app.next ??= read();
  } catch (err) {
    app.unreadableNext ??= { deploymentId, problem: messageOf(err) };
  }
}

/** A `DesiredApp` while its rows are read. */
interface Draft {
  readonly app: DesiredApp['app'];
  readonly deleting: boolean;
  readonly maintenance: boolean;
  readonly affinity: boolean;
  readonly domains: DesiredApp['domains'];
  formation: Formation;
  unreadable: string | null;
  unreadableNext: DesiredApp['unreadableNext'];
  current: Rollout | null;
  next: Rollout | null;
}

function begin(row: z.infer<typeof desiredRow>): Draft {
  const { appId, name, network, deleting, maintenance, affinity, domains } = row;
  return {
    app: { id: appId, name, network },
    ...{ deleting, maintenance, affinity, domains },
    formation: new Map(),
    unreadable: null,
    unreadableNext: null,
    current: null,
    next: null,
  };
}

function readRollout(raw: unknown, sealer: Sealer): Rollout {
  const {
    image: storedImage,
    config,
    ledger,
    releasedAt,
    commit,
    description,
    tellSince,
    releaseStatus,
    ...deployment
  } = rolloutRow.parse(raw);
  const image = readImage(storedImage);
  if (!image) throw new Error(`deployment ${deployment.id} has a release without image`);
  const release = { appId: deployment.appId, id: deployment.releaseId, config };
  return {
    deployment: { ...deployment, ledger: readLedger(ledger) },
    fresh: releaseStatus === 'pending',
    image,
    config: openLater(() => openConfig(sealer, release)),
    ...(tellSince !== null &&
      releasedAt.getTime() >= Date.parse(tellSince) && {
        told: { createdAt: releasedAt, commit, description },
      }),
  };
}
