import { RUN_TYPE, runName, type Run } from '../domain/run.ts';
import { createHash } from 'node:crypto';
import type {
  AccountResource,
  AppResource,
  BuildResource,
  DeploymentResource,
  DynoResource,
  DynoSizeResource,
  FormationResource,
  KeyResource,
  RegionResource,
  ReleaseResource,
  SlugResource,
  StackResource,
} from '../contract/resources.ts';
import type { App, SeenApp } from '../domain/app.ts';
import { PlatformError } from '../domain/errors.ts';
import type { Build, BuildStatus } from '../domain/build.ts';
import { buildpackName } from '../domain/buildpacks.ts';
import type { Deployment } from '../domain/deployment.ts';
import { instanceName, SMALL, type InstanceState } from '../domain/instance.ts';
import {
  hasReleaseCommand,
  rollbackTarget,
  type BuiltImage,
  type ConfigVars,
  type Release,
} from '../domain/release.ts';
import type { TellingInstance } from '../domain/webhook-news.ts';
import type { Account, Key } from '../ports/accounts.ts';
import type { ProcessCount } from './services.ts';

/** Where users reach the platform; URLs in answers are made of it. */
export interface Place {
  readonly domain: string;
  readonly httpPort: number;
  readonly sshPort: number;
  readonly rendezvousPort: number;
}

/** `2006-01-02T15:04:05Z`, as the Platform API writes time. */
export function wireTime(date: Date): string {
  return `${date.toISOString().slice(0, -5)}Z`; // without the milliseconds, which are always three digits
}

/** The same UUID for the same text: clients want UUIDs for things that have none here. */
export function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  const variant = ((parseInt(hex.slice(16, 18), 16) & 0x3f) | 0x80).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    variant + hex.slice(18, 20),
    hex.slice(20, 32),
  ].join('-');
}

const named = (name: string) => ({ id: uuidOf(`gantry:${name}`), name });
const STACK = named('gantry');
const REGION = named('local');
const SIZE = named(SMALL.name);
/** The Platform API's word for the only kind of app there is here; another word makes clients speak other protocols. */
const GENERATION = named('cedar');
export const SINCE = '2026-01-01T00:00:00Z';

function webUrl(app: string, place: Place): string {
  return `http://${app}.${place.domain}${place.httpPort === 80 ? '' : `:${place.httpPort}`}/`;
}

function gitUrl(app: string, place: Place): string {
  return `ssh://git@${place.domain}:${place.sshPort}/${app}.git`;
}

export function shapeAccount(me: Account): AccountResource {
  return {
    id: me.id,
    email: me.email,
    name: me.name,
    allow_tracking: false,
    beta: false,
    country_of_residence: null,
    default_organization: null,
    default_team: null,
    delinquent_at: null,
    federated: false,
    identity_provider: null,
    last_login: me.lastLoginAt && wireTime(me.lastLoginAt),
    sms_number: null,
    suspended_at: null,
    two_factor_authentication: me.twoFactor,
    verified: true,
    created_at: wireTime(me.createdAt),
    updated_at: wireTime(me.updatedAt),
  };
}

export function shapeKey(key: Key): KeyResource {
  return {
    id: key.id,
    comment: key.comment,
    email: key.email,
    fingerprint: key.fingerprint,
    // Clients show the comment that stands in the key.
    public_key: key.comment === '' ? key.publicKey : `${key.publicKey} ${key.comment}`,
    created_at: wireTime(key.createdAt),
    updated_at: wireTime(key.createdAt),
  };
}

export function shapeApp(app: SeenApp, place: Place): AppResource {
  const { team, standing } = app;
  return {
    id: app.id,
    name: app.name,
    // An app of a team belongs to the team, which clients recognise by an address made of its name.
    owner: team ? { id: team.id, email: `${team.name}@${place.domain}` } : { ...app.owner },
    git_url: gitUrl(app.name, place),
    web_url: webUrl(app.name, place),
    region: REGION,
    stack: STACK,
    build_stack: STACK,
    generation: GENERATION,
    acm: app.acm,
    maintenance: app.maintenance,
    // Made in one step: nobody ever sees one that is not. Clients show every other value.
    create_status: 'complete',
    archived_at: null,
    buildpack_provided_description: null,
    internal_routing: null,
    organization: team,
    team,
    locked: app.locked,
    joined: standing.owner || standing.collaborator !== null,
    space: null,
    repo_size: app.repositoryBytes,
    slug_size: app.slugBytes,
    released_at: app.releasedAt === null ? null : wireTime(app.releasedAt),
    created_at: wireTime(app.createdAt),
    updated_at: wireTime(app.updatedAt),
  };
}

