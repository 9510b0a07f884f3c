import { beforeEach, expect, it } from 'vitest';
import { instanceOf } from '../../test/support/fake-app.ts';
import type { Note } from '../domain/happening.ts';
import { NO_ROUTE } from '../domain/plan.ts';
import { createRouteNews, type RouteNews } from './route-news.ts';
import type { WantedRoute } from './routes.ts';

const patient = new AbortController().signal;
const web = (number: number, release = 1) => ({
  ...instanceOf('a', 'web', number, release),
  id: `v${release} web.${number}`,
});
const lead = (instances: readonly string[], more: Partial<WantedRoute> = {}): WantedRoute => ({
  ...{ appId: 'a', hosts: ['a.test'], certificates: [], maintenance: false, affinity: false },
  route: instances.length === 0 ? NO_ROUTE : { serving: { seq: 1, instances }, staged: null },
  ...more,
});
const ALL = [web(1), web(2), web(10), web(1, 2)];

let notes: Note[];
let news: RouteNews;
beforeEach(() => {
  notes = [];
  news = createRouteNews((some) => void notes.push(...some));
});
const look = (...acknowledged: WantedRoute[]): void => news.look(acknowledged, ALL, patient);

it('tells where visitors are led when it changes, and not of what was so at the beginning', () => {
  look(lead(['v1 web.1']));
  look(lead(['v1 web.1']));
  expect(notes).toEqual([]);
  look(lead(['v1 web.10', 'v1 web.2', 'v1 web.1']));
  look(lead(['v2 web.1']));
  expect(notes.map(({ action, after }) => [action, after])).toEqual([
    [
      'update',
      { hosts: ['a.test'], maintenance: false, release: 1, instances: ['web.1', 'web.2', 'web.10'] },
    ],
    ['update', { hosts: ['a.test'], maintenance: false, release: 2, instances: ['web.1'] }],
  ]);
  expect(notes[1]).toMatchObject({ kind: 'route', appId: 'a', subject: 'a', before: { release: 1 } });
});

it('tells of hosts and of maintenance, and of nothing that visitors cannot notice', () => {
  look(lead(['v1 web.1']));
  look(
    lead(['v1 web.1'], {
      route: { serving: { seq: 1, instances: ['v1 web.1'] }, staged: { seq: 2, instances: ['v2 web.1'] } },
    }),
  );
  expect(notes).toEqual([]);
  look(lead(['v1 web.1'], { hosts: ['a.test', 'a.example'] }));
  look(lead(['v1 web.1'], { hosts: ['a.test', 'a.example'], maintenance: true }));
  expect(notes.map(({ after }) => [after?.['hosts'], after?.['maintenance']])).toEqual([
    [['a.test', 'a.example'], false],
    [['a.test', 'a.example'], true],
  ]);
});

it('tells of an app that comes and of one that goes', () => {
  look();
  look(lead([]));
  look();
  expect(notes.map(({ action, before, after }) => [action, before?.['release'], after?.['release']])).toEqual(
    [
      ['create', undefined, null],
      ['destroy', null, undefined],
    ],
  );
});
