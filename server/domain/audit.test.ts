import { expect, it } from 'vitest';
import { printablePath, printableTarget } from './audit.ts';

const URLS = [
  'https://me:pa55@logs.example.com/in',
  'https://me:p@pa55@logs.example.com/in?x=1',
  'https://pa55@h/',
];

it('writes down no password of a URL that is a name in a path', () => {
  for (const url of URLS) {
    const path = printablePath(`/apps/demo/log-drains/${encodeURIComponent(url)}`);
    const target = printableTarget({ app: 'demo', drain: encodeURIComponent(url) });
    expect(`${path} ${JSON.stringify(target)}`, url).not.toContain('pa55');
    expect(path).toMatch(/^\/apps\/demo\/log-drains\/https%3A%2F%2F\[redacted\]%40(logs|h)/);
    expect(target['drain']).toMatch(/^https:\/\/\[redacted\]@(logs|h)/);
  }
});

it('leaves every other path as it is, but for its length', () => {
  for (const path of ['/apps/demo/collaborators/me%40example.com', '/apps/demo/dynos/web.1', '/'])
    expect(printablePath(path)).toBe(path);
  expect(printablePath('x'.repeat(900))).toHaveLength(200);
});
