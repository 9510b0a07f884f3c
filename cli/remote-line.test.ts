import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readLine } from './remote-line.ts';

describe('a line that came over ssh', () => {
  it.each<[string, readonly string[]]>([
    ['', []],
    [`config:set 'A=b c' -a hello`, ['config:set', 'A=b c', '-a', 'hello']],
    ['run -a hello bash', ['run', '-a', 'hello', 'bash']],
    [`run -a hello 'ls; exit 3'`, ['run', '-a', 'hello', 'ls; exit 3']],
  ])('is its words: %s', (line, words) => expect(readLine(line, false)).toEqual(words));

  it.each<[string, readonly string[]]>([
    ['run -a hello ls; exit 3', ['run', '-a', 'hello', 'ls; exit 3']],
    ['run  ls  |  wc  -a hello', ['run', '--app', 'hello', 'ls  |  wc']],
    [`run -a hello -- sh -c "echo $HOME" 'a b'`, ['run', '-a', 'hello', '--', `sh -c "echo $HOME" 'a b'`]],
    ['run:inside -a hello web.1 ls > x', ['run:inside', '-a', 'hello', 'web.1', 'ls > x']],
    ['run -a hello ls ls', ['run', '-a', 'hello', 'ls ls']],
    ['ps:exec -a hello echo $DYNO', ['ps:exec', '-a', 'hello', 'echo $DYNO']],
  ])('keeps what a program is to be run with as it was typed: %s', (line, words) =>
    expect(readLine(line, false)).toEqual(words),
  );

  it.each<[string, readonly string[]]>([
    ['run hello ls; exit 3', ['run', '--app', 'hello', 'ls; exit 3']],
    ['--app hello run ls && true', ['run', '--app', 'hello', 'ls && true']],
    ['enter hello web echo $DYNO', ['ps:exec', '--app', 'hello', '--dyno', 'web.1', 'echo $DYNO']],
    ['config:get hello A', ['config:get', 'A', '--app', 'hello']],
  ])('may be Dokku’s: %s', (line, words) => expect(readLine(line, true)).toEqual(words));

  it('is read whatever it is', () => {
    const word = fc.constantFrom(
      'run',
      'ps:exec',
      'enter',
      'run:inside',
      '-a',
      '--app',
      'hello',
      '--',
      `'a b'`,
      'ls',
      '-e',
      '-',
      '""',
    );
    fc.assert(
      fc.property(fc.array(word), fc.boolean(), (words, dokku) => {
        expect(readLine(words.join('  '), dokku)).toBeDefined();
      }),
      { numRuns: 2_000 },
    );
  });
});
