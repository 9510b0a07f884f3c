import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { appName } from '../domain/names.ts';
import { allowedGitProtocol, parseGitCommand } from './command.ts';

const push = { program: 'receive-pack', app: 'hello' };

/** The app a command names, found by taking it apart from both ends instead of by one expression. */
function strictly(command: string): string | undefined {
  const head = ['git-receive-pack ', 'git receive-pack ', 'git-upload-pack ', 'git upload-pack '].find(
    (start) => command.startsWith(start),
  );
  if (head === undefined) return undefined;
  let name = command.slice(head.length);
  if (name.startsWith("'") !== name.endsWith("'") || name === "'") return undefined;
  if (name.startsWith("'")) name = name.slice(1, -1);
  if (name.startsWith('/')) name = name.slice(1);
  if (name.endsWith('.git')) name = name.slice(0, -4);
  return appName.safeParse(name).data;
}

describe('parseGitCommand [S-GIT-06] [S-GIT-07]', () => {
  it.each([
    "git-receive-pack 'hello.git'",
    "git-receive-pack '/hello.git'",
    "git-receive-pack 'hello'",
    'git-receive-pack hello.git',
    'git-receive-pack /hello',
    "git receive-pack '/hello.git'",
  ])('reads %s as a push to hello', (command) => {
    expect(parseGitCommand(command)).toEqual(push);
  });

  it('reads an upload-pack as a read', () => {
    expect(parseGitCommand("git-upload-pack '/hello.git'")).toEqual({
      program: 'upload-pack',
      app: 'hello',
    });
  });

  it.each([
    '',
    'sh',
    'git-upload-archive hello',
    "git-receive-pack 'hello';id",
    "git-receive-pack 'hello'\nid",
    "git-receive-pack 'hello'\n",
    "git-receive-pack 'hello\0'",
    "git-receive-pack 'hello",
    "git-receive-pack hello'",
    'git-receive-pack "hello"',
    'git receive-pack "../b"',
    "git-receive-pack '../hello.git'",
    "git-receive-pack '//hello.git'",
    "git-receive-pack '~/hello'",
    'git-receive-pack --help',
    "git-receive-pack '-hello'",
    "git-receive-pack --exec=id 'hello'",
    "git-receive-pack 'HELLO'",
    "git-receive-pack 'hеllo'", // a Cyrillic letter
    "git-receive-pack 'hello.git.git'",
    "git-receive-pack  'hello'",
    " git-receive-pack 'hello'",
  ])('refuses %j', (command) => {
    expect(parseGitCommand(command)).toBeUndefined();
  });

  it('reads a name that no app gets any more, of an app that has it from before', () => {
    expect(parseGitCommand("git-receive-pack 'status.git'")?.app).toBe('status');
  });

  it('refuses 64 KB at once', () => {
    expect(parseGitCommand(`git-receive-pack '${'a'.repeat(65_536)}'`)).toBeUndefined();
  });

  it('accepts nothing that a strict reading of the grammar does not', () => {
    const words = [
      'git',
      '-',
      ' ',
      'receive-pack',
      'upload-pack',
      "'",
      '/',
      'hello',
      '.git',
      ';',
      '\n',
      '..',
      '$(id)',
    ];
    const shuffled = fc.array(fc.constantFrom(...words), { maxLength: 9 }).map((parts) => parts.join(''));
    const nearly = fc
      .tuple(
        fc.constantFrom('git-', 'git ', 'git  ', 'GIT-', ''),
        fc.constantFrom('receive-pack ', 'upload-pack ', 'upload-archive ', 'receive-pack\t'),
        fc.constantFrom("'", '', '"'),
        fc.constantFrom('', '/', './', '-', '~/'),
        fc.constantFrom('hello', 'he', 'a--b', 'Hello', ''),
        fc.constantFrom('', '.git', '.git/', '.lock', '\0'),
        fc.constantFrom("'", '', '"', "';id", "'\n"),
      )
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.oneof(nearly, shuffled, fc.string({ unit: 'binary' })), (command) => {
        expect(parseGitCommand(command)?.app).toBe(strictly(command));
      }),
      { numRuns: 20_000 },
    );
  });

  it('reads back every app name however it is written', () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9-]{1,28}[a-z0-9]$/);
    const written = fc.tuple(
      fc.constantFrom('-', ' '),
      fc.constantFrom('', '/'),
      fc.constantFrom('', '.git'),
    );
    fc.assert(
      fc.property(name, written, fc.constantFrom('', "'"), (app, [dash, slash, ending], quote) => {
        const parsed = parseGitCommand(`git${dash}upload-pack ${quote}${slash}${app}${ending}${quote}`);
        expect(parsed?.app).toBe(app);
      }),
    );
  });
});

describe('allowedGitProtocol', () => {
  it('lets only the exact protocol versions through [S-GIT-05]', () => {
    expect(allowedGitProtocol('GIT_PROTOCOL', 'version=2')).toBe('version=2');
    for (const value of ['$(id)', 'version=2:x', 'version=3', 'version=2\n', ' version=2', ''])
      expect(allowedGitProtocol('GIT_PROTOCOL', value)).toBeUndefined();
    for (const name of [
      'LD_PRELOAD',
      'PATH',
      'GIT_CONFIG_COUNT',
      'GIT_SSH_COMMAND',
      'git_protocol',
      '__proto__',
    ])
      expect(allowedGitProtocol(name, 'version=2')).toBeUndefined();
  });
});
