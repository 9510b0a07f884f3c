import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMask } from './mask.ts';
import { cleanLine, createLineCutter, createTranscript, withoutControls } from './transcript.ts';

const bare = (line: string): string => cleanLine(line, (text) => text);

describe('a transcript', () => {
  it('loses colours, titles, cursor movements and every other control character', () => {
    expect(
      bare('\u001b[31mred\u001b[0m \u001b]0;title\u0007x\u001b]8;;http://e\u001b\\y\u009b2J\u0007\u0000\tz'),
    ).toBe('red xy\tz');
    expect(bare('a\u202eb')).toBe('ab');
  });

  it('shows the last state of a line that overwrites itself', () => {
    expect(bare('10%\r50%\r100%\r')).toBe('100%');
  });

  it('prints no control character, is not endless and cleans nothing twice, whatever comes', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\u001b', '\u001b[', '\u001b]', '\u009b', '\r', '1;2m', '\u0007'),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const clean = bare(pieces.join(''));
        // eslint-disable-next-line no-control-regex -- control characters are what is looked for
        expect(clean).not.toMatch(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/);
        expect(bare(clean)).toBe(clean);
      }),
    );
    expect(bare('x'.repeat(1_000_000)).length).toBeLessThan(2100);
  });

  it('hides values before it cuts, and after it has taken out what only a terminal sees [S-SEC-07]', () => {
    const value = 'hunter2-\u001b[1mhunter2';
    const mask = createMask([value], withoutControls);
    expect(cleanLine(`TOKEN=${value}`, mask)).toBe('TOKEN=[secret]');
    expect(cleanLine('TOKEN=hunter2-\u001b[32mhunter2', mask)).toBe('TOKEN=[secret]');
    expect(cleanLine(`${'x'.repeat(1_990)}${value}`, mask)).toBe(`${'x'.repeat(1_990)}[secret]`);
    expect(cleanLine(`${'x'.repeat(1_995)}${value}`, mask)).toBe(`${'x'.repeat(1_995)}[secr … (line cut)`);
  });

  it('sees the longest value of config whole, in a line that begins with all the others [S-SEC-07]', () => {
    const value = 'v'.repeat(60_000);
    const lines: string[] = [];
    const cutter = createLineCutter((line) =>
      lines.push(
        cleanLine(
          line,
          createMask([value], (text) => text),
        ),
      ),
    );
    const bytes = Buffer.from(`${value} ${value} and more${'x'.repeat(300_000)}\n`);
    for (let at = 0; at < bytes.length; at += 4_096) cutter.take(bytes.subarray(at, at + 4_096));
    expect(lines[0]?.slice(0, 40)).toBe('[secret] [secret] and morexxxxxxxxxxxxxx');
  });

  it('shows output as it comes while it fits, and nothing but it', () => {
    const { seen, transcript } = createRig({ outputLines: 6 });
    for (const line of ['1', '2', '3 hunter2']) transcript.output(line);
    transcript.end();
    transcript.say('-----> Done with hunter2');
    expect(seen).toEqual(['1', '2', '3 [secret]', '-----> Done with [secret]']);
  });

  it('says at once that it holds back what is more than half of its room, and shows all of it if it fits in the end', () => {
    const { seen, transcript } = createRig({ outputLines: 6 });
    for (const line of ['1', '2', '3', '4', '5']) transcript.output(line);
    const holding = expect.stringMatching(/^ ! {5}The output is long/) as unknown;
    expect(seen).toEqual(['1', '2', '3', holding]);
    transcript.end();
    expect(seen).toEqual(['1', '2', '3', holding, '4', '5']);
  });

  it.each([
    ['lines', { outputLines: 4 }, ['10', '11'], ' !     [2 lines of output, 1 kB, left out here]'],
    ['bytes', { outputBytes: 12 }, ['10', '11'], ' !     [2 lines of output, 1 kB, left out here]'],
  ])('counts the %s it left out between the beginning and the end, which it keeps', (_, room, end, gap) => {
    const { seen, transcript } = createRig(room);
    for (const line of ['01', '02', '03', '04', ...end]) transcript.output(line);
    transcript.say('of ours, in the midst of it');
    transcript.end();
    transcript.end(); // once
    expect(seen.slice(0, 2)).toEqual(['01', '02']);
    expect(seen.slice(3)).toEqual(['of ours, in the midst of it', gap, ...end]);
    transcript.output('too late');
    expect(seen).not.toContain('too late');
  });

  it('never shows more of the output than there is room for, and loses none without a count', () => {
    const size = fc.nat({ max: 30 });
    fc.assert(
      fc.property(fc.array(size), fc.integer({ min: 2, max: 60 }), size, (sizes, outputLines, more) => {
        const { seen, transcript } = createRig({ outputLines, outputBytes: 2 * more });
        for (const one of sizes) transcript.output('x'.repeat(one));
        transcript.end();
        const output = seen.filter((line) => !line.startsWith(' ! '));
        const counted = seen.flatMap((line) => /\[(\d+) lines? of output/.exec(line)?.[1] ?? []);
        expect(output.length).toBeLessThanOrEqual(outputLines);
        expect(output.join('').length + output.length).toBeLessThanOrEqual(2 * more);
        expect(output.length + Number(counted[0] ?? 0)).toBe(sizes.length);
        expect(counted.length).toBeLessThan(2);
      }),
    );
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

function createRig(room: { readonly outputBytes?: number; readonly outputLines?: number }) {
  const seen: string[] = [];
  const plenty = { outputBytes: 10_000, outputLines: 10_000 };
  const masked = (text: string): string => text.replaceAll('hunter2', '[secret]');
  return { seen, transcript: createTranscript((line) => seen.push(line), { ...plenty, ...room }, masked) };
}
