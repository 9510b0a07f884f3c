import { pause } from '../../lib/deadline.ts';
import type { App } from '../domain/app.ts';
import { POSTDEPLOY_BYTES, type AppSetup, type Postdeploy } from '../domain/app-setup.ts';
import type { Build } from '../domain/build.ts';
import { PlatformError } from '../domain/errors.ts';
import { RUN_TYPE, runName, type Run } from '../domain/run.ts';
import type { AppSetups } from '../ports/app-setups.ts';
import type { Clock } from '../ports/clock.ts';
import type { AppLogs, Engine } from '../ports/engine.ts';
import type { RegistryTokens } from '../ports/registry.ts';
import type { Releases } from '../ports/releases.ts';
import type { RunEngine } from '../ports/runs.ts';
import type { RunOrders } from './run-orders.ts';

export interface PostdeployDeps {
  readonly store: Pick<AppSetups, 'recordRun'>;
  readonly releases: Pick<Releases, 'find' | 'configOf'>;
  readonly engine: Pick<RunEngine, 'findRuns' | 'startRun'> & Pick<Engine, 'prepare'> & AppLogs;
  readonly orders: Pick<RunOrders, 'create'>;
  readonly tokens: Pick<RegistryTokens, 'pullToken'>;
  readonly clock: Clock;
  readonly epoch: () => number;
  /** How often is looked whether it has ended. */
  readonly lookMs?: number;
}

type Ran = { readonly postdeploy: Postdeploy | null } | { readonly failure: string };

interface Postdeploys {
  /**
   * Runs the command of app.json in the release of the build, to its end; at most once, whoever crashes. Undefined when
   * the setup is not ours any more. Throws `start_refused`, `too_many_runs`, `image_missing`.
   */
  runPostdeploy(app: App, setup: AppSetup, build: Build, signal: AbortSignal): Promise<Ran | undefined>;
}

/** As long as Heroku gives what runs before a release. */
const LIMIT_MS = 3600_000;
const LOOK_MS = 500;
const MOST_LINES = 1_500;
const GONE =
  'The process of the postdeploy command is gone, and nobody knows how it ended; look what it has done, and run it again if need be';

export function createPostdeploys(deps: PostdeployDeps): Postdeploys {
  const { store, releases, engine, orders, tokens, clock, epoch, lookMs = LOOK_MS } = deps;

  /** Written down before it is started: one that is not written down is never started, and goes by itself. */
  async function order(
    app: App,
    { id, prepared }: AppSetup,
    build: Build,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const release = await releases.find(app.id, build.releaseId ?? '', signal);
    const image = release?.image;
    if (!release || !image) throw PlatformError.of('nothing_to_run', { app: app.name });
    await engine.prepare(app, image, tokens.pullToken(image.repository), signal);
    const plan = {
      ...{
        command: prepared?.postdeploy ?? '',
        tty: false,
        size: null,
        env: new Map<string, string>(),
        attach: false,
      },
      ...{ image, config: await releases.configOf(release.id, signal), release: release.version },
      endsAt: new Date(clock.now().getTime() + LIMIT_MS),
    };
    const made = await orders.create(app, plan, signal);
    return (await store.recordRun(id, epoch(), made.id, signal)) ? made.id : undefined;
  }

  async function output(run: Run, signal: AbortSignal): Promise<string> {
    const lines: string[] = [];
    const query = { appId: run.appId, lines: MOST_LINES, follow: false, type: RUN_TYPE, number: run.number };
    for await (const line of engine.read(query, signal))
      if (line.source === 'app' && line.instance === runName(run)) lines.push(`${line.text}\n`);
    return lastBytes(lines.join(''), POSTDEPLOY_BYTES);
  }

  return {
    async runPostdeploy(app, setup, build, signal) {
      if ((setup.prepared?.postdeploy ?? null) === null) return { postdeploy: null };
      const runId = setup.runId ?? (await order(app, setup, build, signal));
      if (runId === undefined) return undefined;
      for (;;) {
        const run = (await engine.findRuns(signal, app.id)).find(({ id }) => id === runId);
        if (!run) return { failure: GONE };
        // Starting what is started already changes nothing.
        if (run.state === 'created') await engine.startRun(runId, signal);
        if (run.state === 'ended')
          return { postdeploy: { output: await output(run, signal), exitCode: run.exitCode ?? 1 } };
        await pause(lookMs, signal);
      }
    },
  };
}

/** The end of a text, as whole characters. */
function lastBytes(text: string, most: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= most) return text;
  let from = bytes.length - most;
  while (((bytes[from] ?? 0) & 0xc0) === 0x80) from += 1;
  return bytes.subarray(from).toString();
}
