import { describe, expect, it } from 'vitest';
import { run } from './catalogue/run.ts';
import { appFirst, splitOwn } from './pass-through.ts';

const spec = run.commands.find(({ name }) => name === 'run') ?? expect.unreachable('there is a command run');
const words = (text: string): string[] => text.split(' ').filter((word) => word !== '');

describe('the words of a command in which another program is called', () => {
  it.each([
    ['bash -l', '', 'bash -l'],
    ['-a hello bash', '-a hello', 'bash'],
    ['-ahello -e A=1 --env=B=2 --no-tty ls -a', '-ahello -e A=1 --env=B=2 --no-tty', 'ls -a'],
    ['-x --app hello -- ls', '-x --app hello', '-- ls'],
    ['--unknown ls', '', '--unknown ls'],
    ['-a', '-a', ''],
    ['', '', ''],
  ])('are divided where the program begins: %s', (said, own, rest) => {
    expect(splitOwn(spec, words(said))).toEqual({ own: words(own), rest: words(rest) });
  });

  it.each([
    ['bash -a hello', '--app hello bash'],
    ['-x rake db:migrate --app hello', '-x --app hello rake db:migrate'],
    ['bash --app=hello', '--app=hello bash'],
  ])('may name the app last: %s', (said, meant) => {
    expect(appFirst(spec, words(said)).join(' ')).toBe(meant);
  });

  it.each([
    '-a hello ls -a other',
    '-r staging ls -a other',
    '--app=hello ls --app=other',
    '-- ls -a other',
    'ls -- -a other',
    'ls -a /tmp',
    'ls -a',
    'cp -a here there',
    '-a hello',
  ])('stay as they are where the app is named before, or the option is the program’s: %s', (said) => {
    expect(appFirst(spec, words(said)).join(' ')).toBe(said);
  });
});
