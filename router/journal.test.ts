import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Visit, VisitMark } from './contract.ts';
import { createJournal } from './journal.ts';

const forever = new AbortController().signal;
const LIMITS = { visits: 10, visitsOfApp: 4, bytes: 1_000 };

function visit(app: string, path = '/'): Visit {
  return {
    ...{ app, at: 1, method: 'GET', host: 'h', path, requestId: 'r', from: '1.1.1.1', secure: false },
    ...{ server: null, status: 200, bytes: 1, connectMs: 0, serviceMs: 0, fault: null },
  };
}

const pathsOf = (visits: readonly Visit[]): string[] => visits.map(({ path }) => path);

it('tells again what nobody has said they kept, and forgets what somebody has', () => {
  const journal = createJournal();
  for (const path of ['/1', '/2', '/3']) journal.add(visit('a', path));
  const first = journal.read(null, 2);
  expect(pathsOf(first.visits)).toEqual(['/1', '/2']);
  expect(pathsOf(journal.read(null, 2).visits), 'it may have been lost on its way').toEqual(['/1', '/2']);
  const second = journal.read(first.mark, 5);
  expect(pathsOf(second.visits)).toEqual(['/3']);
  expect(journal.read(second.mark, 5).visits).toEqual([]);
});

it('begins with what it has for somebody who read another run of it', () => {
  const journal = createJournal();
  journal.add(visit('a', '/1'));
  expect(pathsOf(journal.read({ run: 'of yesterday', seq: 900 }, 5).visits)).toEqual(['/1']);
});

it('has an end for one app that leaves room for the others, and counts what it has no room for', () => {
  let ms = 77;
  const journal = createJournal(LIMITS, () => ms);
  for (let n = 1; n <= 6; n += 1) journal.add(visit('flood', `/${n}`));
  journal.add(visit('quiet', '/q'));
  const first = journal.read(null, 3);
  expect(first.lost, 'told after what came before').toEqual([]);
  expect(journal.read(first.mark, 10).lost, 'gathered for a while').toEqual([]);
  ms += 10_000;
  const page = journal.read(first.mark, 10);
  expect(pathsOf(page.visits)).toEqual(['/4', '/q']);
  expect(page.lost).toEqual([{ app: 'flood', count: 2, since: 77 }]);
  expect(journal.read(page.mark, 10).lost, 'once').toEqual([]);
  journal.add(visit('flood', '/7'));
  expect(pathsOf(journal.read(page.mark, 10).visits), 'there is room again').toEqual(['/7']);
});

it('has an end in all, in visits and in bytes', () => {
  let ms = 0;
  const many = createJournal(LIMITS, () => ms);
  for (let n = 0; n < 20; n += 1) many.add(visit(`app-${n}`));
  ms += 10_000;
  expect(many.read(null, 100)).toMatchObject({ visits: { length: 10 }, lost: { length: 10 } });
  const long = createJournal(LIMITS, () => ms);
  for (let n = 0; n < 3; n += 1) long.add(visit('a', 'x'.repeat(400)));
  ms += 10_000;
  expect(long.read(null, 100)).toMatchObject({ visits: { length: 2 }, lost: [{ app: 'a', count: 1 }] });
});

it('wakes whoever waits when there is something, and them alone after their time', async () => {
  const journal = createJournal();
  await journal.wait(1, forever);
  const waiting = journal.wait(60_000, forever);
  journal.add(visit('a'));
  await waiting;
  await journal.wait(60_000, forever);
  expect(journal.read(null, 1).visits).toHaveLength(1);
});

it('loses and doubles nothing for a reader who says what they kept, in whatever steps', () => {
  const steps = fc.array(fc.oneof(fc.constant('add' as const), fc.integer({ min: 1, max: 7 })), {
    maxLength: 200,
  });
  fc.assert(
    fc.property(steps, (plan) => {
      let ms = 0;
      const journal = createJournal({ visits: 50, visitsOfApp: 50, bytes: 1_000_000 }, () => ms);
      let [added, lost] = [0, 0];
      let mark: VisitMark | null = null;
      const heard: string[] = [];
      const read = (limit: number): void => {
        const page = journal.read(mark, limit);
        mark = page.mark;
        heard.push(...pathsOf(page.visits));
        lost += page.lost.reduce((sum, { count }) => sum + count, 0);
      };
      for (const step of plan)
        if (step === 'add') journal.add(visit('a', `/${(added += 1)}`));
        else read(step);
      ms += 10_000;
      read(1_000);
      expect(heard.length + lost).toBe(added);
      expect(heard).toEqual([...new Set(heard)].toSorted((a, b) => Number(a.slice(1)) - Number(b.slice(1))));
    }),
  );
});

it('tells of so many visits of an app in a second, and of more after a quiet time', () => {
  let ms = 0;
  const journal = createJournal(undefined, () => ms);
  const told = (count: number): number => {
    for (let n = 0; n < count; n += 1) journal.add(visit('busy'));
    const page = journal.read(null, 100_000);
    journal.read(page.mark, 1);
    return page.visits.length;
  };
  expect(told(9_999)).toBe(9_999);
  expect(told(50)).toBe(1);
  ms += 1_000;
  expect(told(5_000)).toBe(1_000);
  journal.add(visit('quiet'));
  expect(journal.read(null, 10).visits).toMatchObject([{ app: 'quiet' }]);
});
