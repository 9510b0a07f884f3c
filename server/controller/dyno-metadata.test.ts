import { expect, it } from 'vitest';
import { dynoMetadata } from './dyno-metadata.ts';

const told = {
  createdAt: new Date('2026-11-21T12:00:00.000Z'),
  commit: 'c0ffee',
  description: 'Deploy c0ffee',
};
const facts = {
  app: { id: 'an-id', name: 'hello' },
  host: 'hello.example.com',
  deployment: { id: 'a-deployment', releaseVersion: 7 },
};

it('tells a process about its app, its release and itself', () => {
  expect(Object.fromEntries(dynoMetadata({ ...facts, told }, { type: 'web', number: 2 }))).toEqual({
    HEROKU_APP_ID: 'an-id',
    HEROKU_APP_NAME: 'hello',
    HEROKU_APP_DEFAULT_DOMAIN_NAME: 'hello.example.com',
    HEROKU_DYNO_ID: 'a-deployment.web.2',
    HEROKU_RELEASE_VERSION: 'v7',
    HEROKU_RELEASE_CREATED_AT: '2026-11-21T12:00:00.000Z',
    HEROKU_SLUG_COMMIT: 'c0ffee',
    HEROKU_SLUG_DESCRIPTION: 'Deploy c0ffee',
    HEROKU_BUILD_COMMIT: 'c0ffee',
    HEROKU_BUILD_DESCRIPTION: 'Deploy c0ffee',
  });
});

it('tells no commit of a source that has none', () => {
  const names = dynoMetadata({ ...facts, told: { ...told, commit: null } }, { type: 'web', number: 1 }).map(
    ([name]) => name,
  );
  expect(names).not.toContain('HEROKU_SLUG_COMMIT');
});
