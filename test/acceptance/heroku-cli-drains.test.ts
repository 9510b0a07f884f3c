import { beforeAll, expect, it } from 'vitest';
import { herokuStory } from '../support/heroku-story.ts';

await herokuStory('the real heroku command: log drains', ({ ann }) => {
  const app = 'herokudrains';
  const on = ['-a', app];

  beforeAll(async () => {
    await ann.newApp(app, {});
  });

  it('adds, lists and removes a drain by its URL', async () => {
    const url = 'https://me:pa55@logs.heroku-drains.example/in';
    expect(await ann.ok('drains:add', url, ...on)).toContain('logs.heroku-drains.example/in');
    expect(await ann.ok('drains', ...on)).toContain(`${url} (d.`);
    expect(await ann.json('drains', ...on)).toMatchObject([{ url, addon: null }]);
    expect(await ann.ok('drains:remove', url, ...on)).toContain('logs.heroku-drains.example/in');
    expect(await ann.json('drains', ...on)).toEqual([]);
  });
});
