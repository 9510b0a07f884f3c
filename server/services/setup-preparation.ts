import { randomBytes } from 'node:crypto';
import { messageOf } from '../../lib/errors.ts';
import { insist } from '../../lib/retry.ts';
import { instancesOf, MOST_INSTANCES, type App } from '../domain/app.ts';
import { readManifest, type AppManifest } from '../domain/app-manifest.ts';
import { chooseBuildpack } from '../domain/buildpacks.ts';
import { configFor, type AppSetup, type Prepared, type SetupOrder } from '../domain/app-setup.ts';
import { PlatformError } from '../domain/errors.ts';
import type { AppOptions } from '../ports/app-options.ts';
import type { Apps } from '../ports/apps.ts';
import type { Egress } from '../ports/egress.ts';
import type { Releases } from '../ports/releases.ts';
import type { Repositories } from '../ports/repositories.ts';
import type { Uploads } from '../ports/uploads.ts';
import { changeConfig } from './config-vars.ts';
import { fetchSource } from './source-address.ts';
import type { Wake } from './wake.ts';

export interface PreparationDeps {
  readonly apps: Pick<Apps, 'find' | 'setFormation'>;
  readonly releases: Releases;
  readonly options: Pick<AppOptions, 'setBuildpacks'>;
  readonly repositories: Pick<Repositories, 'archiveOf'>;
  readonly uploads: Pick<Uploads, 'put' | 'unpack'>;
  readonly egress: Pick<Egress, 'fetch'>;
  readonly controller: Wake;
  /** What passes by itself is asked for again this often. */
  readonly againMs?: number;
}

type Prepares =
  | { readonly prepared: Prepared; readonly notes: readonly string[] }
  | { readonly failure: string; readonly mistakes: readonly string[] };

interface Preparation {
  /** Everything that comes before the build, which may be done again: the same comes out. Throws as what it does. */
  prepare(app: App, setup: AppSetup, order: SetupOrder, signal: AbortSignal): Promise<Prepares>;
}

const FETCH_TRIES = 3;
const FETCH_AGAIN_MS = 2_000;
const NO_MANIFEST = 'The source has no app.json at its root.';

export function createSetupPreparation(deps: PreparationDeps): Preparation {
  const { apps, releases, options, controller } = deps;

  /** Config vars and buildpacks, unless anything is wrong with an app.json: then all the mistakes in it, and nothing is done. */
  async function configure(
    app: App,
    { userId }: AppSetup,
    { env, buildpacks: given }: SetupOrder,
    read: ReturnType<typeof readManifest>,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const [manifest, wrong] = 'mistakes' in read ? [read.rest, read.mistakes] : [read.manifest, []];
    if (!manifest) return wrong;
    const base = await releases.latest(app.id, signal);
    const existing = new Set((await releases.configOf(base.id, signal)).keys());
    const newSecret = (): string => randomBytes(32).toString('hex');
    const config = configFor(manifest, { env, existing, newSecret });
    const buildpacks = given ?? manifest.buildpacks;
    const chosen = chooseBuildpack(buildpacks);
    const mistakes = [
      ...wrong,
      ...('mistakes' in config ? config.mistakes : []),
      ...(given === null && 'reason' in chosen ? [`buildpacks: ${chosen.reason}.`] : []),
    ];
    if ('mistakes' in config || mistakes.length > 0) return mistakes;
    await changeConfig({ releases, controller }, { app, change: config.set, userId }, signal);
    if (buildpacks.length > 0) await options.setBuildpacks(app.id, buildpacks, signal);
    return [];
  }

  /** Before there is anything to scale: it takes effect with the first release. */
  async function scale(app: App, { formation }: AppManifest, signal: AbortSignal): Promise<void> {
    if (formation.size === 0) return;
    const wanted = instancesOf(formation);
    if (wanted > MOST_INSTANCES)
      throw PlatformError.of('too_many_instances', { app: app.name, wanted, limit: MOST_INSTANCES });
    const now = await apps.find(app.id, signal);
    if (!now || !(await apps.setFormation(now, new Map([...now.formation, ...formation]), signal)))
      throw PlatformError.of('app_changed', { app: app.name });
  }

  return {
    async prepare(app, setup, order, signal) {
      const source = await bring(deps, setup, order, signal);
      if ('failure' in source) return { failure: source.failure, mistakes: [] };
      if (source.manifest === null) return { failure: NO_MANIFEST, mistakes: [NO_MANIFEST] };
      const read = readManifest(source.manifest);
      const mistakes = await configure(app, setup, order, read, signal);
      if ('mistakes' in read || mistakes.length > 0)
        return { failure: `The app.json cannot be carried out: ${mistakes[0] ?? ''}`, mistakes };
      const { manifest } = read;
      await scale(app, manifest, signal);
      const { formation, postdeploy, successUrl, notes } = manifest;
      return { prepared: { checksum: source.checksum, formation, postdeploy, successUrl }, notes };
    },
  };
}

/** Brings the source to where its build will look for it. */
async function bring(
  { uploads, egress, repositories, againMs = FETCH_AGAIN_MS }: PreparationDeps,
  { id, userId, buildId, source: { checksum } }: AppSetup,
  { source }: SetupOrder,
  signal: AbortSignal,
): Promise<
  { readonly checksum: string; readonly manifest: Uint8Array | null } | { readonly failure: string }
> {
  const upload = 'upload' in source ? source.upload : { id, userId };
  if ('url' in source) {
    const order = { url: source.url, upload };
    const fetched = (): Promise<void> => fetchSource({ egress, uploads }, order, signal);
    try {
      await insist(fetched, { everyMs: againMs, tries: FETCH_TRIES }, signal);
    } catch (err) {
      // Nobody waits for an address to come back, nor for others' uploads to go.
      if (signal.aborted || !PlatformError.is(err) || PlatformError.is(err, 'database_away')) throw err;
      return { failure: messageOf(err) };
    }
  }
  const sent = await uploads.unpack(upload, repositories.archiveOf(buildId), signal);
  if (!sent) throw PlatformError.of('upload_missing', {});
  if (checksum !== null && checksum.replace(/^sha256:/i, '').toLowerCase() !== sent.checksum)
    throw PlatformError.of('checksum_wrong', { said: checksum, is: sent.checksum });
  return sent;
}
