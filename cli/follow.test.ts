import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createFakeTerminal, type FakeTerminal } from '../test/support/fake-terminal.ts';
import type { Client } from '../server/contract/client.ts';
import { ApiError, UnreachableError } from '../server/contract/transport.ts';
import type {
  AppResource,
  DeploymentResource,
  DynoResource,
  FormationResource,
  ReleaseResource,
} from '../server/contract/resources.ts';
import type { Context } from './command.ts';
import { followDeployment, followRelease, followScale, patiently } from './follow.ts';

let terminal: FakeTerminal;
let stop: AbortController;
beforeEach(() => {
  vi.useFakeTimers();
  terminal = createFakeTerminal('');
  stop = new AbortController();
});
afterEach(() => vi.useRealTimers());

function contextWith(client: Partial<Client>): Context {
  const unused = (): never => {
    throw new Error('not asked here');
  };
  return {
    terminal,
    get config() {
      return unused();
    },
    get git() {
      return unused();
    },
    commands: [],
    options: { flag: () => false, text: () => undefined, declined: () => false },
    signal: stop.signal,
    now: () => new Date(),
    client: () => Promise.resolve(client as Client),
    app: unused,
    result: unused,
    launch: unused,
    attach: unused,
    meet: unused,
    readFile: unused,
    local: true,
    cwd: '/',
  };
}
const realTurn = setImmediate;
/** Lets timers run until the work is over; answers what it answers. Time stands still while nobody waits for it: a module is loaded, say. */
async function over<T>(work: Promise<T>): Promise<T> {
  const ended = work.then(
    () => true,
    () => true,
  );
  const pass = async (): Promise<false> => {
    if (vi.getTimerCount() > 0) await vi.advanceTimersByTimeAsync(1_000);
    else await new Promise((resolve) => realTurn(resolve));
    return false;
  };
  while (!(await Promise.race([ended, pass()])));
  return work;
}
const refusal = (status: number, id: string, retry: boolean) =>
  new ApiError(status, { id, message: 'v2 of demo is still being deployed.', retry, request_id: '' });

describe('a change while something else is deployed', () => {
  const after = (refusals: number, err: Error) => {
    let calls = 0;
    return {
      calls: () => calls,
      change: () => (++calls > refusals ? Promise.resolve('done') : Promise.reject(err)),
    };
  };

  it('waits for its end, and says so once', async () => {
    const { change } = after(3, refusal(409, 'deploy_in_progress', true));
    expect(await over(patiently(contextWith({}), change))).toBe('done');
    expect(terminal.err()).toBe('v2 of demo is still being deployed. Waiting for it …\n');
  });

  it('tries again quietly when somebody was faster', async () => {
    const { change } = after(1, refusal(409, 'app_changed', true));
    expect(await over(patiently(contextWith({}), change))).toBe('done');
    expect(terminal.err()).toBe('');
  });

  it('gives up after two minutes', async () => {
    const { change, calls } = after(Infinity, refusal(409, 'deploy_in_progress', true));
    await expect(over(patiently(contextWith({}), change))).rejects.toThrow('still being deployed');
    expect(calls()).toBeGreaterThan(119);
    expect(calls()).toBeLessThan(124);
  });

  it.each([
    ['a refusal that stays one', refusal(409, 'confirmation_required', false)],
    ['another refusal', refusal(503, 'engine_away', true)],
    ['a bug', new TypeError('x')],
  ])('does not wait for %s', async (_, err) => {
    const { change, calls } = after(1, err);
    await expect(over(patiently(contextWith({}), change))).rejects.toBe(err);
    expect(calls()).toBe(1);
  });

  it('stops waiting when the user interrupts', async () => {
    const { change } = after(Infinity, refusal(409, 'deploy_in_progress', true));
    const waiting = patiently(contextWith({}), change);
    setTimeout(() => stop.abort(new Error('interrupted')), 1_500);
    await expect(over(waiting)).rejects.toThrow('interrupted');
  });
});

