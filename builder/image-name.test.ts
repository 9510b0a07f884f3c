import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeImage } from './image-name.ts';

const REGISTRIES = ['registry.corp.example', '10.9.8.7'];
const judge = (name: string): ReturnType<typeof judgeImage> => judgeImage(name, REGISTRIES);
const whyNot = (name: string): string => {
  const verdict = judge(name);
  return verdict.allowed ? 'allowed' : verdict.why;
};

describe('the image that a build starts from', () => {
  it.each([
    'scratch',
    'SCRATCH',
    'node',
    'node:22-slim',
    'library/debian',
    'acme/base:1.2',
    'ghcr.io/acme/base',
  ])('may be %s, which is not our stack', (name) => {
    expect(judge(name)).toEqual({ allowed: true, stack: false });
  });

  it('may be the stack, which is known as such, by name or with a tag', () => {
    expect(judge('gantry/stack')).toEqual({ allowed: true, stack: true });
    expect(judge('gantry/stack:22')).toEqual({ allowed: true, stack: true });
  });

  it.each([
    ...['gantry/stack-base', 'gantry', 'gantry-builder', 'library/gantry', 'gantry/anything:1'],
    ...['Gantry', 'library/Gantry', `gantry@sha256:${'a'.repeat(64)}`],
    `gantry/stack@sha256:${'a'.repeat(64)}`,
    `gantry/stack:22@sha256:${'a'.repeat(64)}`,
    ...['docker.io/gantry/stack', 'index.docker.io/gantry/stack', 'registry-1.docker.io/gantry/stack'],
    ...['DOCKER.IO/gantry/stack', 'docker.io:443/gantry/stack', 'docker.io/gantry/STACK'],
  ])('is not %s: no other of our own names, and no other place for the stack', (name) => {
    expect(whyNot(name)).toBe('of the names that begin with gantry, only gantry/stack can be built upon');
  });

  it.each(['docker.io/library/debian', 'index.docker.io/acme/base', 'registry-1.docker.io/acme/base'])(
    'may be %s, by a name of the public hub',
    (name) => {
      expect(judge(name)).toEqual({ allowed: true, stack: false });
    },
  );

  it('may begin like one of our names without being one', () => {
    for (const name of ['gantryman/x', 'acme/gantry', 'docker.io/gantryman'])
      expect(judge(name)).toEqual({ allowed: true, stack: false });
  });

  it.each([
    'registry.corp.example/apps/victim',
    'REGISTRY.corp.example/apps/victim',
    'registry.corp.example:5000/apps/victim',
    '10.9.8.7:7001/apps/victim@sha256:' + 'b'.repeat(64),
  ])('is none of what the platform keeps for its apps: %s [S-INJ-04]', (name) => {
    expect(whyNot(name)).toMatch(/platform's own registry/);
  });

  it.each([
    ...['localhost/x', 'localhost:5000/x', 'registry:5000/x', 'Registry/x'],
    ...['127.0.0.1/x', '127.1/x', '0x7f.1/x', '1.2.3/x', '2130706433:80/x'],
    ...[
      'db.localhost/x',
      'nas.local/x',
      'metadata.google.internal/x',
      'a.localdomain/x',
      'fritz.home/x',
      'pc.lan/x',
    ],
    ...['a..b/x', 'a.b./x', 'a.:1/x', 'a_b.example/x'],
  ])('comes from no host that could be this machine or its networks: %s', (name) => {
    expect(whyNot(name)).toMatch(/^"[^"/]+" is not the name of a public registry$/);
  });

  it('may come from a public host whose name only contains such a word', () => {
    for (const host of ['local.example.com', 'lan.dev', 'home.example', '1.example.com'])
      expect(judge(`${host}/x`)).toEqual({ allowed: true, stack: false });
  });

  it.each([
    '',
    ' node',
    'node latest',
    'node\nx',
    '/node',
    '$BASE',
    '[::1]:5000/x',
    'node@sha256:abc',
    'nöde',
  ])('has a name that can be read in one way only, unlike %j', (name) => {
    expect(whyNot(name)).toMatch(/is no image name that can be used here$/);
  });

  it('is told back no longer than anybody wants to read', () => {
    expect(whyNot(`?${'x'.repeat(200)}`)).toBe(`"?${'x'.repeat(99)}" is no image name that can be used here`);
  });

  it('never is one of our registry, however its host is written', () => {
    const letters = Array.from('registry.corp.example');
    const spelled = fc
      .array(fc.boolean(), { minLength: letters.length, maxLength: letters.length })
      .map((upper) =>
        letters.map((letter, n) => (upper[n] === true ? letter.toUpperCase() : letter)).join(''),
      );
    const port = fc.option(fc.nat(65_535), { nil: undefined });
    fc.assert(
      fc.property(spelled, port, (host, at) => {
        expect(judge(`${host}${at === undefined ? '' : `:${at}`}/apps/victim`).allowed).toBe(false);
      }),
    );
  });
});
