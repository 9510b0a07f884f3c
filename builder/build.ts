import { randomBytes } from 'node:crypto';
import { abortController } from '../lib/abort.ts';
import { DeadlineError, withDeadline } from '../lib/deadline.ts';
import { KnownError, messageOf } from '../lib/errors.ts';
import type { Logger } from '../lib/log.ts';
import type { CacheNames } from './cache-names.ts';
import { contextStream } from './context.ts';
import type { BuildEvent, BuildRequest, BuiltImage } from './contract.ts';
import { StepError, type Engine, type ImageFacts } from './engine.ts';
import { buildErrors } from './errors.ts';
import { buildpackPlan, dockerfilePlan, PACKS, type Plan } from './plan.ts';
import { createMask, type Mask } from './mask.ts';
import type { Pushes } from './pushes.ts';
import type { RegistryImages } from './registry-images.ts';
import { imageProcesses, readRelease, stackProcesses } from './processes.ts';
import { readSource, type SourceFacts } from './source.ts';
import { buildpackError, buildpackSteps, dockerfileError, dockerfileSteps } from './steps.ts';
import type { Stack } from './stack.ts';
import type { StackLayers } from './stack-layers.ts';
import { createTranscript, withoutControls, type Transcript } from './transcript.ts';

export interface BuildsDeps {
  readonly engine: Engine;
  readonly stack: Stack;
  readonly layers: StackLayers;
  readonly images: Pick<RegistryImages, 'storedBytes'>;
  readonly caches: CacheNames;
  readonly pushes: Pushes;
  /** The registry as the build engine reaches it, host:port. */
  readonly registry: string;
  /** Host names under which a Dockerfile could name the platform's registry. */
  readonly registries: readonly string[];
  /** `buildpacks`. */
  readonly folder: string;
  /** Environment of buildpack builds that comes from this machine. */
  readonly settings: (signal: AbortSignal) => Promise<Readonly<Record<string, string>>>;
  /** The build cache is shrunk to this after builds, in bytes. */
  readonly cacheBytes: number;
  readonly log: Logger;
}

export interface Builds extends AsyncDisposable {
  /**
   * Runs one build and tells about it; the last event is `built` or `failed`. Rejects only with the signal's reason:
   * then nothing more is told, the engine has stopped, and what the build made is removed.
   */
  run(request: BuildRequest, emit: (event: BuildEvent) => void, signal: AbortSignal): Promise<void>;
  running(): number;
  /** Removes what builds of an earlier process left in the engine. */
  sweep(signal: AbortSignal): Promise<void>;
}

interface Attempt {
  readonly request: BuildRequest;
  readonly emit: (event: BuildEvent) => void;
  readonly transcript: Transcript;
  /** Under this name the image is in the engine while it is pushed; nobody can guess the tag. */
  readonly name: string;
  readonly tag: string;
}

/** No more often than this is the build cache looked through. */
const PRUNE_EVERY_MS = 10 * 60_000;

export function createBuilds(deps: BuildsDeps): Builds {
  const stop = abortController();
  const background = new Set<Promise<void>>();
  const salt = randomBytes(32);
  let running = 0;
  let pruned = 0;

  /** Work that nobody waits for; it ends before the builder does. */
  function later(what: string, work: (signal: AbortSignal) => Promise<void>): void {
    const task = work(stop.signal)
      .catch((err: unknown) => deps.log.warn({ err, what }, 'clean-up after a build failed'))
      .finally(() => background.delete(task));
    background.add(task);
  }

  function cleanUp({ name, tag }: Attempt): void {
    later('image', (signal) => deps.engine.remove(`${name}:${tag}`, signal));
    if (performance.now() - pruned < PRUNE_EVERY_MS && pruned !== 0) return;
    pruned = performance.now();
    later('cache', (signal) => deps.engine.prune(deps.cacheBytes, signal));
  }

  async function run(
    request: BuildRequest,
    emit: (event: BuildEvent) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const mask = maskOf(request);
    const transcript = createTranscript((text) => emit({ kind: 'line', text }), request.limits, mask);
    const name = `${deps.registry}/${request.target.repository}`;
    const attempt: Attempt = { request, emit, transcript, name, tag: `b-${randomBytes(16).toString('hex')}` };
    running += 1;
    try {
      const image = await deps.pushes.building(request.target.repository, () =>
        withDeadline(request.limits.seconds * 1000, signal, (inner) =>
          perform({ ...deps, salt }, attempt, inner),
        ),
      );
      emit({ kind: 'built', image });
    } catch (err) {
      if (signal.aborted) throw signal.reason;
      const known = knownFailure(err, request);
      if (known.id === 'builder_fault')
        deps.log.error({ err, build: request.id }, 'a build failed for no known reason');
      transcript.end();
      emit({ kind: 'failed', id: known.id, message: mask(known.message), retry: known.retry });
    } finally {
      running -= 1;
      cleanUp(attempt);
    }
  }

  return {
    run,
    running: () => running,
    async sweep(signal) {
      await deps.engine.removeContainers(signal); // before the images they were made of
      // Docker's stars end at a slash, and what is pushed has two parts: apps/<id>.
      for (const left of await deps.engine.names(`${deps.registry}/*/*`, signal))
        await deps.engine.remove(left, signal);
    },
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('the builder is shutting down'));
      await Promise.allSettled(background);
    },
  };
}

