import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDockerignore } from './dockerignore.ts';

describe('a .dockerignore', () => {
  it('leaves out what it names and all below it', () => {
    const ignored = parseDockerignore('# comment\nnode_modules\n/dist/\n*.log\n');
    expect(['node_modules', 'node_modules/a/b', 'dist/x', 'a.log'].every(ignored)).toBe(true);
    expect(['src/node_modules', 'src/a.log', 'distance'].some(ignored)).toBe(false);
  });

  it('knows double stars, question marks, classes and exceptions, the last match deciding', () => {
    const ignored = parseDockerignore('**/*.md\n!README.md\n!docs/**\ndocs/secret?\n[ab].txt\n');
    expect(['x.md', 'a/b/x.md', 'docs/secret1', 'a.txt'].every(ignored)).toBe(true);
    expect(['README.md', 'docs/x.md', 'docs/secret', 'c.txt'].some(ignored)).toBe(false);
  });

  it('cannot leave out the Dockerfile, and everything with one star', () => {
    const ignored = parseDockerignore('*\n!src');
    expect(ignored('Dockerfile')).toBe(false);
    expect(ignored('src/a')).toBe(false);
    expect(ignored('other/a')).toBe(true);
  });

  it('is not held up by a pattern made of stars', () => {
    const ignored = parseDockerignore(`${'**/*a'.repeat(40)}b\n${'*a'.repeat(200)}b`);
    const start = performance.now();
    expect(ignored('a'.repeat(4000))).toBe(false);
    expect(ignored(Array(250).fill('a'.repeat(15)).join('/'))).toBe(false);
    expect(performance.now() - start).toBeLessThan(200);
  });

  it('never throws and answers quickly, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.constantFrom('*', '**', '/', '!', '[', ']', '[z-a]', '\\', '\n'),
            fc.string({ maxLength: 4 }),
          ),
        ),
        (parts) => {
          expect(typeof parseDockerignore(parts.join(''))('a/b/c')).toBe('boolean');
        },
      ),
    );
  });
});
