import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { meetHerokuUser, theRealHeroku, type HerokuUser } from '../support/heroku.ts';

const program = await theRealHeroku();

describe.skipIf(program === undefined)('the real heroku command: log drains', () => {
  const app = 'herokudrains';
  const on = ['-a', app];
  let ann: HerokuUser;

  beforeAll(async () => {
    if (program === undefined) return;
    ann = await meetHerokuUser(inject('platform'), program);
    await ann.newApp(app, {});
  });
  afterAll(() => ann[Symbol.asyncDispose]());

  it('adds, lists and removes a drain by its URL', async () => {
    const url = 'https://me:pa55@logs.heroku-drains.example/in';
    expect(await ann.ok('drains:add', url, ...on)).toContain('logs.heroku-drains.example/in');
    expect(await ann.ok('drains', ...on)).toContain(`${url} (d.`);
    expect(await ann.json('drains', ...on)).toMatchObject([{ url, addon: null }]);
    expect(await ann.ok('drains:remove', url, ...on)).toContain('logs.heroku-drains.example/in');
    expect(await ann.json('drains', ...on)).toEqual([]);
  });
});
