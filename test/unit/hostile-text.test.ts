import { join } from 'node:path';
import { ESLint, Linter } from 'eslint';
import regexp from 'eslint-plugin-regexp';
import { describe, expect, it } from 'vitest';
import { parseAppJson } from '../../builder/app-json.ts';
import { scanDockerfile } from '../../builder/dockerfile-rules.ts';
import { parseDockerfile } from '../../builder/dockerfile.ts';
import { parseDockerignore } from '../../builder/dockerignore.ts';
import { judgeImage } from '../../builder/image-name.ts';
import { parseProcfile } from '../../builder/procfile.ts';
import { readFailure } from '../../builder/steps.ts';
import { cleanLine } from '../../builder/transcript.ts';
import { addressSource } from '../../lib/address-source.ts';
import { readKeyPair } from '../../lib/key-pair.ts';
import { isNetwork } from '../../lib/networks.ts';
import { words } from '../../lib/words.ts';
import { parseVisit } from '../../router/visit.ts';
import { refusalReason } from '../../server/adapters/docker/containers.ts';
import { appOfScope, isScope } from '../../server/domain/access.ts';
import { readManifest } from '../../server/domain/app-manifest.ts';
import { printablePath, printableTarget } from '../../server/domain/audit.ts';
import { readDrainUrl } from '../../server/domain/drain.ts';
import { readTarget } from '../../server/domain/egress.ts';
import { appName, branch, newAppName, plainRef } from '../../server/domain/names.ts';
import { parseEmail, passwordProblem } from '../../server/domain/password.ts';
import { runArgv } from '../../server/domain/run.ts';
import { parsePublicKey } from '../../server/domain/ssh-key.ts';
import { printable, printableLines } from '../../server/git/printable.ts';
import { tokenOf } from '../../server/http/authentication.ts';
import { readGitRequest } from '../../server/http/git/path.ts';
import { parseRange } from '../../server/http/range.ts';
import { parseGitCommand } from '../../server/ssh/command.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const RULES = ['regexp/no-super-linear-backtracking', 'regexp/no-super-linear-move'];
const IMAGE = { builder: 'buildpack', processes: {} };
const TIME = new Date('2026-01-01');

/** Whatever reads what somebody sends, with what must come first for it to be read at all. */
type Reader = readonly [name: string, read: (text: string) => unknown, first?: string];
const READERS: readonly Reader[] = [
  ['a Procfile', parseProcfile, 'web:'],
  ['a Dockerfile', (text) => parseDockerfile(text, { doubled: true }), 'FROM x\nRUN '],
  ['directives of a Dockerfile', (text) => parseDockerfile(text, { doubled: false }), '# syntax'],
  ['a value of a directive', (text) => parseDockerfile(text, { doubled: false }), '# syntax=x'],
  ['mounts of a Dockerfile', (text) => scanDockerfile(text, []), 'FROM x\nRUN --mount=type="'],
  ['a .dockerignore', (text) => parseDockerignore(text)('a/b'), '**/'],
  ['the name of an image', (text) => judgeImage(text, [])],
  ['a builder’s app.json', parseAppJson, '{"a": "'],
  ['the app.json of a setup', (text) => readManifest(Buffer.from(text)), '{"env": "'],
  ['why a step failed', readFailure, 'process "'],
  ['a line of a build', (text) => cleanLine(text, (line) => line)],
  ['an address', addressSource, '::ffff:'],
  ['a network', isNetwork],
  ['a certificate', (text) => readKeyPair(text, text, TIME), '-----BEGIN CERTIFICATE-----\n'],
  ['a command line', words, 'a '],
  ['a visit', (text) => parseVisit(Buffer.from(text)), '1 2 3 '],
  ['what the engine says', refusalReason, 'OCI runtime create failed'],
  ['the URL of a webhook', (text) => readTarget(text, ['https:']), 'https://'],
  ['the URL of a drain', readDrainUrl, 'syslog+tls://'],
  ['a scope', (text) => [isScope(text), appOfScope(text)], 'deploy:'],
  ['a path', printablePath, '/a://'],
  ['a name in a path', (name) => printableTarget({ name }), 'https://'],
  ['the name of an app', (text) => [appName.safeParse(text), newAppName.safeParse(text)], 'a'],
  ['a branch', (text) => [branch.safeParse(text), plainRef.safeParse(text)], 'refs/heads/'],
  ['an email address', parseEmail, 'a@b'],
  ['a password', (text) => passwordProblem(text, 'ann@example.com')],
  ['a command', (text) => runArgv(IMAGE, text)],
  ['an SSH key', parsePublicKey, 'ssh-ed25519 '],
  ['a line for git', (text) => [printable(text), printableLines(text)]],
  ['credentials', tokenOf, 'Basic '],
  ['a path of git', (text) => readGitRequest('GET', text), '/a.git/info/refs?service='],
  ['a Range', (text) => parseRange(text, ['id']), 'id '],
  ['an SSH command', parseGitCommand, 'git-receive-pack '],
];

