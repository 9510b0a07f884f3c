import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { z } from 'zod';
import { callJson } from '../../lib/local-http.ts';
import type { Person, Repo } from './person.ts';
import { kill9, pidOf } from './victims.ts';

const patient = new AbortController().signal;
const CALL_MS = 10_000;
/** So long is waited for what should have come earlier, so that a failure tells how late it was. */
const GIVE_UP_MS = 120_000;

const releases = z.array(
  z.looseObject({ id: z.string(), version: z.int(), status: z.string(), current: z.boolean() }),
);
const builds = z.array(
  z.looseObject({
    status: z.string(),
    release: z.object({ id: z.string() }).nullable(),
    source_blob: z.looseObject({ version: z.string().nullable() }),
  }),
);
const dynos = z.array(
  z.looseObject({ name: z.string(), state: z.string(), release: z.looseObject({ version: z.int() }) }),
);
const containers = z.array(z.object({ State: z.string(), Labels: z.record(z.string(), z.string()) }));

/** What is to be seen of an app, by everybody who could see something wrong. */
interface Seen {
  /** Builds and releases that nobody has decided yet. */
  readonly undecided: number;
  readonly releases: number;
  /** What the platform says runs, and every container that the engine has of the app, whatever its state. */
  readonly shown: readonly string[];
  readonly there: readonly string[];
  /** What should be there: one process of the current release. */
  readonly wanted: string;
  readonly served: number;
  /** The commit of the branch, and of the last successful deploy. */
  readonly branch: string;
  readonly deployed: string;
}

export interface Aftermath {
  /**
   * Kills a part that the supervisor starts again. Answers when its successor was there and the platform could be asked
   * (of `performance.now()`): how long a program takes to load on a machine that does other things too is no matter here.
   */
  killed(part: string): Promise<number>;
  seen(): Promise<Seen>;
  /** Waits until everything is as it should be; answers how many milliseconds after that moment it was. */
  converged(sinceMs: number): Promise<number>;
}

/** What becomes of an app with one web process after a part of the platform was killed. */
export function watchAftermath(person: Person, app: string, repo: Repo): Aftermath {
  const { home, apiPort } = person.place;

  async function api(path: string): Promise<unknown> {
    const token = (await readFile(join(home, 'admin-token'), 'utf8')).trim();
    const res = await fetch(`http://127.0.0.1:${apiPort}/apps/${app}/${path}`, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(CALL_MS),
    });
    if (!res.ok) throw new Error(`${path}: ${res.status} ${await res.text()}`);
    return res.json();
  }

  async function inEngine(): Promise<string[]> {
    const id = (await readFile(join(home, 'id'), 'utf8')).trim();
    const label = [`gantry.platform=${id}`, `gantry.app-name=${app}`];
    const path = `/containers/json?all=1&filters=${encodeURIComponent(JSON.stringify({ label }))}`;
    const found = await callJson({ socket: await engineOf(home), method: 'GET', path }, CALL_MS, patient);
    return containers.parse(found).map(({ State, Labels }) => {
      const name = `${Labels['gantry.type'] ?? ''}.${Labels['gantry.number'] ?? ''}`;
      return `${name} ${State === 'running' ? 'up' : State} v${Labels['gantry.release'] ?? ''}`;
    });
  }

  async function seen(): Promise<Seen> {
    // Alone and first: while nobody answers here, nothing else is asked over and over.
    const released = releases.parse(await api('releases'));
    const [built, running, there, visit, branch] = await Promise.all([
      api('builds').then((json) => builds.parse(json)),
      api('dynos').then((json) => dynos.parse(json)),
      inEngine(),
      person.visit(app),
      repo.git('ls-remote', 'gantry', 'refs/heads/main'),
    ]);
    const good = new Set(released.filter(({ status }) => status === 'succeeded').map(({ id }) => id));
    const deployed = built.findLast(({ release }) => release !== null && good.has(release.id));
    return {
      undecided: [...released, ...built].filter(({ status }) => status === 'pending').length,
      releases: released.length,
      shown: running.map((dyno) => `${dyno.name} ${dyno.state} v${dyno.release.version}`),
      there,
      wanted: `web.1 up v${released.find(({ current }) => current)?.version ?? 'none'}`,
      served: visit.status,
      branch: branch.stdout.split('\t')[0] ?? '',
      deployed: deployed?.source_blob.version ?? 'none',
    };
  }

  return {
    seen,
    async killed(part) {
      const before = await pidOf(home, part);
      await kill9(before);
      const now = (): Promise<number> => pidOf(home, part).catch(() => before);
      await expect.poll(now, { timeout: GIVE_UP_MS, interval: 20 }).not.toBe(before);
      const answers = (): Promise<boolean> =>
        api('releases').then(
          () => true,
          () => false,
        );
      await expect.poll(answers, { timeout: GIVE_UP_MS, interval: 50 }).toBe(true);
      return performance.now();
    },
    async converged(sinceMs) {
      // Whoever cannot be asked yet has not come back.
      await expect
        .poll(() => seen().catch(String), { timeout: GIVE_UP_MS, interval: 200 })
        .toSatisfy((found: Seen | string) => typeof found !== 'string' && asItShould(found));
      return Math.round(performance.now() - sinceMs);
    },
  };
}

function asItShould({ undecided, shown, there, wanted, served, branch, deployed }: Seen): boolean {
  const alone = [shown, there].every((all) => all.length === 1 && all[0] === wanted);
  return undecided === 0 && alone && served === 200 && branch === deployed;
}

/** The socket of the engine that runs the apps, as the running server was told. */
async function engineOf(home: string): Promise<string> {
  const environment = await readFile(`/proc/${await pidOf(home, 'server')}/environ`, 'utf8');
  const host = environment.split('\0').find((one) => one.startsWith('DOCKER_HOST='));
  return new URL(host?.slice('DOCKER_HOST='.length) ?? 'unix:///var/run/docker.sock').pathname;
}
