import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createBulletin } from '../../lib/bulletin.ts';
import { createMemoryHappenings } from '../../test/support/memory-happenings.ts';
import { createStoresRig, patient } from '../../test/support/services-rig.ts';
import type { Actor } from '../domain/actor.ts';
import { PlatformError } from '../domain/errors.ts';
import type { Gap, Happening, Note } from '../domain/happening.ts';
import { createHappenings } from './happenings.ts';

/** Ann's app `hello`, and what happens to it. */
async function createRig() {
  const rig = createStoresRig();
  const store = createMemoryHappenings(rig.clock.now);
  const bulletin = createBulletin();
  const service = createHappenings({ store: rig.mishaps.on('store', store), apps: rig.apps, bulletin });
  const hello = await rig.createApp('hello');
  let now: Actor | Error = rig.ann;
  const again = (): Promise<Actor> =>
    now instanceof Error ? Promise.reject(now) : Promise.resolve({ ...now, userId: now.userId });
  return {
    ...rig,
    ...{ store, service, bulletin, hello, again },
    /** Who the follower is by the next look at their rights; or why they are nobody. */
    becomes: (who: Actor | Error) => void (now = who),
    async happens(appId: string, ...notes: readonly Partial<Note>[]): Promise<void> {
      const plain = { kind: 'instance', action: 'update', subject: 's', before: null, after: null } as const;
      await store.note(
        notes.map((note) => ({ ...plain, ...note, appId })),
        patient,
      );
      await service.publish(patient);
    },
    follow: (actor: Actor, query: Parameters<typeof service.follow>[1] = {}) =>
      service.follow(actor, query, again, patient),
  };
}

/** The next so many, in short; the stream stays open. */
async function take(
  stream: AsyncIterator<Happening | Gap>,
  count: number,
): Promise<(string | readonly [number, number])[]> {
  const seen: (string | readonly [number, number])[] = [];
  while (seen.length < count) {
    const next = await stream.next();
    if (next.done === true) break;
    const { value } = next;
    seen.push('gap' in value ? [value.gap.from, value.gap.to] : `${value.seq} ${value.kind} ${value.action}`);
  }
  return seen;
}

const iterate = (of: AsyncIterable<Happening | Gap>): AsyncIterator<Happening | Gap> =>
  of[Symbol.asyncIterator]();
const MADE = { kind: 'app', action: 'create' } as const;
const DESTROYED = { kind: 'app', action: 'update', before: { deletedAt: null } } as const;

describe('what happens', () => {
  it('is told from now on, or from the place one knows, in its order', async () => {
    const rig = await createRig();
    await rig.happens(rig.hello.id, { kind: 'build' }, { kind: 'release' });
    const fresh = await rig.follow(rig.ann);
    const known = await rig.follow(rig.ann, { after: 1 });
    expect([fresh.from, known.from]).toEqual([2, 1]);
    await rig.happens(rig.hello.id, { kind: 'domain' });
    expect(await take(iterate(fresh), 1)).toEqual(['3 domain update']);
    expect(await take(iterate(known), 2)).toEqual(['2 release update', '3 domain update']);
  });

  it('reaches whoever waits, at once', async () => {
    const rig = await createRig();
    const waiting = take(iterate(await rig.follow(rig.ann)), 1);
    await Promise.resolve();
    await rig.happens(rig.hello.id, { kind: 'build' });
    expect(await waiting).toEqual(['1 build update']);
  });

  it('to apps one may not see is not told, nor what only follows from something else', async () => {
    const rig = await createRig();
    const stream = iterate(await rig.follow(rig.ann));
    const currentMoved = { kind: 'app', action: 'update', before: { currentId: 'r' } } as const;
    await rig.happens('somebody else’s', { kind: 'build' });
    await rig.happens(rig.hello.id, currentMoved, { kind: 'release' });
    expect(await take(stream, 1)).toEqual(['3 release update']);
  });

  it('is told of one app, and of the kinds that were asked for', async () => {
    const rig = await createRig();
    const other = await rig.createApp('other');
    const stream = iterate(await rig.follow(rig.ann, { app: 'hello', kinds: ['build', 'formation'] }));
    await rig.happens(other.id, { kind: 'build' });
    const scaled = { kind: 'app', action: 'update', before: { formation: {} } } as const;
    await rig.happens(rig.hello.id, { kind: 'release' }, scaled, { kind: 'build' });
    expect(await take(stream, 2)).toEqual(['3 formation update', '4 build update']);
  });

  it('to an app that was made in the meantime is told to its owner, from its birth on', async () => {
    const rig = await createRig();
    const stream = iterate(await rig.follow(rig.ann));
    const born = await rig.createApp('born');
    await rig.happens(born.id, MADE, { kind: 'release' });
    expect(await take(stream, 2)).toEqual(['1 app create', '2 release update']);
  });

  it('more than fits in a page is told whole', async () => {
    const rig = await createRig();
    const stream = iterate(await rig.follow(rig.ann));
    await rig.happens(rig.hello.id, ...Array.from({ length: 1_001 }, () => ({ kind: 'build' })));
    const all = await take(stream, 1_001);
    expect([all[0], all[499], all[500], all[1_000]]).toEqual([
      ...['1 build update', '500 build update', '501 build update', '1001 build update'],
    ]);
  });
});