/** Values are opened here, where they leave the process on behalf of someone who may read them. */
export function shapeConfig(config: ConfigVars): Record<string, string> {
  return Object.fromEntries([...config].map(([key, value]) => [key, value.reveal()]));
}

export function shapeRelease(release: Release, app: App, outputUrl: string): ReleaseResource {
  return {
    id: release.id,
    version: release.version,
    app: refOf(app),
    status: release.status,
    current: release.current,
    description: release.description,
    user: { id: release.user.id, email: release.user.email },
    slug: slugOf(release.image),
    artifacts: [],
    addon_plan_names: [],
    eligible_for_rollback: rollbackTarget(release),
    // Of one that failed it is read only when somebody asks for it, and tells why.
    output_stream_url: hasReleaseCommand(release) || release.status === 'failed' ? outputUrl : null,
    failure: release.failure,
    created_at: wireTime(release.createdAt),
    updated_at: wireTime(release.updatedAt),
  };
}

export function shapeDeployment(deployment: Deployment, app: App, outputUrl: string): DeploymentResource {
  const { ledger } = deployment;
  return {
    id: deployment.id,
    app: refOf(app),
    release: { id: deployment.releaseId, version: deployment.releaseVersion },
    status: deployment.status,
    failure: deployment.failure,
    ledger: ledger && {
      boot_ms: ledger.bootMs,
      switch_ms: ledger.switchMs,
      requests: ledger.requests,
      dropped: ledger.dropped,
    },
    output_stream_url: outputUrl,
    created_at: wireTime(deployment.createdAt),
    started_at: deployment.startedAt && wireTime(deployment.startedAt),
    finished_at: deployment.finishedAt && wireTime(deployment.finishedAt),
  };
}

export function shapeFormation(count: ProcessCount, app: App): FormationResource {
  return {
    id: uuidOf(`formation:${app.id}:${count.type}`),
    app: refOf(app),
    type: count.type,
    command: count.command,
    quantity: count.quantity,
    size: SMALL.name,
    dyno_size: SIZE,
    created_at: wireTime(app.createdAt),
    updated_at: wireTime(app.updatedAt),
  };
}

const DYNO_STATE: Readonly<Record<InstanceState, DynoResource['state']>> = {
  created: 'starting',
  starting: 'starting',
  ready: 'up',
  stopping: 'down',
  crashed: 'crashed',
};

export function shapeDyno(
  instance: TellingInstance,
  app: App,
  from: { readonly command: string; readonly releaseId: string },
): DynoResource {
  const since = instance.endedAt ?? instance.startedAt ?? app.updatedAt;
  return {
    id: uuidOf(`instance:${instance.id}`),
    name: instanceName(instance),
    app: refOf(app),
    type: instance.type,
    command: from.command,
    state: DYNO_STATE[instance.state],
    size: SMALL.name,
    release: { id: from.releaseId, version: instance.release },
    attach_url: null,
    created_at: wireTime(instance.startedAt ?? since),
    updated_at: wireTime(since),
  };
}

export function shapeRun(
  run: Run,
  app: App,
  more: { readonly releaseId: string; readonly attachUrl?: string },
): DynoResource {
  return {
    id: runIdOf(run),
    name: runName(run),
    app: refOf(app),
    type: RUN_TYPE,
    command: run.command,
    state: run.state === 'created' ? 'starting' : run.state === 'up' ? 'up' : 'down',
    size: run.size,
    release: { id: more.releaseId, version: run.release },
    attach_url: more.attachUrl ?? null,
    created_at: wireTime(run.createdAt),
    updated_at: wireTime(run.startedAt ?? run.createdAt),
  };
}

