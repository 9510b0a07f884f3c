import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printable, printableLines } from './printable.ts';

const ESC = '\u001b';

/** Everything a terminal acts upon instead of showing, but tab. */
function isSafe(text: string): boolean {
  return Array.from(text).every((character) => {
    const code = character.codePointAt(0) ?? 0;
    const reorders = (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
    return (
      (code === 9 || code >= 0x20) &&
      !(code >= 0x7f && code <= 0x9f) &&
      !reorders &&
      !(code >= 0xd800 && code <= 0xdfff)
    );
  });
}

describe('printable', () => {
  it.each([
    [`${ESC}[31mred${ESC}[0m`, 'red'],
    [`${ESC}[2J${ESC}[1;1Hgone`, 'gone'],
    [`${ESC}]0;title\u0007text`, 'text'],
    [`${ESC}]52;c;cGFzcw==${ESC}\\text`, 'text'],
    [`${ESC}]8;;http://x${ESC}\\link${ESC}]8;;${ESC}\\`, 'link'],
    [`${ESC}P1;2|data${ESC}\\text`, 'text'],
    ['\u009b31mred', 'red'],
    ['\u009d0;title\u009ctext', 'text'],
    [`${ESC}(Btext`, 'text'],
    [`${ESC}${ESC}[31mred`, 'red'],
    ['10%\r50%\r100%', '100%'],
    ['done\r', 'done'],
    ['a\u0007b\u0008c\u0000d', 'abcd'],
    ['tab\tstays', 'tab\tstays'],
    ['user\u202etxt.exe', 'usertxt.exe'],
    ['grüße 🙂 日本', 'grüße 🙂 日本'],
    ['half \ud83d pair', 'half \ufffd pair'],
  ])('makes %j into %j', (raw, shown) => {
    expect(printable(raw)).toBe(shown);
  });

  it('ends a long line with an ellipsis', () => {
    expect(printable('x'.repeat(20_000_000))).toBe(`${'x'.repeat(3999)}…`);
  });

  it('is safe, stable and never longer than what came in, for every string', () => {
    const spice = fc.constantFrom(
      ESC,
      '[',
      ']',
      '\u0007',
      '\\',
      '31m',
      '\u009b',
      '\u009d',
      '\r',
      'text',
      '\u202e',
    );
    const spiced = fc
      .array(fc.oneof(spice, fc.string({ unit: 'binary' })), { maxLength: 20 })
      .map((p) => p.join(''));
    fc.assert(
      fc.property(spiced, (raw) => {
        const shown = printable(raw);
        expect(isSafe(shown)).toBe(true);
        expect(printable(shown)).toBe(shown);
        expect(shown.length).toBeLessThanOrEqual(raw.length);
      }),
      { numRuns: 5000 },
    );
  });
});

describe('printableLines', () => {
  it('keeps lines apart, so that none can pass for another', () => {
    expect(printableLines('one\r\ntwo\n')).toEqual(['one', 'two', '']);
  });
});
