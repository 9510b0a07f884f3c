import { join } from 'node:path';
import { ESLint, Linter } from 'eslint';
import { beforeAll, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
/** One of each kind of file that has rules of its own. */
const FILES = [
  'server/main.ts',
  'server/domain/app.ts',
  'lib/child.ts',
  'cli/terminal.ts',
  'lib/child.test.ts',
];

const rules = new Map<string, Linter.RulesRecord>();
beforeAll(async () => {
  const eslint = new ESLint({ cwd: ROOT });
  for (const file of FILES) {
    const config = (await eslint.calculateConfigForFile(join(ROOT, file))) as { rules: Linter.RulesRecord };
    rules.set(file, config.rules);
  }
});

function complaints(file: string, code: string): string[] {
  const rule = rules.get(file)?.['no-restricted-syntax'];
  if (rule === undefined) throw new Error(`${file} has no such rule`);
  const config = {
    languageOptions: { sourceType: 'module' as const },
    rules: { 'no-restricted-syntax': rule },
  };
  return new Linter().verify(code, config).map(({ message }) => message);
}

it.each([
  "import { exec } from 'node:child_process';",
  "import { execSync as run } from 'child_process';",
  "import child from 'node:child_process';",
  "import * as child from 'node:child_process';",
  "spawn('git', [name], { shell: true });",
  "spawn('git', [name], { shell: '/bin/sh' });",
  'spawn(`git clone ${name}`);',
  'execFileSync(`git clone ${name}`);',
])('a shell is not called anywhere: %s [S-INJ-01]', (code) => {
  for (const file of FILES) expect(complaints(file, code), file).toHaveLength(1);
});

it.each(['db.$queryRawUnsafe(text);', 'db.$executeRawUnsafe(text);', 'Prisma.raw(text);'])(
  'no SQL is made of text: %s [S-INJ-09]',
  (code) => {
    for (const file of FILES) expect(complaints(file, code), file).toHaveLength(1);
  },
);

it('what is harmless is left alone', () => {
  const harmless =
    "import { execFile, spawn } from 'node:child_process';\nspawn('git', [name], { shell: false });\ndb.$queryRaw`SELECT ${name}`;";
  for (const file of FILES) expect(complaints(file, harmless), file).toEqual([]);
});
