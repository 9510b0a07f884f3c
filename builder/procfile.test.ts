import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseProcfile } from './procfile.ts';

const type = fc
  .stringMatching(/^[A-Za-z0-9_-]{1,20}$/)
  .filter((name) => !['__proto__', 'constructor', 'prototype'].includes(name));
const command = fc
  .string({ minLength: 1 })
  .filter((text) => /^\S/.test(text) && !/[\r\n\0\u2028\u2029]/.test(text));

describe('a Procfile', () => {
  it('gives back every type and command that was written, in order', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(type, command), { selector: ([name]) => name }),
        fc.constantFrom('\n', '\r\n'),
        fc.constantFrom('', '\uFEFF'),
        (wanted, newline, mark) => {
          const text = mark + wanted.map(([name, run]) => `${name}: ${run}`).join(newline);
          const { types, warnings } = parseProcfile(text);
          expect([...types]).toEqual(wanted.map(([name, run]) => [name, run.trimEnd()]));
          expect(warnings).toEqual([]);
        },
      ),
    );
  });

  it('never throws and never names a type outside its alphabet, whatever the text [S-INJ-01]', () => {
    const piece = fc.oneof(
      fc.constantFrom('web', ': ', 'x y', '\n', '\r', '\0', '__proto__: x'),
      fc.string({ unit: 'binary', maxLength: 20 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 50 }), (pieces) => {
        const { types, warnings } = parseProcfile(`${pieces.join('')}\nlast: one`);
        expect(types.get('last')).toBe('one');
        for (const [name, run] of types) {
          expect(name).toMatch(/^[A-Za-z0-9_-]+$/);
          expect(run).not.toMatch(/[\r\n\0]/);
        }
        for (const warning of warnings) expect(warning).toMatch(/^[^\p{C}]+\.$/u);
        expect(warnings.length).toBeLessThan(12);
      }),
    );
  });

  it('ignores comments and blank lines without a word', () => {
    const { types, warnings } = parseProcfile('# web: no\n\n  \t\n  # indented\nweb: node server.js\n');
    expect([...types]).toEqual([['web', 'node server.js']]);
    expect(warnings).toEqual([]);
  });

  it('says of every other line that it is ignored, and why', () => {
    const text = [
      'web node server.js',
      'worker: ',
      '../x: id',
      'web: first',
      '__proto__: evil',
      'clock: a\0b',
      '\u0001\u001b[2Jbinary\uFFFD',
      'web: second',
    ].join('\n');
    const { types, warnings } = parseProcfile(text);
    expect([...types]).toEqual([['web', 'second']]);
    expect(({} as Record<string, unknown>)['evil']).toBeUndefined();
    expect(warnings).toEqual([
      'Procfile line 1 is ignored: "web node server.js" is not of the form "type: command".',
      'Procfile line 2 is ignored: worker has no command.',
      'Procfile line 3 is ignored: "../x: id" is not of the form "type: command".',
      'Procfile line 5 is ignored: __proto__ cannot be the name of a process type.',
      'Procfile line 6 is ignored: the command of clock holds a NUL character.',
      'Procfile line 7 is ignored: "??[2Jbinary?" is not of the form "type: command".',
      'Procfile line 8 declares web again; line 4 is ignored.',
    ]);
  });

  it('that is none at all does not fill the screen', () => {
    const { warnings } = parseProcfile('garbage\n'.repeat(5000));
    expect(warnings).toHaveLength(11);
    expect(warnings.at(-1)).toMatch(/^4990 more lines of the Procfile are ignored/);
  });

  it('keeps a colon and quotes in the command as they are', () => {
    expect(parseProcfile(`web: sh -c "echo a: b" # not a comment`).types.get('web')).toBe(
      `sh -c "echo a: b" # not a comment`,
    );
  });
});
