import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatRange, MAX_PAGE, pageOf, parseRange, type Page, type Range } from './range.ts';

const fields = {
  version: (item: { version: number; id: string }) => item.version,
  id: (item: { id: string }) => item.id,
};
const names = Object.keys(fields);

it.each([
  ['version ..; order=desc,max=1', { order: 'desc', max: 1 }],
  ['version ..; max=15, order=desc', { order: 'desc', max: 15 }],
  ['version ..; order=desc', { order: 'desc', max: MAX_PAGE }],
  ['version ..; max=1000;', { order: 'asc', max: 1000 }],
  ['version ..;max=2;order=desc;', { order: 'desc', max: 2 }],
  ['version ..', { order: 'asc', max: MAX_PAGE }],
  ['  version   3..9  ', { from: { value: '3', inclusive: true }, to: { value: '9', inclusive: true } }],
  ['version ]3..9[; max=2', { from: { value: '3', inclusive: false }, to: { value: '9', inclusive: false } }],
  ['version [3..9]', { from: { value: '3', inclusive: true }, to: { value: '9', inclusive: true } }],
  ['id 01234567-89ab-4cde-8f01-23456789abcd..; max=200', { field: 'id' }],
  ['version ..; max=99999', { max: MAX_PAGE }],
])('understands %j as clients send it [S-API-08]', (header, part) => {
  expect(parseRange(header, names)).toMatchObject(part);
});

it.each([undefined, '', '  ', 'bytes=0-99'])('takes %j for no range', (header) => {
  expect(parseRange(header, names)).toBeNull();
});

it.each([
  'version',
  'seq ..; max=1',
  'version ..; max=0',
  'version ..; max=-1',
  'version ..; max=x',
  'version ..; order=up',
  'version ..; size=1',
  'version 1..2..3',
  '.. version',
  `version ${'1'.repeat(400)}..`,
])('refuses %j with a sentence [S-INJ-09]', (header) => {
  expect(() => parseRange(header, names)).toThrow(/The request could not be read: the Range header/);
});

const bound = fc.option(fc.record({ value: fc.nat({ max: 30 }).map(String), inclusive: fc.boolean() }), {
  nil: null,
});
const range: fc.Arbitrary<Range> = fc.record({
  field: fc.constant('version'),
  from: bound,
  to: bound,
  max: fc.integer({ min: 1, max: 12 }),
  order: fc.constantFrom('asc' as const, 'desc' as const),
});
const list = fc
  .uniqueArray(fc.nat({ max: 30 }))
  .map((versions) => versions.map((version) => ({ version, id: `id-${version}` })));

it('reads back what it writes', () => {
  fc.assert(
    fc.property(range, (any) => {
      expect(parseRange(formatRange(any), names)).toEqual(any);
    }),
  );
});

it('never throws anything but its own refusal [S-INJ-09]', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[a-z]* [\][\d.]*[;,= a-z\d]*$/)), (header) => {
      try {
        parseRange(header, names);
      } catch (err) {
        expect(String(err)).toContain('could not be read');
      }
    }),
  );
  expect.hasAssertions();
});

it('shows, page after page, exactly what one answer would have shown, in its order', () => {
  fc.assert(
    fc.property(list, range, (items, any) => {
      const { from, to } = any;
      const expected = items
        .filter(
          ({ version: v }) =>
            from === null || v > Number(from.value) || (from.inclusive && v === Number(from.value)),
        )
        .filter(
          ({ version: v }) => to === null || v < Number(to.value) || (to.inclusive && v === Number(to.value)),
        )
        .sort((a, b) => (any.order === 'asc' ? a.version - b.version : b.version - a.version));
      const seen = [];
      let next: string | null = formatRange(any);
      for (let pages = 0; next !== null && pages < 100; pages += 1) {
        const page: Page<(typeof items)[number]> = pageOf(items, fields, parseRange(next, names));
        expect(page.items.length).toBeLessThanOrEqual(any.max);
        seen.push(...page.items);
        next = page.next;
      }
      expect(seen).toEqual(expected);
    }),
  );
});

const LETTERS = ['a', 'b', 'c', 'd'].map((id, n) => ({ id, version: n + 1 }));
it.each([
  ['id b..c', 'bc'],
  ['id ]b..', 'cd'],
  ['id ..c[', 'ab'],
  ['id ]b..c]', 'c'],
  ['id ]a..; order=desc', 'dcb'],
  ['version v2..v3', 'bc'],
  ['version ]2..', 'cd'],
])('of four, %s are %s', (header, ids) => {
  expect(
    pageOf(LETTERS, fields, parseRange(header, names))
      .items.map(({ id }) => id)
      .join(''),
  ).toBe(ids);
});

it.each(['version x..', 'version ..x', 'version 1.5..', 'version -1..'])(
  'refuses %s of a list that is ordered by a number',
  (header) => {
    expect(() => pageOf(LETTERS, fields, parseRange(header, names))).toThrow(
      /Range header “.*”: this list is ordered by a number/,
    );
  },
);
