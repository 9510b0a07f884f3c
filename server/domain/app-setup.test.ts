import { describe, expect, it } from 'vitest';
import { readManifest, type AppManifest } from './app-manifest.ts';
import { configFor, formationNotes, successUrlOf } from './app-setup.ts';

function manifestOf(content: unknown): AppManifest {
  const result = readManifest(new TextEncoder().encode(JSON.stringify(content)));
  if ('mistakes' in result) throw new Error(result.mistakes.join(' '));
  return result.manifest;
}

function config(
  content: unknown,
  env: Readonly<Record<string, string>> = {},
  existing: readonly string[] = [],
) {
  let made = 0;
  return configFor(manifestOf(content), {
    env: new Map(Object.entries(env)),
    existing: new Set(existing),
    newSecret: () => `secret ${(made += 1)}`,
  });
}

const ENV = {
  PLAIN: 'text',
  FIRST: { generator: 'secret' },
  SECOND: { generator: 'secret' },
  GIVEN: {},
  MAYBE: { required: false },
};

describe('the config of a setup', () => {
  it('is what app.json says, what was made up, and what was given', () => {
    expect(config({ env: ENV }, { GIVEN: 'mine', MORE: 'too', PLAIN: 'other' })).toEqual({
      set: new Map(
        Object.entries({ GIVEN: 'mine', MORE: 'too', PLAIN: 'other', FIRST: 'secret 1', SECOND: 'secret 2' }),
      ),
    });
  });

  it('is refused without what is required, in a sentence for each', () => {
    expect(config({ env: { A: {}, B: { required: true }, C: { required: false } } })).toEqual({
      mistakes: [
        'env.A is required: give its value with the setup.',
        'env.B is required: give its value with the setup.',
      ],
    });
  });

  it('leaves alone what is there already, so that doing it again makes no other secret', () => {
    expect(config({ env: ENV }, { GIVEN: 'mine' }, ['PLAIN', 'FIRST', 'SECOND', 'GIVEN'])).toEqual({
      set: new Map(),
    });
  });

  it('does not pretend that there are add-ons, and takes the address of one that is run elsewhere', () => {
    const content = { addons: ['heroku-postgresql:mini'] };
    expect(config(content)).toEqual({
      mistakes: [
        'addons: app.json asks for heroku-postgresql, and this platform has no add-ons; run such a service yourself and give its address as a config var (DATABASE_URL) with the setup.',
      ],
    });
    expect(config(content, { DATABASE_URL: 'postgres://db' })).toEqual({
      set: new Map([['DATABASE_URL', 'postgres://db']]),
    });
  });
});

describe('what follows a setup', () => {
  it('leads to the page that app.json names, in the app or elsewhere', () => {
    expect(successUrlOf('/welcome', 'http://shop.test:8080')).toBe('http://shop.test:8080/welcome');
    expect(successUrlOf('https://docs.example.com/x', 'http://shop.test')).toBe('https://docs.example.com/x');
    expect(successUrlOf(null, 'http://shop.test')).toBeNull();
  });

  it('tells of types that the app does not have', () => {
    expect(formationNotes(new Map(Object.entries({ web: 1, worker: 2 })), ['web'])).toEqual([
      'formation.worker is not used: the app has no such process type.',
    ]);
  });
});
