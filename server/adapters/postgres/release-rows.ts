import type { Deployment } from '../../domain/deployment.ts';
import type { Release } from '../../domain/release.ts';
import type { Prisma } from './generated/client.ts';
import { readImage, readLedger } from './stored-json.ts';

/** What is read of a release: everything but its sealed config. */
export const RELEASE = {
  include: { user: { select: { id: true, email: true } } },
  omit: { config: true },
} as const;

/** What is read of a deployment. */
export const DEPLOYMENT = { include: { release: { select: { version: true } } } } as const;

export function readRelease(
  row: Prisma.ReleaseGetPayload<typeof RELEASE>,
  currentId: string | undefined,
): Release {
  return {
    id: row.id,
    appId: row.appId,
    version: row.version,
    status: row.status,
    current: row.id === currentId,
    description: row.description,
    image: readImage(row.image),
    collectedAt: row.collectedAt,
    commit: row.commit,
    user: row.user,
    failure: row.failure,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  };
}

/** As `RELEASE`, in one statement with whether it serves: that of the last deployment that succeeded; before the first one, the newest that stands. */
export const RELEASE_WITH_CURRENT = `
  SELECT r.id, r."appId", r.version, r.status::text, r.description, r.image, r."collectedAt", r.commit, r.failure,
    r."createdAt", r."updatedAt", u.id AS "userId", u.email,
    r.id IS NOT DISTINCT FROM coalesce(
      (SELECT live."releaseId" FROM "App" a JOIN "Deployment" live ON live.id = a."currentId" WHERE a.id = r."appId"),
      (SELECT s.id FROM "Release" s WHERE s."appId" = r."appId" AND s.status = 'succeeded'
        ORDER BY s.version DESC LIMIT 1)) AS current
  FROM "Release" r JOIN "User" u ON u.id = r."userId"`;

export interface ReleaseRow extends Omit<Release, 'user' | 'image'> {
  readonly image: unknown;
  readonly userId: string;
  readonly email: string;
}

export function readReleaseRow({ userId, email, image, ...same }: ReleaseRow): Release {
  return { ...same, image: readImage(image), user: { id: userId, email } };
}

/** Of a deployment `d` and its release `r`. */
export const DEPLOYMENT_COLUMNS = `
  d.id, d."appId", d.seq, d."releaseId", r.version AS "releaseVersion", d.status::text, d.failure, d.ledger,
  d."createdAt", d."startedAt", d."finishedAt"`;

export interface DeploymentRow extends Omit<Deployment, 'ledger'> {
  readonly ledger: unknown;
}

export function readDeploymentRow({ ledger, ...same }: DeploymentRow): Deployment {
  return { ...same, ledger: readLedger(ledger) };
}

export function readDeployment(row: Prisma.DeploymentGetPayload<typeof DEPLOYMENT>): Deployment {
  return {
    id: row.id,
    appId: row.appId,
    seq: row.seq,
    releaseId: row.releaseId,
    releaseVersion: row.release.version,
    status: row.status,
    failure: row.failure,
    ledger: readLedger(row.ledger),
    createdAt: row.createdAt,
    startedAt: row.startedAt,
    finishedAt: row.finishedAt,
  };
}
