import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMask } from './mask.ts';

const asIs = (text: string): string => text;

/** The same, done slowly: every character that some value covers is hidden, and where values overlap they are one. */
function maskedSlowly(text: string, values: readonly string[]): string {
  const covered = Array.from(text, () => false);
  const joined = Array.from(text, () => false); // with the character before it
  for (const value of values)
    for (let at = text.indexOf(value); at !== -1; at = text.indexOf(value, at + 1)) {
      covered.fill(true, at, at + value.length);
      joined.fill(true, at + 1, at + value.length);
    }
  return Array.from(text, (char, at) => (covered[at] ? (joined[at] ? '' : '[secret]') : char)).join('');
}

describe('the values of config in what a build prints [S-SEC-07]', () => {
  it('are hidden wherever they stand, as often as they stand there', () => {
    const mask = createMask(['hunter2-hunter2', 'postgres://me:pw@db/shop'], asIs);
    expect(mask('TOKEN=hunter2-hunter2 (hunter2-hunter2)')).toBe('TOKEN=[secret] ([secret])');
    expect(mask('{"url":"postgres://me:pw@db/shop"}')).toBe('{"url":"[secret]"}');
    expect(mask('nothing of it')).toBe('nothing of it');
  });

  it('are hidden to the last character, and nothing else is, however they overlap', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 30, maxLength: 60 });
    const places = fc.array(fc.tuple(fc.nat(60), fc.integer({ min: 8, max: 14 })), { maxLength: 6 });
    fc.assert(
      fc.property(text, text, places, (printed, other, all) => {
        const lines = all.map(([at, length], n) => (n % 3 === 0 ? other : printed).slice(at, at + length));
        const values = lines.filter(({ length }) => length >= 8);
        expect(createMask(values, asIs)(printed)).toBe(maskedSlowly(printed, values));
      }),
      { numRuns: 2_000 },
    );
  });

  it('are in no text that was masked, whatever text it is', () => {
    const value = fc.string({ unit: 'grapheme', minLength: 8 }).filter((one) => !/[\r\n]/.test(one));
    fc.assert(
      fc.property(
        fc.array(
          value.map((one) => `_${one}_`),
          { minLength: 1 },
        ),
        fc.string({ maxLength: 5 }),
        (all, between) => {
          const masked = createMask(all, asIs)(all.join(between));
          expect(all.filter((one) => masked.includes(one))).toEqual([]);
        },
      ),
    );
  });

  it('are hidden line by line where they have several, but for lines too short to be told from the rest', () => {
    const mask = createMask(['-----BEGIN KEY-----\r\n  MIIEvQIBADAN\nrest\n'], asIs);
    const printed = ['-----BEGIN KEY-----', 'MIIEvQIBADAN', 'rest', '\\nMIIEvQIBADAN\\nrest'];
    expect(printed.map(mask)).toEqual(['[secret]', '[secret]', 'rest', '\\n[secret]\\nrest']);
  });

  it('stay readable where hiding them would hide what is said', () => {
    const mask = createMask(['true', '3000', '', 'verbose', 'production'], asIs);
    expect(mask('NODE_ENV=production PORT=3000 verbose is true')).toBe(
      'NODE_ENV=production PORT=3000 verbose is true',
    );
  });

  // Word by word this would take minutes: the time limit of the test is what it is held to.
  it('are looked for in 20,000 lines in no time, though they be thousands and much alike', () => {
    const alike = Array.from({ length: 4_000 }, (_, n) => `aaaaaaaaaaaa${n}`);
    const mask = createMask([...alike, `${'a'.repeat(8_000)}!`], asIs);
    const line = 'a'.repeat(200);
    for (let n = 0; n < 20_000; n += 1) expect(mask(line) === line).toBe(true);
    expect(mask(`${line}3999.`)).toBe(`${'a'.repeat(188)}[secret].`);
  });
});
