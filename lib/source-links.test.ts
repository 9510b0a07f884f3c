import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeOf } from './source-links.ts';

function problems(links: Record<string, string>): string[] {
  const map = new Map(Object.entries(links));
  return [...map.keys()].flatMap((path) => escapeOf(path, map) ?? []);
}

describe('escapeOf', () => {
  it.each([
    { a: 'b' },
    { 'a/b': '../c' },
    { 'a/b/c': '../../d/./e' },
    { a: '.' },
    { a: 'a' },
    { a: 'b', b: 'a' },
    { 'node_modules/.bin/x': '../x/cli.js' },
    { a: 'missing/../x' },
  ])('lets links stay inside: %j', (links) => {
    expect(problems(links)).toEqual([]);
  });

  it.each([
    { a: '/etc/passwd' },
    { a: '..' },
    { 'a/b': '../../etc' },
    { a: 'b/../../c' },
    { 'd/up': '..', e: 'd/up/..' },
    { a: 'b', b: '/' },
    { a: 'b/c', b: '..' },
  ])('finds the ones that lead out: %j', (links) => {
    expect(problems(links)).not.toEqual([]);
  });

  it('agrees with the kernel about where a link leads', () => {
    const names = fc.constantFrom('a', 'b', 'd/a', 'd/b', 'd/e/a');
    const steps = fc.constantFrom('..', '.', 'a', 'b', 'd', 'e');
    const targets = fc.array(steps, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'));
    let ways = 0;
    fc.assert(
      fc.property(fc.dictionary(names, targets, { maxKeys: 5 }), (links) => {
        // Deep enough that a way out is still below the sandbox, and can be told from the root of everything.
        const sandbox = realpathSync(mkdtempSync(join(tmpdir(), 'gantry-links-')));
        const root = join(sandbox, '1/2/3/4/5/6/7/8');
        mkdirSync(join(root, 'd/e'), { recursive: true });
        try {
          for (const [path, target] of Object.entries(links)) {
            mkdirSync(dirname(join(root, path)), { recursive: true });
            symlinkSync(target, join(root, path));
          }
          const map = new Map(Object.entries(links));
          for (const path of map.keys()) {
            const led = leadsTo(join(root, path));
            if (led === undefined || led === root || led.startsWith(`${root}/`)) continue;
            ways += 1;
            expect(escapeOf(path, map), `${path} in ${JSON.stringify(links)}`).toBeDefined();
          }
        } finally {
          rmSync(sandbox, { recursive: true, force: true });
        }
      }),
      { numRuns: 60, examples: [[{ a: '..' }]] },
    );
    expect(ways).toBeGreaterThan(0);
  });
});

function leadsTo(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined; // dangling, or a loop: leads nowhere
  }
}