/** Also for a build from a Dockerfile, which is given none of it: a value may be in the source as well. */
function maskOf({ env, target }: BuildRequest): Mask {
  return createMask([...Object.values(env), target.token], withoutControls);
}

function knownFailure(err: unknown, request: BuildRequest): { id: string; message: string; retry: boolean } {
  if (err instanceof KnownError) return err;
  if (err instanceof DeadlineError)
    return buildErrors.of('build_timeout', { seconds: request.limits.seconds });
  return {
    id: 'builder_fault',
    message: `The builder failed: ${messageOf(err)}. The source is not at fault; see the builder's log.`,
    retry: true,
  };
}

async function perform(
  deps: BuildsDeps & { salt: Buffer },
  attempt: Attempt,
  signal: AbortSignal,
): Promise<BuiltImage> {
  const { request, transcript } = attempt;
  const read = await stage(attempt, 'detect', async () =>
    readSource(request.archive, deps.registries, signal),
  );
  const { buildpack } = request;
  if (buildpack !== null && !PACKS.includes(buildpack)) throw buildErrors.of('no_buildpack', { buildpack });
  const facts = buildpack === null ? read : { ...read, dockerfile: null };
  // Not said: a source may give cause for any number of them.
  for (const warning of facts.warnings) transcript.output(` !     ${warning}`);
  let waits = false;
  const waiting = (): void => {
    if (!waits) transcript.say('       The registry is clearing up; the push waits for that');
    waits = true;
  };
  const lending = deps.layers.lend(request.target, waiting, signal);
  const image = await stage(attempt, 'build', () =>
    facts.dockerfile === null
      ? buildWithPacks(deps, attempt, signal)
      : buildDockerfile(deps, { ...attempt, dockerfile: facts.dockerfile }, signal),
  );
  transcript.end();
  await lending;
  // The digest comes while the process types are read: neither needs the other.
  const pushing = stage(attempt, 'push', () =>
    deps.pushes.push(
      () => deps.engine.push(attempt.name, attempt.tag, request.target.token, signal),
      waiting,
      signal,
    ),
  );
  pushing.catch(() => undefined); // told when it is awaited below
  const { builder, processes } = await describe(deps, { attempt, facts, image }, signal);
  transcript.say('-----> Compressing...');
  const digest = await pushing;
  const storedBytes = await storedBytesOf(deps, { ...attempt, digest }, signal);
  transcript.say(
    storedBytes === null ? '       Done' : `       Done: ${(storedBytes / 1_000_000).toFixed(1)}M`,
  );
  return {
    repository: request.target.repository,
    digest,
    storedBytes,
    builder,
    processes,
    port: image.port,
    checks: Object.fromEntries(facts.checks),
  };
}

/** A build does not fail for it. */
async function storedBytesOf(
  { images, log }: BuildsDeps,
  { request, digest }: Attempt & { readonly digest: string },
  signal: AbortSignal,
): Promise<number | null> {
  const { repository, token } = request.target;
  try {
    return await images.storedBytes(repository, digest, token, signal);
  } catch (err) {
    signal.throwIfAborted();
    log.warn({ err, build: request.id }, 'the registry does not say how large an image is');
    return null;
  }
}

