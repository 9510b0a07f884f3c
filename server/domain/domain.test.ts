import fc from 'fast-check';
import { expect, it } from 'vitest';
import { hostname as routable } from '../../router/contract.ts';
import { refuseHostname, relatedHosts } from './domain.ts';

const shop = { name: 'shop' };
const refuse = (hostname: string): string | undefined => refuseHostname(hostname, shop, 'apps.example');

it('takes hosts of people’s own, wildcards among them, and hosts below the app’s own address', () => {
  for (const good of [
    'www.example.com',
    'example.com',
    '*.example.com',
    'xn--bcher-kva.example',
    'a.shop.apps.example',
    '*.shop.apps.example',
  ])
    expect(refuse(good), good).toBeUndefined();
});

it('refuses what is no host name [S-INJ-05] [S-INJ-07]', () => {
  for (const bad of [
    '',
    'localhost',
    '*.com',
    '*',
    '*.',
    'a..b',
    '-a.b',
    'a.*.b',
    'A.b',
    'a_b.c',
    'a b.c',
    'a.b\n',
    '127.0.0.1',
    '*.0.0.1',
    'a.b.',
    `${'a'.repeat(64)}.b`,
    `${'a.'.repeat(130)}b`,
  ])
    expect(refuse(bad), bad).toMatch(/^must be/);
});

it('leaves the platform’s own hosts to the platform, and an app’s to that app', () => {
  for (const theirs of [
    'apps.example',
    '*.apps.example',
    'api.apps.example',
    'git.apps.example',
    'other.apps.example',
    'x.other.apps.example',
    'myshop.apps.example',
  ])
    expect(refuse(theirs), theirs).toMatch(/belong to the platform/);
  expect(refuse('shop.apps.example')).toMatch(/anyway/);
  expect(refuse('notapps.example')).toBeUndefined();
});

it('knows which hosts a wildcard stands above', () => {
  expect(relatedHosts('www.example.com')).toEqual({ wildcard: '*.example.com', below: null });
  expect(relatedHosts('*.example.com')).toEqual({ wildcard: null, below: '.example.com' });
});

it('takes nothing that the router would not', () => {
  const label = fc.stringMatching(/^[a-zA-Z0-9_*.;# \n-]{0,8}$/);
  const host = fc.oneof(
    fc.domain(),
    fc.array(label, { maxLength: 4 }).map((labels) => labels.join('.')),
  );
  fc.assert(
    fc.property(host, (given) => {
      expect(refuse(given) === undefined && !routable.safeParse(given).success).toBe(false);
    }),
    { numRuns: 5_000 },
  );
});
