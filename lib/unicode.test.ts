import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isText } from './unicode.ts';

it('takes exactly what comes back from UTF-8 as it was', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) }),
      (value) => {
        expect(isText(value)).toBe(Buffer.from(value, 'utf8').toString('utf8') === value);
      },
    ),
  );
});
