import { describe, expect, it } from 'vitest';
import { createPushes } from './pushes.ts';

const patient = new AbortController().signal;
const nothing = (): undefined => undefined;

/** Something that ends when it is told to. */
function gate() {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

describe('what a moment tells', () => {
  it('is that nothing was built for a repository since, while and only while that is certain', async () => {
    const pushes = createPushes();
    const before = pushes.moment();
    expect(pushes.touched('apps/a', before)).toBe(false);
    const { opened, open } = gate();
    const building = pushes.building('apps/a', () => opened);
    const meanwhile = pushes.moment();
    expect(pushes.touched('apps/a', before)).toBe(true);
    expect(pushes.touched('apps/a', meanwhile), 'begun before, not over yet').toBe(true);
    expect(pushes.touched('apps/b', before)).toBe(false);
    expect([pushes.busy('apps/a'), pushes.busy('apps/b')]).toEqual([true, false]);
    open();
    await building;
    expect(pushes.touched('apps/a', meanwhile), 'over: whoever looks now sees what it made').toBe(false);
    expect(pushes.touched('apps/a', before)).toBe(true);
    expect(pushes.busy('apps/a')).toBe(false);
  });

  it('is nothing when another builder has named it', () => {
    expect(createPushes().touched('apps/a', createPushes().moment())).toBe(true);
    expect(createPushes().touched('apps/a', 'nonsense')).toBe(true);
  });
});

describe('holding pushes', () => {
  it('waits for those under way, and lets the others wait', async () => {
    const pushes = createPushes();
    const told: string[] = [];
    const [first, work] = [gate(), gate()];
    const push = (name: string, until: Promise<void>): Promise<void> =>
      pushes.push(
        async () => {
          told.push(`${name} begins`);
          await until;
          told.push(`${name} ends`);
        },
        () => told.push(`${name} waits`),
        patient,
      );
    const under = push('first', first.opened);
    const holding = pushes.hold(async () => {
      told.push('held');
      await work.opened;
      told.push('let go');
      return 7;
    }, 5_000);
    const later = push('second', Promise.resolve());
    await soon();
    expect(told).toEqual(['first begins', 'second waits']);
    first.open();
    await soon();
    expect(told.slice(2)).toEqual(['first ends', 'held']);
    work.open();
    expect(await holding).toBe(7);
    await Promise.all([under, later]);
    expect(told.slice(4)).toEqual(['let go', 'second begins', 'second ends']);
  });

  it('gives up when a push takes too long, and lets go whatever becomes of the work', async () => {
    const pushes = createPushes();
    const slow = gate();
    const under = pushes.push(() => slow.opened, nothing, patient);
    expect(await pushes.hold(() => Promise.resolve(1), 20)).toBeUndefined();
    slow.open();
    await under;
    await expect(pushes.hold(() => Promise.reject(new Error('no')), 20)).rejects.toThrow('no');
    expect(await pushes.push(() => Promise.resolve('pushed'), nothing, patient)).toBe('pushed');
  });

  it('is for one at a time', async () => {
    const pushes = createPushes();
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      inside += 1;
      most = Math.max(most, inside);
      await soon();
      inside -= 1;
    };
    await Promise.all([1, 2, 3].map(() => pushes.hold(work, 1_000)));
    expect(most).toBe(1);
  });

  it('lets a push that is given up go at once', async () => {
    const pushes = createPushes();
    const work = gate();
    const holding = pushes.hold(() => work.opened, 1_000);
    const given = new AbortController();
    const push = pushes.push(() => Promise.resolve(), nothing, given.signal);
    given.abort(new Error('superseded'));
    await expect(push).rejects.toThrow('superseded');
    work.open();
    await holding;
  });
});