describe('following a release', () => {
  const MADE = { id: 'release-3', version: 3, app: { id: 'app-1' } };
  const release = (status: ReleaseResource['status'], failure: string | null = null) =>
    ({ status, failure, output_stream_url: null }) as ReleaseResource;
  const deployment = () => Promise.resolve({ output_stream_url: 'http://x/stream' } as DeploymentResource);
  const looks = (...all: ReleaseResource[]) => {
    const left = [...all];
    return () => Promise.resolve((left.length > 1 ? left.shift() : left[0]) ?? release('pending'));
  };
  async function* output(): AsyncGenerator<string> {
    yield 'Building\nLi';
    yield await Promise.resolve('ve.\n');
  }

  it('shows its output and answers with its end', async () => {
    const client = {
      release: looks(release('pending'), release('pending'), release('succeeded')),
      deployment,
      output,
    };
    expect(await over(followRelease(contextWith(client), MADE))).toMatchObject({ status: 'succeeded' });
    expect(terminal.err()).toBe('Building\nLive.\n');
  });

  it('shows the transcript of its deployment, by the ids of both', async () => {
    const asked: string[] = [];
    const client = {
      release: looks(release('pending'), release('succeeded')),
      deployment: (...[app, which]: [string, string]) => {
        asked.push(`${app} ${which}`);
        return deployment();
      },
      output: (url: string) => {
        asked.push(url);
        return output();
      },
    };
    await over(followRelease(contextWith(client), MADE));
    expect(asked).toEqual(['app-1 release-3', 'http://x/stream']);
  });

  it('waits also where it has no deployment yet', async () => {
    const client = {
      release: looks(release('pending'), release('succeeded')),
      deployment: () => Promise.resolve(null),
    };
    expect(await over(followRelease(contextWith(client), MADE))).toMatchObject({ status: 'succeeded' });
    expect(terminal.err()).toBe('');
  });

  it('asks for it by its id and by that of its app, whatever either is called by then', async () => {
    const asked: string[] = [];
    const client = {
      ...{ deployment, output },
      release: (...[app, which]: [string, string]) => {
        asked.push(`${app} ${which}`);
        return Promise.resolve(release(asked.length < 3 ? 'pending' : 'succeeded'));
      },
    };
    await over(followRelease(contextWith(client), MADE));
    expect(new Set(asked)).toEqual(new Set(['app-1 release-3']));
  });

  it('asks for no output of what is decided already', async () => {
    expect(
      await over(followRelease(contextWith({ release: looks(release('succeeded')) }), MADE)),
    ).toBeTruthy();
    expect(terminal.err()).toBe('');
  });

  it('fails with the reason, as one sentence', async () => {
    const app = () => Promise.resolve({ released_at: '2026-11-21T10:00:00Z' } as AppResource);
    const client = { release: looks(release('failed', 'web.1 exited with status 1. ')), app };
    await expect(over(followRelease(contextWith(client), MADE))).rejects.toThrow(
      'v3 was not deployed: web.1 exited with status 1. What ran before was not touched.',
    );
    const mute = { release: looks(release('failed')), app };
    await expect(over(followRelease(contextWith(mute), MADE))).rejects.toThrow('was not recorded');
  });

  it.each([
    [
      'of an app that nothing was ever live of',
      () => Promise.resolve({ released_at: null } as AppResource),
      'Nothing is live yet.',
    ],
    [
      'of an app that is gone',
      () => Promise.reject(new UnreachableError('http://x', 'reset')),
      'What ran before was not touched.',
    ],
  ])('fails with what is true %s', async (_, app, meaning) => {
    const client = { release: looks(release('failed', 'web.1 exited with status 1.')), app };
    await expect(over(followRelease(contextWith(client), MADE))).rejects.toThrow(
      `v3 was not deployed: web.1 exited with status 1. ${meaning}`,
    );
  });

  it('loses only text when the stream breaks', async () => {
    // eslint-disable-next-line @typescript-eslint/require-await, require-yield -- it breaks before it says anything
    const broken = async function* (): AsyncGenerator<string> {
      throw new UnreachableError('http://x', 'reset');
    };
    const client = { release: looks(release('pending'), release('succeeded')), deployment, output: broken };
    expect(await over(followRelease(contextWith(client), MADE))).toMatchObject({ status: 'succeeded' });
  });

  it('does not wait for ever', async () => {
    const client = { release: looks(release('pending')), deployment, output };
    await expect(over(followRelease(contextWith(client), MADE))).rejects.toThrow('still not decided');
  });

  it('says that it goes on when the user leaves', async () => {
    const client = { release: looks(release('pending')), deployment, output };
    setTimeout(() => stop.abort(new Error('interrupted')), 2_000);
    await expect(over(followRelease(contextWith(client), MADE))).rejects.toThrow('interrupted');
    expect(terminal.err()).toMatch(/Not waiting any longer; it goes on without you\.\n$/);
  });
});

