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
          expect([...parseProcfile(text)]).toEqual(wanted.map(([name, run]) => [name, run.trimEnd()]));
        },
      ),
    );
  });

  it('never throws and never names a type outside its alphabet, whatever the text', () => {
    const piece = fc.oneof(
      fc.constantFrom('web', ': ', 'x y', '\n', '\r', '\0', '__proto__: x'),
      fc.string({ unit: 'binary', maxLength: 20 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 50 }), (pieces) => {
        const types = parseProcfile(`${pieces.join('')}\nlast: one`);
        expect(types.get('last')).toBe('one');
        for (const [name, run] of types) {
          expect(name).toMatch(/^[A-Za-z0-9_-]+$/);
          expect(run).not.toMatch(/[\r\n\0]/);
        }
      }),
    );
  });

  it('ignores comments, blank lines, unknown lines and names that JavaScript objects reserve', () => {
    const text =
      '# web: no\n\nnot a declaration\n__proto__: evil\nconstructor: evil\nweb: node server.js\nworker:\n';
    expect([...parseProcfile(text)]).toEqual([['web', 'node server.js']]);
    expect(({} as Record<string, unknown>)['evil']).toBeUndefined();
  });

  it('keeps a colon and quotes in the command as they are', () => {
    expect(parseProcfile(`web: sh -c "echo a: b" # not a comment`).get('web')).toBe(
      `sh -c "echo a: b" # not a comment`,
    );
  });
});
