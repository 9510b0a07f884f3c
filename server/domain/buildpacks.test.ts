import { describe, expect, it } from 'vitest';
import {
  BUILDPACKS,
  buildpackName,
  buildpackProblem,
  chooseBuildpack,
  describeBuildpack,
  findBuildpack,
} from './buildpacks.ts';

describe('the name of a buildpack', () => {
  it.each([
    ...['heroku/nodejs', 'urn:buildpack:heroku/nodejs', 'a/b', 'A1.b_c-d/E', `a/${'b'.repeat(63)}`],
    ...['https://github.com/acme/pack', 'https://example.com:8443/pack.tgz#v1?x=y', 'https://example.com/'],
  ])('can be %s', (word) => {
    expect(buildpackProblem(word)).toBeUndefined();
  });

  it.each([
    ...[
      '',
      'nodejs',
      '/nodejs',
      'heroku/',
      'a/b/c',
      '-a/b',
      'a b/c',
      'heroku/nodejs\n',
      `a/${'b'.repeat(64)}`,
    ],
    ...[
      'http://example.com/pack',
      'https://example.com',
      'https://user@example.com/x',
      'https://a b/c',
      'git@github.com:a/b',
    ],
    ...[
      'https://example.com/ü',
      'https://example.com:123456/x',
      'https://./..\u0000',
      `https://e.com/${'x'.repeat(490)}`,
    ],
  ])('cannot be %j', (word) => {
    expect(buildpackProblem(word)).toBe(
      'must be a name such as heroku/nodejs, or the https address of a buildpack',
    );
  });

  it('is shown without what only says that it is one', () => {
    expect(buildpackName('urn:buildpack:heroku/nodejs')).toBe('heroku/nodejs');
    expect(buildpackName('heroku/urn:buildpack:x')).toBe('heroku/urn:buildpack:x');
  });
});

describe('a buildpack of the platform', () => {
  it('is found by its name here and by those it has elsewhere, however they are written', () => {
    for (const name of ['gantry/nodejs', 'heroku/nodejs', 'Heroku/NodeJS', 'urn:buildpack:heroku/nodejs'])
      expect(findBuildpack(name)?.pack).toBe('nodejs');
    for (const name of ['gantry/static', 'heroku/static', 'heroku-community/static'])
      expect(findBuildpack(name)?.pack).toBe('static');
    for (const name of ['nodejs', 'heroku/ruby', 'https://github.com/heroku/nodejs'])
      expect(findBuildpack(name)).toBeUndefined();
  });

  it('is described; of those that are Heroku’s only it is told that no build can use them', () => {
    expect(describeBuildpack('heroku/nodejs')).toMatchObject({ namespace: 'gantry', name: 'nodejs' });
    expect(describeBuildpack('urn:buildpack:Heroku/Ruby')).toMatchObject({
      ...{ namespace: 'heroku', name: 'ruby' },
      description: expect.stringContaining('no build can use it') as string,
    });
    for (const name of ['acme/ruby', 'heroku/cobol', 'ruby', 'heroku', 'https://github.com/heroku/ruby'])
      expect(describeBuildpack(name)).toBeUndefined();
  });

  it('has no name that another has too, and can be chosen by each of them', () => {
    const names = BUILDPACKS.flatMap(({ namespace, name, aliases }) => [`${namespace}/${name}`, ...aliases]);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(buildpackProblem(name)).toBeUndefined();
  });
});

describe('the buildpack of a build', () => {
  it('is whichever applies when none was chosen, and else the one that was', () => {
    expect(chooseBuildpack([])).toEqual({ pack: null });
    expect(chooseBuildpack(['heroku/nodejs'])).toEqual({ pack: 'nodejs' });
  });

  it('is none when the choice cannot be used, with what to do about it', () => {
    const known = 'which has gantry/nodejs and gantry/static';
    expect(chooseBuildpack(['urn:buildpack:heroku/ruby'])).toEqual({
      reason: `The buildpack heroku/ruby is not one of this platform, ${known}; choose one of them (gantry buildpacks:set) or none (gantry buildpacks:clear)`,
    });
    expect(chooseBuildpack(['heroku/nodejs', 'heroku/static'])).toEqual({
      reason:
        '2 buildpacks are chosen, and this version of Gantry builds with one; remove the others (gantry buildpacks:remove)',
    });
  });

  it('names the first that is not there before it complains of their number', () => {
    expect(chooseBuildpack(['heroku/nodejs', 'heroku/go', 'heroku/php'])).toMatchObject({
      reason: expect.stringMatching(/^The buildpack heroku\/go is not/) as unknown,
    });
  });
});
