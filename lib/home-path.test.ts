import { expect, it } from 'vitest';
import { HOME_PATH } from './home-path.ts';

it.each(['/var/lib/gantry', '/tmp/gty-Ab12', '/root/.gantry', '/a', '/srv/my_platform.2'])(
  'takes %s',
  (path) => {
    expect(path).toMatch(HOME_PATH.pattern);
  },
);

it.each([
  '/',
  '//',
  '',
  'gantry',
  './x',
  '/var/../etc',
  '/x/.',
  '/x//y',
  '/x/',
  '/with space',
  '/a:b',
  '/a"b',
  '/ä',
  `/${'x'.repeat(60)}`,
])('refuses "%s"', (path) => {
  expect(path).not.toMatch(HOME_PATH.pattern);
});
