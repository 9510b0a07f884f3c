import { pause } from '../lib/deadline.ts';
import { unpunctuated } from '../lib/trailing.ts';
import { ApiError, UnreachableError } from '../server/contract/transport.ts';
import type {
  DeploymentResource,
  DynoResource,
  FormationResource,
  ReleaseResource,
} from '../server/contract/resources.ts';
import type { Client, MadeRelease } from '../server/contract/client.ts';
import type { Context } from './command.ts';
import { CommandError } from './failures.ts';
import { throughRestarts } from './through-restarts.ts';

export const LOOK_EVERY_MS = 300;
/** Longer than the platform lets a rollout take, with its release command; whoever waits longer waits for something that is broken. */
const GIVE_UP_MS = 75 * 60_000;
/** What a new instance gets to boot is a minute; stopping one takes half of that. */
const SCALE_MS = 3 * 60_000;
const CONFLICT_MS = 2 * 60_000;
const CONFLICT_EVERY_MS = 1_000;

/** True unless the user does not want to wait. */
export function waits(context: Context): boolean {
  return !context.options.declined('wait');
}

/**
 * Makes a change, and while something else is being deployed waits up to two minutes for its end. Trying again is
 * safe: what was refused has changed nothing.
 */
export async function patiently<T>(context: Context, change: () => Promise<T>): Promise<T> {
  const until = context.now().getTime() + CONFLICT_MS;
  for (let told = false; ; told = true) {
    try {
      return await change();
    } catch (err) {
      const busy = err instanceof ApiError && err.status === 409 && err.retry;
      if (!busy || context.now().getTime() > until) throw err;
      if (!told && err.id === 'deploy_in_progress') context.terminal.note(`${err.message} Waiting for it …`);
      await pause(CONFLICT_EVERY_MS, context.signal);
    }
  }
}

/**
 * Stays with a release until it is live, showing its output; a release that fails is a CommandError with the reason. By ids:
 * the app may have another name by then, and its name another app, with a release of the same number.
 */
export async function followRelease(context: Context, made: MadeRelease): Promise<ReleaseResource> {
  const client = await context.client();
  const { app, id, version } = made;
  const look = () => client.release(app.id, id, context.signal);
  // What a release answers with is the output of its release command, which few have; of every deployment there is one.
  const transcript = async (): Promise<string | undefined> =>
    (await client.deployment(app.id, id, context.signal))?.output_stream_url;
  const release = await untilDecided(context, look, transcript, (one) => one.status !== 'pending');
  if (release.status === 'failed') {
    const reason = release.failure ?? 'the reason was not recorded; see gantry logs';
    const meaning = await untouched(client, app.id, context.signal);
    throw new CommandError(`v${version} was not deployed: ${unpunctuated(reason)}. ${meaning}`);
  }
  return release;
}

/** What a failed deploy means for visitors. The app may be gone by now; then it is no comfort either way. */
async function untouched(client: Client, appId: string, signal: AbortSignal): Promise<string> {
  const app = await client.app(appId, signal).catch(() => undefined);
  return app?.released_at === null ? 'Nothing is live yet.' : 'What ran before was not touched.';
}

/** As `followRelease`, for a deployment that made no release: a restart. */
export async function followDeployment(
  context: Context,
  deployment: DeploymentResource,
): Promise<DeploymentResource> {
  const client = await context.client();
  const { id, app, release } = deployment;
  let seen = deployment;
  const look = async (): Promise<DeploymentResource> => {
    const newest = await client.deployment(app.id, release.id, context.signal);
    // A newer deployment of the same release has taken this one's place; it was decided before that began.
    seen = newest === null || newest.id !== id ? { ...seen, status: 'superseded' } : newest;
    return seen;
  };
  const transcript = (): Promise<string> => Promise.resolve(deployment.output_stream_url);
  const decided = ({ status }: DeploymentResource): boolean => status !== 'pending' && status !== 'rolling';
  const end = await untilDecided(context, look, transcript, decided);
  if (end.status === 'failed') {
    const reason = end.failure ?? 'the reason was not recorded; see gantry logs';
    throw new CommandError(`The restart failed: ${unpunctuated(reason)}. What ran before was not touched.`);
  }
  return end;
}