/** The id of a run on the wire. */
export function runIdOf({ id }: Pick<Run, 'id'>): string {
  return uuidOf(`run:${id}`);
}

export const BUILD_STATUS: Readonly<Record<BuildStatus, BuildResource['status']>> = {
  queued: 'pending',
  building: 'pending',
  succeeded: 'succeeded',
  failed: 'failed',
  superseded: 'failed',
};

export function shapeBuild(build: Build, app: App, email: string, outputUrl: string): BuildResource {
  return {
    id: build.id,
    app: { id: app.id },
    status: BUILD_STATUS[build.status],
    failure: build.failure,
    user: { id: build.userId, email },
    release: build.releaseId === null ? null : { id: build.releaseId },
    slug: slugOf(build.image),
    source_blob: {
      checksum: build.upload && `SHA256:${build.upload.checksum}`,
      url: null, // whoever has it has the source
      version: build.push?.commit ?? build.upload?.version ?? null,
      version_description: build.upload?.description ?? null,
    },
    buildpacks: build.buildpacks && build.buildpacks.map((name) => shapeBuildpack(name)),
    stack: STACK.name,
    generation: GENERATION.name,
    output_stream_url: outputUrl,
    created_at: wireTime(build.createdAt),
    updated_at: wireTime(build.finishedAt ?? build.createdAt),
  };
}

/** A name of the registry has a URL too: clients tell by it what is a name. */
export function shapeBuildpack(word: string): { url: string; name: string } {
  const name = buildpackName(word);
  return { url: name.startsWith('https://') ? name : `urn:buildpack:${name}`, name };
}

export function shapeStack(): StackResource {
  return { ...STACK, default: true, state: 'public', created_at: SINCE, updated_at: SINCE };
}

export function shapeRegion(): RegionResource {
  return {
    ...REGION,
    description: 'This machine',
    country: '',
    locale: '',
    private_capable: false,
    provider: { name: 'self-hosted', region: '' },
    created_at: SINCE,
    updated_at: SINCE,
  };
}

export function shapeSize(): DynoSizeResource {
  return {
    ...SIZE,
    architecture: 'any',
    compute: SMALL.cpus,
    cost: null,
    dedicated: false,
    generation: GENERATION,
    memory: SMALL.memoryMb / 1024,
    precise_dyno_units: 1,
    private_space_only: false,
  };
}

/** Whether a client's word for a thing means the one there is: by name or by id. */
export const isOurs = {
  stack: (word: string): boolean => word === STACK.name || word === STACK.id,
  region: (word: string): boolean => word === REGION.name || word === REGION.id,
  size: (word: string): boolean => word === SIZE.name || word === SIZE.id,
};

/** Refuses another stack, region or size than the one there is. */
export function mustBeOurs(field: 'stack' | 'region' | 'size', word: string | null | undefined): void {
  if (word === null || word === undefined || isOurs[field](word)) return;
  throw PlatformError.of('invalid_params', { field, problem: `must be ${OURS[field]}, the only one here` });
}

/** Names told to a client that asked for something else. */
export const OURS = { stack: STACK.name, region: REGION.name, size: SIZE.name } as const;

function refOf(app: App): { id: string; name: string } {
  return { id: app.id, name: app.name };
}

/** An image is a slug to clients of the Platform API. */
export function slugIdOf({ repository, digest }: BuiltImage): string {
  return uuidOf(`image:${repository}@${digest}`);
}

/** There is nothing to be downloaded: images stay in the platform's registry. */
export function shapeSlug({ commit, createdAt }: Release, image: BuiltImage): SlugResource {
  return {
    id: slugIdOf(image),
    blob: { method: 'GET', url: '' },
    buildpack_provided_description: image.builder,
    checksum: image.digest.replace('sha256:', 'SHA256:'),
    commit,
    commit_description: null,
    process_types: Object.fromEntries(
      Object.entries(image.processes).map(([type, { command }]) => [type, command]),
    ),
    size: image.storedBytes,
    stack: STACK,
    created_at: wireTime(createdAt),
    deleted_at: null,
    updated_at: wireTime(createdAt),
  };
}

function slugOf(image: BuiltImage | null): { id: string } | null {
  return image === null ? null : { id: slugIdOf(image) };
}
