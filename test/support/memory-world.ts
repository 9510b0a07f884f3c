import type { Secret } from '../../lib/secret.ts';
import type { Role, TeamRole } from '../../server/domain/access.ts';
import type { Formation } from '../../server/domain/app.ts';
import type { Build } from '../../server/domain/build.ts';
import type { Certificate } from '../../server/domain/certificate.ts';
import type { Deployment } from '../../server/domain/deployment.ts';
import type { AppSetup, SetupOrder } from '../../server/domain/app-setup.ts';
import type { Promotion } from '../../server/domain/promotion.ts';
import type { Stage } from '../../server/domain/pipeline.ts';
import type { Domain } from '../../server/domain/domain.ts';
import type { BuiltImage, ConfigVars, ReleaseStatus } from '../../server/domain/release.ts';
import type { Clock } from '../../server/ports/clock.ts';
import type { Key } from '../../server/ports/accounts.ts';
import type { Token } from '../../server/ports/tokens.ts';

/** Takes `readonly` off, for what only the fake may change. */
type Open<T> = { -readonly [K in keyof T]: T[K] };

export interface MemoryUser {
  readonly id: string;
  email: string;
  admin: boolean;
  name: string | null;
  password: string | null;
  totp: string | null;
  totpPending: string | null;
  totpStep: number | null;
  /** Hashes of recovery codes. */
  readonly recovery: Set<string>;
  invitation: { readonly hash: string; readonly createdAt: Date; readonly expiresAt: Date } | null;
  lastLoginAt: Date | null;
  readonly createdAt: Date;
  updatedAt: Date;
  removedAt: Date | null;
}

export type MemoryToken = Omit<Open<Token>, 'email'> & { hash: string };

export interface MemoryApp {
  readonly id: string;
  name: string;
  ownerId: string;
  teamId: string | null;
  locked: boolean;
  readonly network: number;
  readonly deployBranch: string | null;
  formation: Formation;
  maintenance: boolean;
  acm: boolean;
  /** Those that are on, each since when. */
  features: ReadonlyMap<string, Date>;
  revision: number;
  lastVersion: number;
  lastSeq: number;
  currentId: string | null;
  releasedAt: Date | null;
  slugBytes: number | null;
  repositoryBytes: number | null;
  deletedAt: Date | null;
  readonly createdAt: Date;
  updatedAt: Date;
  /** Set by a test that has its records make no sense. */
  unreadable: string | null;
}