const PIECES = [
  ...[
    ' ',
    '\t',
    '\r',
    '\n',
    '\0',
    '\u2028',
    '\u001b[',
    'a',
    'A',
    '0',
    '-',
    '_',
    '.',
    ',',
    ':',
    ';',
    '@',
    '=',
  ],
  ...[
    '/',
    '\\',
    '"',
    "'",
    '`',
    '<',
    '[',
    '(',
    '*',
    '?',
    '%',
    '#',
    '$',
    '~',
    '&',
    '+',
    '://',
    '%2f',
    '%3a%2f%2f',
  ],
  ...['a=', 'a.', 'a-', 'a:', 'a ', '\\ ', '..', '../', '**/', '"a"', ' a', '\r\n', '--a='],
];
const BYTES = 100_000;
/** On a slow machine, and of processor time: squares of a hundred thousand take seconds. */
const MOST_MS = 500;

describe('a text of 100 KB that was made to be slow to read [S-API-15]', () => {
  it.each(READERS.map(([name, ...rest]) => [name, rest] as const))(
    'holds nobody up as %s',
    (_name, [read, first = '']) => {
      const slow: string[] = [];
      for (const piece of PIECES)
        for (const last of ['', 'x', '\n\u2028"']) {
          const text = first + piece.repeat(BYTES / piece.length) + last;
          const began = process.cpuUsage();
          try {
            read(text);
          } catch {
            // That it is refused is an answer, too.
          }
          const { user, system } = process.cpuUsage(began);
          if ((user + system) / 1_000 > MOST_MS)
            slow.push(`${JSON.stringify(piece)} … ${JSON.stringify(last)}`);
        }
      expect(slow).toEqual([]);
    },
  );
});

describe('a regular expression that can be made slow [S-API-15]', () => {
  it.each(['lib/a.ts', 'server/http/a.ts', 'server/domain/a.ts', 'builder/a.ts', 'router/a.ts', 'cli/a.ts'])(
    'is refused in %s',
    async (path) => {
      const config: unknown = await new ESLint({ cwd: ROOT }).calculateConfigForFile(path);
      const { rules } = config as { readonly rules: Linter.RulesRecord };
      const check = (code: string): readonly (string | null)[] =>
        new Linter()
          .verify(code, {
            plugins: { regexp },
            rules: Object.fromEntries(RULES.map((name) => [name, rules[name]])),
          })
          .map(({ ruleId }) => ruleId);
      expect(check('/^(?:a+)+$/.test(text)')).toEqual([RULES[0]]);
      expect(check(String.raw`text.replace(/\s+$/, "")`)).toEqual([RULES[1]]);
      expect(check(String.raw`new RegExp("^\\s*(.*?)\\s*$")`)).not.toEqual([]);
      expect(check(String.raw`/^[a-z]+$/.test(text)`)).toEqual([]);
    },
  );
});