/** Shows the transcript once, then looks until it is decided: a stream that breaks costs only its text. */
async function untilDecided<T>(
  context: Context,
  look: () => Promise<T>,
  transcript: () => Promise<string | undefined>,
  decided: (thing: T) => boolean,
): Promise<T> {
  const until = context.now().getTime() + GIVE_UP_MS;
  const patientLook = () => throughRestarts(context, () => stillThere(look));
  let thing = await patientLook();
  try {
    const url = decided(thing) ? undefined : await transcript();
    if (url !== undefined) await show(context, url);
    for (;;) {
      thing = await patientLook();
      if (decided(thing)) return thing;
      if (context.now().getTime() > until)
        throw new CommandError('It is still not decided; see gantry releases.');
      await pause(LOOK_EVERY_MS, context.signal);
    }
  } catch (err) {
    if (context.signal.aborted) context.terminal.note('Not waiting any longer; it goes on without you.');
    throw err;
  }
}

async function show(context: Context, url: string): Promise<void> {
  const { textLines } = await import('../server/contract/sse.ts');
  const client = await context.client();
  try {
    for await (const line of textLines(client.output(url, context.signal))) context.terminal.note(line);
  } catch (err) {
    if (context.signal.aborted || !(err instanceof ApiError || err instanceof UnreachableError)) throw err;
  }
}

/** What was there when it was waited for and is not found any more has been destroyed, with its app. */
async function stillThere<T>(look: () => Promise<T>): Promise<T> {
  try {
    return await look();
  } catch (err) {
    if (!(err instanceof ApiError) || err.status !== 404) throw err;
    throw new CommandError('The app was destroyed, or taken from you, while this waited for it.', err);
  }
}

interface FollowScaleOptions {
  /** What there was before the change. */
  readonly before?: readonly DynoResource[];
  readonly everyMs?: number;
}

/**
 * Waits until as many instances are up as the formation asks for. One that crashes meanwhile is a CommandError; those
 * that had crashed `before` the change are not its doing.
 */
export async function followScale(
  context: Context,
  app: string,
  formation: readonly FormationResource[],
  { before = [], everyMs = LOOK_EVERY_MS }: FollowScaleOptions = {},
): Promise<void> {
  const client = await context.client();
  const until = context.now().getTime() + SCALE_MS;
  // By its id: it may have another name by then.
  const id = formation[0]?.app.id ?? app;
  const old = new Set(before.filter(isCrashed).map(({ id }) => id));
  for (;;) {
    const look = () => stillThere(() => client.dynos(id, context.signal));
    const dynos = await throughRestarts(context, look);
    const crashed = dynos.find((dyno) => isCrashed(dyno) && !old.has(dyno.id));
    if (crashed !== undefined) {
      throw new CommandError(`${crashed.name} crashed; see gantry logs -p ${crashed.name}.`);
    }
    const missing = formation.filter((entry) => !reached(entry, dynos));
    if (missing.length === 0) return;
    if (context.now().getTime() > until) {
      const types = missing.map(({ type }) => type).join(', ');
      throw new CommandError(`Not all instances of ${types} came up in time; see gantry ps and gantry logs.`);
    }
    await pause(everyMs, context.signal);
  }
}

function reached({ type, quantity }: FormationResource, dynos: readonly DynoResource[]): boolean {
  const own = dynos.filter((dyno) => dyno.type === type);
  const up = own.filter(({ state }) => state === 'up').length;
  return up === quantity && own.every(({ state }) => state !== 'starting');
}

function isCrashed({ state }: DynoResource): boolean {
  return state === 'crashed';
}
