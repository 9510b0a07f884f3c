import { describe, expect, it } from 'vitest';
import type { Happening } from './happening.ts';
import { WEBHOOK_INCLUDES } from './webhook.ts';
import { includeOf, payloadOf } from './webhook-news.ts';

const BY = { id: 'ann-id', email: 'ann@example.com' };
const APP = { id: 'app-id', name: 'shop' };
const happening = (change: Partial<Happening> = {}): Happening => ({
  ...{ seq: 1, at: new Date('2026-11-21T12:00:00.789Z'), app: APP, kind: 'release', action: 'create' },
  ...{ subject: 'subject-id', before: null, after: null, by: BY },
  ...change,
});

describe('what has to be asked for', () => {
  it.each([
    ['app', 'api:app'],
    ['release', 'api:release'],
    ['build', 'api:build'],
    ['domain', 'api:domain'],
    ['collaborator', 'api:collaborator'],
    ['addon', 'api:addon'],
    ['attachment', 'api:addon-attachment'],
    ['certificate', 'api:sni-endpoint'],
    ['instance', 'dyno'],
  ])('to be told of kind %s is %s', (kind, include) => {
    expect(includeOf(happening({ kind }))).toBe(include);
    expect(WEBHOOK_INCLUDES).toContain(include);
  });

  it('of an app that was scaled is its formation, and nothing is for what only follows from something else', () => {
    const change = { kind: 'app', action: 'update', after: null } as const;
    expect(includeOf(happening({ ...change, before: { formation: { web: 1 } } }))).toBe('api:formation');
    expect(includeOf(happening({ ...change, before: { currentId: 'r' } }))).toBeUndefined();
  });

  it('is nothing for what belongs to no app, has no name on the wire, or has one of every object', () => {
    expect(includeOf(happening({ app: null }))).toBeUndefined();
    for (const kind of ['token', 'drain', 'webhook'])
      expect(includeOf(happening({ kind })), kind).toBeUndefined();
  });
});

describe('what a webhook is told', () => {
  it('says what happened to what, by whom, when, what it is now, and of what it was only what is otherwise', () => {
    const was = { id: 'r', version: 3, status: 'pending', slug: { id: 's' } };
    const data = { id: 'r', version: 3, status: 'succeeded', slug: { id: 's' } };
    expect(payloadOf(happening({ action: 'update' }), 'api:release', { data, was })).toEqual({
      ...{ action: 'update', actor: BY, resource: 'release', published_at: '2026-11-21T12:00:00Z' },
      ...{ data, previous_data: { status: 'pending' } },
      version: 'application/vnd.heroku+json; version=3',
    });
  });

  it('is nothing of what happened beside it: columns that no resource shows', () => {
    const row = { before: { image: 'x', secret: 'old' }, after: { image: 'y', secret: 'new' } };
    const data = { id: 'r' };
    const told = payloadOf(happening(row), 'api:release', { data, was: null });
    expect(told).toMatchObject({ data: { id: 'r' }, previous_data: {} });
    expect(JSON.stringify(told)).not.toMatch(/secret|image|old|new/);
  });

  it('is nothing at all where nothing changed that anybody is shown', () => {
    const same = { data: { id: 'b', status: 'pending' }, was: { id: 'b', status: 'pending' } };
    expect(payloadOf(happening({ action: 'update' }), 'api:build', same)).toBeUndefined();
  });

  it('is the end of an app that was marked as gone', () => {
    const gone = { kind: 'app', action: 'update', before: { deletedAt: null } } as const;
    expect(payloadOf(happening(gone), 'api:app', { data: { name: 'shop' }, was: null })).toMatchObject({
      ...{ action: 'destroy', resource: 'app', data: { name: 'shop' }, previous_data: {} },
    });
  });

  it('is the platform’s own doing when it was nobody’s in particular', () => {
    const told = payloadOf(happening({ by: null }), 'dyno', { data: {}, was: null });
    expect(told).toMatchObject({
      actor: { id: '00000000-0000-0000-0000-000000000000', email: 'platform@gantry' },
      resource: 'dyno',
    });
  });
});