describe('following a restart', () => {
  const begun = {
    id: 'd1',
    status: 'pending',
    failure: null,
    app: { id: 'a', name: 'demo' },
    release: { id: 'r', version: 2 },
    output_stream_url: 'http://x/stream',
  } as DeploymentResource;
  const follow = (...looks: (Partial<DeploymentResource> | null)[]) => {
    const left = [...looks];
    const look = () => Promise.resolve(left.length > 0 ? (left.shift() ?? null) : null);
    const client = {
      deployment: () => look().then((next) => next && { ...begun, ...next }),
      // eslint-disable-next-line require-yield -- it says nothing
      output: async function* (): AsyncGenerator<string> {
        await Promise.resolve();
      },
    };
    return over(followDeployment(contextWith(client), begun));
  };

  it('ends with its decision', async () => {
    expect(await follow({ status: 'rolling' }, { status: 'rolling' }, { status: 'succeeded' })).toMatchObject(
      {
        status: 'succeeded',
      },
    );
  });

  it('fails with the reason', async () => {
    const failed = { status: 'failed' as const, failure: 'no room.' };
    await expect(follow(failed, failed)).rejects.toThrow('The restart failed: no room. What ran before');
  });

  it.each([[[{ id: 'd2' }]], [[null]]])(
    'takes one that a newer one has replaced for superseded',
    async (looks) => {
      expect(await follow({ status: 'rolling' }, ...looks)).toMatchObject({ id: 'd1', status: 'superseded' });
    },
  );
});

describe('following a change of scale', () => {
  const dyno = (number: number, state: DynoResource['state'], type = 'web') =>
    ({ id: `${type}.${number}`, name: `${type}.${number}`, type, state }) as DynoResource;
  const formation = (quantity: number, type = 'web') =>
    ({ type, quantity, app: { id: 'the id of demo', name: 'demo' } }) as FormationResource;
  /** Follows until it is over; answers how often it looked. */
  async function follow(
    wanted: FormationResource[],
    looks: DynoResource[][],
    before: DynoResource[] = [],
  ): Promise<number> {
    let looked = 0;
    const dynos = () => Promise.resolve(looks[Math.min(looked++, looks.length - 1)] ?? []);
    await over(followScale(contextWith({ dynos }), 'demo', wanted, { before }));
    return looked;
  }

  it('looks by the id of the app, which may have another name by then, and says when it is gone', async () => {
    const asked: string[] = [];
    const client = {
      dynos(app: string) {
        asked.push(app);
        const gone = {
          id: 'not_found',
          message: 'Couldn’t find that app: 1.',
          retry: false,
          request_id: 'r',
        };
        return asked.length === 1 ? Promise.resolve([]) : Promise.reject(new ApiError(404, gone));
      },
    };
    await expect(over(followScale(contextWith(client), 'demo', [formation(1)]))).rejects.toThrow(
      'The app was destroyed, or taken from you, while this waited for it.',
    );
    expect(asked).toEqual(['the id of demo', 'the id of demo']);
  });

  it('waits until as many are up as are wanted, and no more, and none is on its way', async () => {
    const one = [dyno(1, 'up')];
    const up = [...one, dyno(2, 'up')];
    expect(await follow([formation(2)], [one, [...one, dyno(2, 'starting')], up])).toBe(3);
    expect(await follow([formation(1)], [up, [...one, dyno(2, 'starting')], [...one, dyno(2, 'down')]])).toBe(
      3,
    );
    expect(await follow([formation(0)], [one, []])).toBe(2);
  });

  it('fails when one crashes, but not for one that had crashed before', async () => {
    const old = dyno(1, 'crashed', 'worker');
    expect(await follow([formation(1)], [[old, dyno(1, 'up')]], [old])).toBe(1);
    await expect(follow([formation(1)], [[old, dyno(1, 'crashed')]], [old])).rejects.toThrow(
      'web.1 crashed; see gantry logs -p web.1.',
    );
  });

  it('names the types that did not come up in time', async () => {
    const wanted = [formation(1), formation(2, 'worker')];
    await expect(follow(wanted, [[dyno(1, 'up'), dyno(1, 'up', 'worker')]])).rejects.toThrow(
      'Not all instances of worker came up in time',
    );
  });
});