async function stage<T>(
  { emit }: Attempt,
  name: 'detect' | 'build' | 'push',
  work: () => Promise<T>,
): Promise<T> {
  const start = performance.now();
  const done = await work();
  emit({ kind: 'stage', name, ms: Math.round(performance.now() - start) });
  return done;
}

async function buildDockerfile(
  deps: BuildsDeps,
  attempt: Attempt & { dockerfile: NonNullable<SourceFacts['dockerfile']> },
  signal: AbortSignal,
): Promise<ImageFacts> {
  const { request, transcript, dockerfile } = attempt;
  transcript.say('-----> Building from the Dockerfile');
  if (dockerfile.stack) await deps.stack.ensure(transcript.say, signal);
  const cache = await deps.caches.nameOf(request.cacheKey);
  const steps = dockerfileSteps(transcript);
  try {
    return await runPlan(
      deps,
      attempt,
      { plan: dockerfilePlan(request, dockerfile, cache), take: steps.take },
      signal,
    );
  } catch (err) {
    steps.end();
    if (err instanceof StepError) throw dockerfileError(err.message);
    throw err;
  }
}

async function buildWithPacks(
  deps: BuildsDeps & { salt: Buffer },
  attempt: Attempt,
  signal: AbortSignal,
): Promise<ImageFacts> {
  const { request, transcript } = attempt;
  transcript.say('-----> Determining which buildpack to use for this app');
  const [stack, settings, cache] = await Promise.all([
    deps.stack.ensure(transcript.say, signal),
    deps.settings(signal),
    deps.caches.nameOf(request.cacheKey),
  ]);
  let title = 'this';
  const noting: Transcript = {
    ...transcript,
    output(line) {
      title = /^-----> (.{1,60}) app detected$/.exec(line)?.[1] ?? title;
      transcript.output(line);
    },
  };
  const steps = buildpackSteps(noting);
  try {
    const plan = buildpackPlan(request, {
      folder: deps.folder,
      stack: stack.reference,
      settings,
      salt: deps.salt,
      cache,
    });
    return await runPlan(deps, attempt, { plan, take: steps.take }, signal);
  } catch (err) {
    steps.end();
    if (err instanceof StepError) throw buildpackError(err.message, title, request.buildpack);
    throw err;
  }
}

async function runPlan(
  { engine }: BuildsDeps,
  { request, name, tag }: Attempt,
  { plan, take }: { plan: Plan; take: (trace: Parameters<Parameters<Engine['build']>[1]>[0]) => void },
  signal: AbortSignal,
): Promise<ImageFacts> {
  const { dockerfile, args, secrets } = plan;
  const context = contextStream(plan.context, signal);
  await engine.build(
    { context, dockerfile, args, secrets, tag: `${name}:${tag}`, id: `${request.id}-${tag}` },
    take,
    signal,
  );
  const image = await engine.inspect(`${name}:${tag}`, signal);
  if (image === null) throw buildErrors.of('engine_away', { why: 'the image it made is gone' });
  return image;
}

async function describe(
  deps: BuildsDeps,
  { attempt, facts, image }: { attempt: Attempt; facts: SourceFacts; image: ImageFacts },
  signal: AbortSignal,
): Promise<Pick<BuiltImage, 'builder' | 'processes'>> {
  const { transcript } = attempt;
  transcript.say('-----> Discovering process types');
  const declared = [...facts.procfile.keys()].join(', ') || '(none)';
  if (facts.dockerfile !== null) {
    const processes = imageProcesses(facts.procfile, image.start);
    if (facts.procfile.size > 0) transcript.say(`       Procfile declares types     -> ${declared}`);
    else transcript.say('       The image declares          -> web');
    return { builder: 'dockerfile', processes };
  }
  const files = await deps.engine.readFolder(`${attempt.name}:${attempt.tag}`, '/app/.gantry', signal);
  const builder = files.get('buildpack') ?? '';
  const defaults = readRelease(files.get('release.yml') ?? '', builder);
  transcript.say(`       Procfile declares types     -> ${declared}`);
  if (facts.procfile.size === 0)
    transcript.say(`       Default types for buildpack -> ${[...defaults.keys()].join(', ') || '(none)'}`);
  return { builder, processes: stackProcesses(facts.procfile, defaults) };
}
