import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAppJson } from './app-json.ts';

const read = (value: unknown): [string, string][] => [...parseAppJson(JSON.stringify(value)).checks];

describe('app.json', () => {
  it('takes the path of the first health check of each type', () => {
    expect(read({ healthchecks: { web: [{ path: '/up' }, { path: '/other' }] } })).toEqual([['web', '/up']]);
  });

  it('has no checks when it has no healthchecks, and says nothing about it', () => {
    expect(parseAppJson('{"name":"x"}')).toEqual({ checks: new Map(), warnings: [] });
  });

  it('warns of a path that could break a request line', () => {
    const answer = parseAppJson(JSON.stringify({ healthchecks: { web: [{ path: '/a b\r\nX: y' }] } }));
    expect([...answer.checks]).toEqual([]);
    expect(answer.warnings).toHaveLength(1);
  });

  it('never throws, and names no reserved key, whatever the text [S-INJ-01]', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(parseAppJson(text).checks.has('__proto__')).toBe(false);
      }),
    );
    expect(parseAppJson('{"healthchecks":{"__proto__":[{"path":"/x"}]}}').checks.size).toBe(0);
  });
});
