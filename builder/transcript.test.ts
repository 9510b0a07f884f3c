import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanLine, createLineCutter, createTranscript } from './transcript.ts';

describe('a transcript', () => {
  it('loses colours, titles, cursor movements and every other control character', () => {
    expect(
      cleanLine(
        '\u001b[31mred\u001b[0m \u001b]0;title\u0007x\u001b]8;;http://e\u001b\\y\u009b2J\u0007\u0000\tz',
      ),
    ).toBe('red xy\tz');
    expect(cleanLine('a\u202eb')).toBe('ab');
  });

  it('shows the last state of a line that overwrites itself', () => {
    expect(cleanLine('10%\r50%\r100%\r')).toBe('100%');
  });

  it('prints no control character, is not endless and cleans nothing twice, whatever comes', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\u001b', '\u001b[', '\u001b]', '\u009b', '\r', '1;2m', '\u0007'),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const clean = cleanLine(pieces.join(''));
        // eslint-disable-next-line no-control-regex -- control characters are what is looked for
        expect(clean).not.toMatch(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/);
        expect(cleanLine(clean)).toBe(clean);
      }),
    );
    expect(cleanLine('x'.repeat(1_000_000)).length).toBeLessThan(2100);
  });

  it('cuts output at its limit with one mark, keeps its own lines and remembers the end', () => {
    const seen: string[] = [];
    const transcript = createTranscript((line) => seen.push(line), 10);
    for (const line of ['12345', '12', 'over', 'end']) transcript.output(line);
    transcript.say('-----> Done');
    expect(seen).toEqual([
      '12345',
      '12',
      ' !     The output is longer than 10 bytes; the rest is not shown.',
      '-----> Done',
    ]);
    expect(transcript.hidden()).toEqual(['over', 'end']);
  });

  it('makes the same lines of a stream however it is chopped', () => {
    const text = 'ä€😀\nsecond\n\nlast';
    const bytes = Buffer.from(text);
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 6 }), (cuts) => {
        const lines: string[] = [];
        const cutter = createLineCutter((line) => lines.push(line));
        const at = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
        at.slice(1).forEach((end, index) => cutter.take(bytes.subarray(at[index], end)));
        cutter.end();
        expect(lines).toEqual(text.split('\n'));
      }),
    );
  });
});
