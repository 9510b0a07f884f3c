import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MANIFEST_BYTES, readManifest, type AppManifest } from './app-manifest.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function read(content: unknown): AppManifest {
  const result = readManifest(bytes(JSON.stringify(content)));
  if ('mistakes' in result) throw new Error(result.mistakes.join(' '));
  return result.manifest;
}

function mistakes(content: unknown): readonly string[] {
  const result = readManifest(typeof content === 'string' ? bytes(content) : bytes(JSON.stringify(content)));
  return 'mistakes' in result ? result.mistakes : [];
}

describe('an app.json', () => {
  it('says config, buildpacks, formation, add-ons, what to run and where to go then', () => {
    const found = read({
      name: 'Small Sharp Tool',
      env: {
        PLAIN: 'text',
        MADE_UP: { generator: 'secret', description: 'signs cookies' },
        GIVEN: { required: true },
        MAYBE: { required: false },
        BOTH: { value: 'x', required: false },
      },
      buildpacks: [{ url: 'urn:buildpack:heroku/nodejs' }, 'https://example.com/pack.tgz'],
      formation: { web: { quantity: 2, size: 'small' }, worker: { quantity: 1 }, clock: {} },
      scripts: { postdeploy: 'node seed.js', test: 'true' },
      addons: ['heroku-postgresql:mini', { plan: 'heroku-redis', as: 'cache' }, 'some-mailer'],
      success_url: '/welcome?x=1',
      website: 'https://example.com',
    });
    expect([...found.env]).toEqual([
      ['PLAIN', { value: 'text', required: true, generated: false }],
      ['MADE_UP', { value: null, required: true, generated: true }],
      ['GIVEN', { value: null, required: true, generated: false }],
      ['MAYBE', { value: null, required: false, generated: false }],
      ['BOTH', { value: 'x', required: false, generated: false }],
    ]);
    expect(found).toMatchObject({
      buildpacks: ['heroku/nodejs', 'https://example.com/pack.tgz'],
      formation: new Map(Object.entries({ web: 2, worker: 1 })),
      postdeploy: 'node seed.js',
      addons: [
        { service: 'heroku-postgresql', prefix: 'DATABASE_' },
        { service: 'heroku-redis', prefix: 'CACHE_' },
        { service: 'some-mailer', prefix: 'SOME_MAILER_' },
      ],
      successUrl: '/welcome?x=1',
      notes: [],
    });
  });

  it('may say nothing at all', () => {
    expect(read({})).toEqual({
      ...{ env: new Map(), buildpacks: [], formation: new Map(), postdeploy: null, addons: [] },
      ...{ successUrl: null, notes: [] },
    });
    expect(read({ env: null, formation: null, scripts: {}, addons: null, success_url: null }).env.size).toBe(
      0,
    );
  });

  it('is told what of it changes nothing here', () => {
    const { notes, env, formation } = read({
      env: { PORT: '80', A: '1' },
      formation: { web: { quantity: 1, size: 'Standard-2X' }, release: { quantity: 1 } },
      stack: 'windows',
    });
    expect(notes).toEqual([
      'env.PORT is not used: the platform sets it.',
      'formation.web.size is not used: there is one size here, and it is not Standard-2X.',
      'formation.release is not used: the release command is no process that stays up.',
      'stack is not used: apps here are built on gantry, and not on windows.',
    ]);
    expect([[...env.keys()], [...formation.keys()]]).toEqual([['A'], ['web']]);
  });

  it.each([
    ['heroku-24', []],
    ['container', []],
    ['gantry', []],
  ])('of the stack %s is built on ours without a word', (stack, notes) => {
    expect(read({ stack }).notes).toEqual(notes);
  });

  it.each<[string, unknown, string]>([
    ['no JSON', '{"env":', 'app.json is not valid JSON.'],
    ['no object', [], 'app.json must be an object.'],
    ['a number for a value', { env: { A: { value: 5 } } }, 'env.A.value must be a string.'],
    ['a list for a var', { env: { A: [] } }, 'env.A must be text, or an object.'],
    ['a number for a var', { env: { A: 5 } }, 'env.A must be text, or an object.'],
    [
      'another generator',
      { env: { A: { generator: 'uuid' } } },
      'env.A.generator must be "secret", the only generator there is.',
    ],
    [
      'a name that is none',
      { env: { 'A-B': 'x' } },
      'env.A-B must be letters, digits and underscores, and not start with a digit.',
    ],
    ['a NUL in a value', { env: { A: 'x\0y' } }, 'env.A cannot hold a NUL character.'],
    [
      'less than none',
      { formation: { web: { quantity: -1 } } },
      'formation.web.quantity must be at least 0.',
    ],
    ['too many', { formation: { web: { quantity: 1e6 } } }, 'formation.web.quantity must be at most 28.'],
    [
      'half an instance',
      { formation: { web: { quantity: 1.5 } } },
      'formation.web.quantity must be a whole number.',
    ],
    [
      'a type that is none',
      { formation: { 'a b': { quantity: 1 } } },
      'formation."a b" must name process types: letters, digits, dashes and underscores.',
    ],
    ['an empty command', { scripts: { postdeploy: ' ' } }, 'scripts.postdeploy must not be empty.'],
    ['a list of commands', { scripts: { postdeploy: [] } }, 'scripts.postdeploy must be text, or an object.'],
    ['scripts that are text', { scripts: 'x' }, 'scripts must be an object.'],
    ['a buildpack without a URL', { buildpacks: [{}] }, 'buildpacks.0.url must be a string.'],
    [
      'a buildpack that is none',
      { buildpacks: [{ url: 'http://x' }] },
      'buildpacks.0 must be a name such as heroku/nodejs, or the https address of a buildpack.',
    ],
    [
      'a success URL that is a program',
      { success_url: 'javascript:alert(1)' },
      'success_url must be a path such as /welcome, or a whole http URL.',
    ],
    [
      'a success URL that leads elsewhere unsaid',
      { success_url: '//evil.example.com' },
      'success_url must be a path such as /welcome, or a whole http URL.',
    ],
    ['add-ons that are no list', { addons: 'x' }, 'addons must be a list.'],
  ])('with %s is refused in a sentence', (_what, content, sentence) => {
    expect(mistakes(content)).toEqual([sentence]);
  });

  it('that is too long, or no text, is refused before it is read', () => {
    expect(mistakes(`{"a":"${'x'.repeat(MANIFEST_BYTES)}"}`)).toEqual(['app.json is longer than 256 KB.']);
    expect(readManifest(Buffer.from([0xff, 0xfe, 0x00]))).toMatchObject({
      mistakes: ['app.json is not text in UTF-8.'],
    });
  });

  it('tells a few mistakes at once, and not thousands', () => {
    const env = Object.fromEntries(Array.from({ length: 400 }, (_, at) => [`A${at}`, 5]));
    expect(mistakes({ env })).toHaveLength(20);
    expect(mistakes({ addons: 5, stack: 5 })).toEqual(['addons must be a list.', 'stack must be a string.']);
  });

  it('tells what is wrong in one place whatever is wrong in another', () => {
    const content = {
      env: { 'a b': 'x', NEED: {}, BAD: 5, ZERO: 'x\0y' },
      formation: { web: { quantity: 99 }, worker: { quantity: 1 } },
      buildpacks: [{}, { url: 'http://x' }],
      addons: [5, 'heroku-redis'],
    };
    const result = readManifest(bytes(JSON.stringify(content)));
    expect('mistakes' in result && [...result.mistakes].sort()).toEqual([
      'addons.0 must be text, or an object.',
      'buildpacks.0.url must be a string.',
      'buildpacks.1 must be a name such as heroku/nodejs, or the https address of a buildpack.',
      'env."a b" must be letters, digits and underscores, and not start with a digit.',
      'env.BAD must be text, or an object.',
      'env.ZERO cannot hold a NUL character.',
      'formation.web.quantity must be at most 28.',
    ]);
    // What is left of it may still lack something.
    expect('mistakes' in result && result.rest).toMatchObject({
      env: new Map([['NEED', { value: null, required: true, generated: false }]]),
      addons: [{ service: 'heroku-redis' }],
    });
  });

  it('cannot reach what all objects share', () => {
    const text =
      '{"env":{"__proto__":{"value":"x"},"constructor":"y"},"formation":{"__proto__":{"quantity":3}}}';
    const result = readManifest(bytes(text));
    if ('manifest' in result) {
      expect(result.manifest.env.has('__proto__')).toBe(false);
      expect([...result.manifest.formation.keys()]).toEqual([]);
    }
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(({} as { quantity?: number }).quantity).toBeUndefined();
  });

  it('never throws, and says one printable sentence for each mistake, whatever is in it [S-INJ-01]', () => {
    const close = fc.record(
      {
        env: fc.oneof(fc.jsonValue(), fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.jsonValue()))),
        buildpacks: fc.oneof(fc.jsonValue(), fc.array(fc.record({ url: fc.string() }))),
        formation: fc.oneof(
          fc.jsonValue(),
          fc.dictionary(fc.string(), fc.record({ quantity: fc.double(), size: fc.string() })),
        ),
        scripts: fc.oneof(fc.jsonValue(), fc.record({ postdeploy: fc.jsonValue() })),
        addons: fc.oneof(fc.jsonValue(), fc.array(fc.oneof(fc.string(), fc.record({ plan: fc.string() })))),
        stack: fc.jsonValue(),
        success_url: fc.oneof(
          fc.jsonValue(),
          fc.webUrl(),
          fc.string().map((text) => `/${text}`),
        ),
      },
      { requiredKeys: [] },
    );
    const inputs = fc.oneof(
      close.map((one) => bytes(JSON.stringify(one))),
      fc.json().map(bytes),
      fc.uint8Array({ maxLength: 200 }),
    );
    fc.assert(
      fc.property(inputs, (input) => {
        const result = readManifest(input);
        const said = 'mistakes' in result ? result.mistakes : result.manifest.notes;
        for (const one of said) expect(one).toMatch(/^[\x20-\x7e]{5,1000}\.$/);
        if ('mistakes' in result) expect(result.mistakes.length).toBeGreaterThan(0);
        else {
          for (const key of result.manifest.env.keys()) expect(key).toMatch(/^[A-Za-z_][A-Za-z0-9_]*$/);
          for (const count of result.manifest.formation.values()) expect(count).toBeLessThanOrEqual(28);
        }
      }),
      { numRuns: 500 },
    );
  });
});
