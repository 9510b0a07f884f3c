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