export interface MemoryTeam {
  readonly id: string;
  readonly name: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

interface MemoryMember {
  readonly id: string;
  readonly teamId: string;
  readonly userId: string;
  readonly role: TeamRole;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface MemoryCollaborator {
  readonly id: string;
  readonly appId: string;
  readonly userId: string;
  readonly role: Role;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface MemoryTransfer {
  readonly id: string;
  readonly appId: string;
  readonly ownerId: string;
  readonly recipientId: string;
  readonly state: 'pending' | 'accepted' | 'declined';
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface MemoryPipeline {
  readonly id: string;
  name: string;
  ownerId: string;
  teamId: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface MemoryCoupling {
  readonly id: string;
  readonly pipelineId: string;
  readonly appId: string;
  readonly stage: Stage;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface MemoryRelease {
  readonly id: string;
  readonly appId: string;
  readonly version: number;
  status: ReleaseStatus;
  readonly description: string;
  readonly image: BuiltImage | null;
  collectedAt: Date | null;
  readonly config: ConfigVars;
  readonly commit: string | null;
  readonly userId: string;
  buildId: string | null;
  failure: string | null;
  readonly createdAt: Date;
  updatedAt: Date;
}

export type MemoryDomain = Omit<Open<Domain>, 'certificate'> & { certificateId: string | null };
export type MemoryCertificate = Omit<Open<Certificate>, 'domains'> & { key: Secret };
export type MemoryBuild = Omit<Open<Build>, 'releaseId' | 'deploymentId'> & { epoch: number | null };
export type MemoryDeployment = Open<Deployment>;

/** What the in-memory stores share, as the real ones share a database. One synchronous step is one transaction. */
export interface MemoryWorld {
  readonly clock: Clock;
  readonly users: Map<string, MemoryUser>;
  readonly tokens: Map<string, MemoryToken>;
  readonly keys: Map<string, Omit<Key, 'email'>>;
  readonly answers: Map<
    string,
    {
      readonly request: string;
      /** Null: begun. */
      readonly status: number | null;
      readonly body: string | undefined;
      readonly at: Date;
    }
  >;
  readonly apps: Map<string, MemoryApp>;
  readonly teams: Map<string, MemoryTeam>;
  members: MemoryMember[];
  collaborators: MemoryCollaborator[];
  readonly transfers: Map<string, MemoryTransfer>;
  readonly pipelines: Map<string, MemoryPipeline>;
  readonly couplings: Map<string, MemoryCoupling>;
  /** In the order in which they began; those of a pipeline that is gone are gone. */
  readonly promotions: Map<string, Promotion>;
  /** In the order in which they were asked for. */
  readonly setups: Map<string, { readonly setup: AppSetup; readonly order: SetupOrder }>;
  readonly releases: Map<string, MemoryRelease>;
  readonly domains: Map<string, MemoryDomain>;
  readonly certificates: Map<string, MemoryCertificate>;
  readonly deployments: Map<string, MemoryDeployment>;
  /** Deployments whose records make no sense. */
  readonly spoilt: Set<string>;
  /** In the order in which they were submitted. */
  readonly builds: Map<string, MemoryBuild>;
  readonly pages: { readonly position: number; readonly stream: string; readonly lines: readonly string[] }[];
  /** Builds and deployments whose transcripts were taken away. */
  readonly pruned: Set<string>;
  epoch: number;
}

export function createMemoryWorld(clock: Clock): MemoryWorld {
  return {
    clock,
    users: new Map(),
    tokens: new Map(),
    keys: new Map(),
    answers: new Map(),
    apps: new Map(),
    teams: new Map(),
    members: [],
    collaborators: [],
    transfers: new Map(),
    pipelines: new Map(),
    couplings: new Map(),
    promotions: new Map(),
    setups: new Map(),
    releases: new Map(),
    domains: new Map(),
    certificates: new Map(),
    deployments: new Map(),
    spoilt: new Set(),
    builds: new Map(),
    pages: [],
    pruned: new Set(),
    epoch: 0,
  };
}

export function userOf(world: MemoryWorld, id: string): MemoryUser {
  const user = world.users.get(id);
  if (!user) throw new Error(`no user ${id} was set up`);
  return user;
}

/** As PostgreSQL would: text cannot hold NUL. */
export function storable(text: string): string {
  return text.replaceAll('\u0000', '\uFFFD');
}

export function livingApp(world: MemoryWorld, id: string): MemoryApp | undefined {
  const app = world.apps.get(id);
  return app?.deletedAt === null ? app : undefined;
}

export function deploymentsOf(world: MemoryWorld, appId: string): MemoryDeployment[] {
  return [...world.deployments.values()].filter((one) => one.appId === appId).sort((a, b) => a.seq - b.seq);
}

/** Newest first. */
export function releasesOf(world: MemoryWorld, appId: string): MemoryRelease[] {
  return [...world.releases.values()]
    .filter((one) => one.appId === appId)
    .sort((a, b) => b.version - a.version);
}

export function isUndecided({ status }: { readonly status: string }): boolean {
  return status === 'pending' || status === 'rolling';
}

/** Ends the unsettled builds of an app, with their undecided deployments and pending releases, unless they are live. */
export function supersedeBuilds(world: MemoryWorld, appId: string, reason: string, only?: string): boolean {
  const failure = storable(reason);
  let any = false;
  for (const build of world.builds.values()) {
    if (build.appId !== appId || (build.status !== 'queued' && build.status !== 'building')) continue;
    if (only !== undefined && build.id !== only) continue;
    const release = releasesOf(world, appId).find((one) => one.buildId === build.id);
    const deployments = deploymentsOf(world, appId).filter((one) => one.releaseId === release?.id);
    if (deployments.some((one) => one.status === 'succeeded')) continue;
    Object.assign(build, { status: 'superseded', failure, finishedAt: world.clock.now() });
    deployments.forEach((one) => supersedeDeployment(world, one, failure));
    any = true;
  }
  return any;
}

export function supersedeDeployment(world: MemoryWorld, deployment: MemoryDeployment, failure: string): void {
  if (!isUndecided(deployment)) return;
  Object.assign(deployment, { status: 'superseded', failure, finishedAt: world.clock.now() });
  failRelease(world, deployment.releaseId, failure);
}

/** A release that has served is not failed by a later deployment of it. */
export function failRelease(world: MemoryWorld, releaseId: string, failure: string): void {
  const release = world.releases.get(releaseId);
  if (release?.status !== 'pending') return;
  Object.assign(release, { status: 'failed', failure, updatedAt: world.clock.now() });
}
