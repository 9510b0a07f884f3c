import { randomUUID } from 'node:crypto';
import { DeadlineError, withDeadline } from '../../lib/deadline.ts';
import { insist } from '../../lib/retry.ts';
import type { Actor } from '../domain/actor.ts';
import type { App, SeenApp } from '../domain/app.ts';
import { sourceName, type Build } from '../domain/build.ts';
import { buildpackName, buildpackProblem, MOST_BUILDPACKS } from '../domain/buildpacks.ts';
import { PlatformError } from '../domain/errors.ts';
import type { Apps } from '../ports/apps.ts';
import type { Builder } from '../ports/builder.ts';
import type { Builds as BuildStore } from '../ports/builds.ts';
import type { Egress } from '../ports/egress.ts';
import type { BuildQueue } from '../ports/queue.ts';
import type { Repositories } from '../ports/repositories.ts';
import type { UploadName, Uploads } from '../ports/uploads.ts';
import { reach } from './reach.ts';
import { checkSourceUrl, fetchSource } from './source-address.ts';
import type { Transcripts } from './transcripts.ts';
import type { Wake } from './wake.ts';

export interface Builds {
  /** Newest first. */
  list(actor: Actor, app: string, signal: AbortSignal): Promise<readonly Build[]>;
  find(actor: Actor, app: string, id: string, signal: AbortSignal): Promise<Build>;
  /**
   * Builds and deploys a source that comes without git, on the same way as a push; an older build that is not settled
   * is superseded by it. Throws `upload_missing`, `egress_refused`, `egress_failed`, `checksum_wrong`, `source_refused`,
   * `invalid_params`.
   */
  create(actor: Actor, app: string, source: SentSource, signal: AbortSignal): Promise<Build>;
  /**
   * Ends a build that is not settled: at once while it waits, within seconds while it is built or rolled out; what
   * served before goes on. Throws `build_over`.
   */
  cancel(actor: Actor, app: string, id: string, signal: AbortSignal): Promise<Build>;
  /** Forgets what earlier builds of the app kept for later ones. */
  purgeCache(actor: Actor, app: string, signal: AbortSignal): Promise<SeenApp>;
}

export interface SentSource {
  /** Sent here before, or an https address on the internet, which is fetched in the call. */
  readonly from: { readonly upload: UploadName } | { readonly url: string };
  /** `SHA256:…`, if the sender said it: what was sent must be that. */
  readonly checksum: string | null;
  readonly version: string | null;
  readonly description: string | null;
  /** Null: those of the app. */
  readonly buildpacks: readonly string[] | null;
}

export interface BuildsDeps {
  readonly apps: Apps;
  readonly store: BuildStore;
  readonly repositories: Pick<Repositories, 'archiveOf' | 'discard'>;
  readonly uploads: Pick<Uploads, 'put' | 'unpack'>;
  readonly egress: Pick<Egress, 'check' | 'fetch'>;
  /** As long as a caller waits for a source to be fetched. */
  readonly fetchMs?: number;
  readonly transcripts: Pick<Transcripts, 'append'>;
  readonly queue: BuildQueue;
  readonly controller: Wake;
  readonly builder: Pick<Builder, 'renewCache'>;
}

const AGAIN_MS = 500;
const TRIES = 20;
/** Shorter than a request may take; who has a larger or a slower source sends it. */
const FETCH_MS = 40_000;
/** Each writes to the disk as fast as it can. */
const MOST_FETCHES = 16;

export function createBuilds(deps: BuildsDeps): Builds {
  const { apps, store } = deps;
  const bring = createBringing(deps);

  async function findIn(app: App, id: string, signal: AbortSignal): Promise<Build> {
    const build = await store.find(id, signal);
    if (build?.appId !== app.id)
      throw PlatformError.of('not_found', { resource: 'build', name: id.slice(0, 100) });
    return build;
  }

  return {
    async list(actor, name, signal) {
      const app = await reach(apps, actor, 'view', name, signal);
      return store.list(app.id, signal);
    },

    async find(actor, name, id, signal) {
      const app = await reach(apps, actor, 'view', name, signal);
      return findIn(app, id, signal);
    },

    async create(actor, name, source, signal) {
      const app = await reach(apps, actor, 'deploy', name, signal);
      const buildpacks = source.buildpacks && checked(source.buildpacks);
      const upload = await bring(actor, source.from, signal);
      return submit(deps, { actor, app, upload, source: { ...source, buildpacks } }, signal);
    },

    async cancel(actor, name, id, signal) {
      const app = await reach(apps, actor, 'deploy', name, signal);
      const build = await findIn(app, id, signal);
      const reason = `It was cancelled by ${actor.email}; nothing of it is live`;
      if (!(await store.cancel(build.id, reason, signal))) {
        const { status } = await findIn(app, id, signal);
        throw PlatformError.of('build_over', { app: app.name, status: OVER[status] });
      }
      deps.controller.wake(app.id); // its rollout may be under way
      await deps.transcripts.append(build.id, ['', ` !     ${reason}.`], signal);
      if (build.push === null) await deps.repositories.discard(build.id, signal);
      return findIn(app, id, signal);
    },

    async purgeCache(actor, name, signal) {
      const app = await reach(apps, actor, 'deploy', name, signal);
      await deps.builder.renewCache(app.id, signal);
      return app;
    },
  };
}