describe('a part of the past that is gone', () => {
  it('is told as a gap, before what is left', async () => {
    const rig = await createRig();
    await rig.happens(rig.hello.id, { kind: 'build' }, { kind: 'build' }, { kind: 'release' });
    rig.store.forget(2);
    const stream = iterate(await rig.follow(rig.ann, { after: 0 }));
    expect(await take(stream, 2)).toEqual([[0, 2], '3 release update']);
    const none = iterate(await rig.follow(rig.ann, { after: 2 }));
    expect(await take(none, 1)).toEqual(['3 release update']);
  });

  it('is a gap too when the past is shorter than it was, as after a restored backup', async () => {
    const rig = await createRig();
    await rig.happens(rig.hello.id, { kind: 'build' });
    const stream = iterate(await rig.follow(rig.ann, { after: 9 }));
    expect(await take(stream, 1)).toEqual([[9, 1]]);
    const next = take(stream, 1);
    await rig.happens(rig.hello.id, { kind: 'release' });
    expect(await next).toEqual(['2 release update']);
  });
});

describe('who follows', () => {
  it('is refused an app that they may not see', async () => {
    const rig = await createRig();
    await expect(rig.follow(rig.bob, { app: 'hello' })).rejects.toMatchObject({ id: 'not_found' });
    const identity: Actor = { ...rig.ann, scopes: ['identity'] };
    await expect(rig.follow(identity)).rejects.toMatchObject({ id: 'scope_too_small' });
  });

  it('hears the end of an app they followed, and then that it is not there', async () => {
    const rig = await createRig();
    const stream = iterate(await rig.follow(rig.ann, { app: 'hello' }));
    // Somebody makes the next look at rights due: a birth is in the page.
    await rig.apps.markDeleted(rig.hello, patient);
    await rig.happens(rig.hello.id, MADE, DESTROYED);
    expect(await take(stream, 2)).toEqual(['1 app create', '2 app destroy']);
    await rig.happens(rig.hello.id, MADE);
    await expect(take(stream, 1)).rejects.toMatchObject({ id: 'not_found' });
  });

  it('hears the end of an app among all of theirs', async () => {
    const rig = await createRig();
    const stream = iterate(await rig.follow(rig.ann));
    await rig.apps.markDeleted(rig.hello, patient);
    await rig.happens(rig.hello.id, MADE, DESTROYED, { kind: 'build' });
    expect(await take(stream, 3)).toEqual(['1 app create', '2 app destroy', '3 build update']);
  });

  it('never hears the end of an app that they could not see', async () => {
    const rig = await createRig();
    const own = await rig.apps.create(
      { id: 'own', name: 'own', ownerId: rig.bob.userId, deployBranch: null },
      patient,
    );
    const stream = iterate(await rig.follow(rig.bob));
    rig.becomes(rig.bob);
    await rig.apps.markDeleted(rig.hello, patient);
    await rig.happens(rig.hello.id, DESTROYED);
    await rig.happens(own.id, MADE);
    expect(await take(stream, 1)).toEqual(['2 app create']);
  });

  it('hears nothing more of what was taken from them, from the next look at their rights on [S-API-03]', async () => {
    const rig = await createRig();
    await rig.collaborators.put(rig.hello.id, rig.bob.userId, 'view', patient);
    const own = await rig.apps.create(
      { id: 'own', name: 'own', ownerId: rig.bob.userId, deployBranch: null },
      patient,
    );
    const stream = iterate(await rig.follow(rig.bob));
    rig.becomes(rig.bob);
    await rig.happens(rig.hello.id, { kind: 'build' });
    expect(await take(stream, 1)).toEqual(['1 build update']);
    await rig.collaborators.remove(rig.hello.id, rig.bob.userId, patient);
    await rig.happens(rig.hello.id, { kind: 'release' });
    await rig.happens(own.id, MADE);
    expect(await take(stream, 1)).toEqual(['3 app create']);
  });

  it('is looked at again after three seconds, and not at every step: it costs queries', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const rig = await createRig();
    let looks = 0;
    const again = (): Promise<Actor> => Promise.resolve((looks += 1)).then(() => rig.ann);
    const stream = iterate(await rig.service.follow(rig.ann, {}, again, patient));
    for (const [ms, then] of [
      [0, 0],
      [2_999, 0],
      [1, 1],
      [2_999, 1],
      [1, 2],
    ] as const) {
      vi.advanceTimersByTime(ms);
      await rig.happens(rig.hello.id, { kind: 'build' });
      await take(stream, 1);
      expect(looks).toBe(then);
    }
  });

  it('with a token that is good no longer hears nothing more', async () => {
    const rig = await createRig();
    const stream = iterate(await rig.follow(rig.ann));
    rig.becomes(PlatformError.of('unauthorized', {}));
    await rig.happens(rig.hello.id, MADE);
    await expect(take(stream, 1)).rejects.toMatchObject({ id: 'unauthorized' });
  });

  it('twenty times may not once more, until one of them ends; others may [S-API-08]', async () => {
    const rig = await createRig();
    await rig.happens(rig.hello.id, { kind: 'build' });
    const open: AsyncIterator<Happening | Gap>[] = [];
    for (let nth = 0; nth < 20; nth += 1) {
      const stream = iterate(await rig.follow(rig.ann, { after: 0 }));
      await take(stream, 1);
      open.push(stream);
    }
    await expect(rig.follow(rig.ann)).rejects.toMatchObject({
      id: 'too_many_streams',
      params: { limit: 20 },
    });
    expect((await rig.follow(rig.bob)).from).toBe(1);
    await open[0]?.return?.();
    expect((await rig.follow(rig.ann)).from).toBe(1);
  });

  it('is told nothing once they have left', async () => {
    const rig = await createRig();
    const left = new AbortController();
    const stream = iterate(await rig.service.follow(rig.ann, {}, rig.again, left.signal));
    const waiting = take(stream, 1);
    left.abort(new Error('went away'));
    await expect(waiting).rejects.toThrow('went away');
  });
});

describe('publishing', () => {
  it('goes on until nothing waits, and wakes nobody for nothing', async () => {
    const rig = await createRig();
    const mark = rig.bulletin.mark('happenings');
    await rig.service.publish(patient);
    expect(rig.bulletin.mark('happenings')).toBe(mark);
    let left = 3;
    for (let nth = 0; nth < 4; nth += 1)
      rig.mishaps.at('store.publish', () => Promise.resolve(left > 0 ? left-- : 0));
    await rig.service.publish(patient);
    expect({ left, unused: rig.mishaps.unused() }).toEqual({ left: 0, unused: [] });
    expect(rig.bulletin.mark('happenings')).toBe(mark + 1);
  });

  it('keeps a week, and at most two hundred thousand', async () => {
    const rig = await createRig();
    const asked: unknown[] = [];
    const store = { ...rig.store, prune: (limits: unknown) => Promise.resolve(void asked.push(limits)) };
    await createHappenings({ store, apps: rig.apps, bulletin: rig.bulletin }).prune(patient);
    expect(asked).toEqual([{ olderThanMs: 604_800_000, most: 200_000 }]);
  });
});