/** How the state of a build that cannot be cancelled is said; one that is not settled yet has a live release already. */
const OVER: Readonly<Record<Build['status'], string>> = {
  queued: 'succeeded',
  building: 'succeeded',
  succeeded: 'succeeded',
  failed: 'failed',
  superseded: 'ended',
};

/** The buildpacks by the names under which they are kept. Throws `invalid_params`. */
export function checked(buildpacks: readonly string[]): readonly string[] {
  const field = 'buildpacks';
  const [wrong] = buildpacks.flatMap((word) => buildpackProblem(word) ?? []);
  if (wrong !== undefined) throw PlatformError.of('invalid_params', { field, problem: wrong });
  if (buildpacks.length > MOST_BUILDPACKS)
    throw PlatformError.of('invalid_params', { field, problem: `are more than ${MOST_BUILDPACKS}` });
  return buildpacks.map(buildpackName);
}

/** Brings a source to where those are that were sent. */
function createBringing({ egress, uploads, fetchMs = FETCH_MS }: BuildsDeps) {
  let running = 0;
  return async (actor: Actor, from: SentSource['from'], signal: AbortSignal): Promise<UploadName> => {
    if ('upload' in from) return from.upload;
    const { url } = from;
    checkSourceUrl(egress, url);
    if (running >= MOST_FETCHES) throw PlatformError.of('rate_limit', {});
    running += 1;
    const upload = { id: randomUUID(), userId: actor.userId };
    try {
      await withDeadline(fetchMs, signal, (inner) =>
        fetchSource({ egress, uploads }, { url, upload }, inner),
      );
      return upload;
    } catch (err) {
      if (!(err instanceof DeadlineError)) throw err;
      const reason = `the source was not there within ${fetchMs / 1_000} seconds; fetch it yourself, and send it by way of POST /sources`;
      throw PlatformError.of('egress_failed', { host: new URL(url).hostname, reason }, err);
    } finally {
      running -= 1;
    }
  };
}

interface Submission {
  readonly actor: Actor;
  readonly app: App;
  readonly upload: UploadName;
  readonly source: SentSource;
}

async function submit(
  { store, repositories, uploads, queue }: BuildsDeps,
  { actor, app, upload: name, source }: Submission,
  signal: AbortSignal,
): Promise<Build> {
  const id = randomUUID();
  let asked = false;
  try {
    const sent = await uploads.unpack(name, repositories.archiveOf(id), signal);
    if (!sent) throw PlatformError.of('upload_missing', {});
    const { checksum } = sent;
    const said = source.checksum?.replace(/^sha256:/i, '').toLowerCase() ?? checksum;
    if (said !== checksum)
      throw PlatformError.of('checksum_wrong', { said: source.checksum ?? '', is: checksum });
    const { version, description, buildpacks } = source;
    const upload = { checksum, version, description };
    const superseded = `A newer build (${sourceName({ push: null, upload })} by ${actor.email}) took its place; nothing of it is live`;
    const order = { id, appId: app.id, userId: actor.userId, push: null, upload, buildpacks };
    // A lost answer is no answer: it may be recorded all the same, and asking again records nothing twice.
    const record = (): Promise<Build> => store.submit(order, superseded, signal);
    asked = true;
    const build = await insist(record, { everyMs: AGAIN_MS, tries: TRIES }, signal);
    queue.wake(app.id);
    return build;
  } catch (err) {
    // If this fails too it only costs space: what no build asks for is swept.
    const refused = PlatformError.is(err) && !err.retry;
    if (!asked || refused) await repositories.discard(id, signal).catch(() => undefined);
    throw err;
  }
}
