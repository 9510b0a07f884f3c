import { expect, it } from 'vitest';
import { close, note, parseReading, settle, totalOf, type Ledgers, type Reading } from './counters.ts';

const reading = (requests: number, dropped = 0): Map<string, Reading> =>
  new Map([['p00001', { sessions: 0, requests, dropped, slots: new Map() }]]);

it('adds what several processes say and does not lose what a dead one had said', () => {
  let books: Ledgers = note(note({}, '1-a', reading(10, 1)), '2-b', reading(5));
  expect(totalOf(books, 'p00001')).toEqual({ requests: 15, dropped: 1 });
  books = settle(books, new Set(['2-b']));
  books = note(books, '3-c', reading(2));
  expect(totalOf(books, 'p00001')).toEqual({ requests: 17, dropped: 1 });
});

it('starts the next owner of a place at zero though HAProxy goes on counting', () => {
  let books = close(note({}, '1-a', reading(10, 3)), 'p00001', undefined);
  expect(totalOf(books, 'p00001')).toEqual({ requests: 0, dropped: 0 });
  books = note(books, '1-a', reading(14, 3));
  expect(totalOf(books, 'p00001')).toEqual({ requests: 4, dropped: 0 });
  expect(totalOf(settle(books, new Set()), 'p00001')).toEqual({ requests: 4, dropped: 0 });
});

it('hands the count of a backend that moved to its new place', () => {
  const books = close(note({}, '1-a', reading(10, 3)), 'p00001', 'p00002');
  expect(totalOf(books, 'p00002')).toEqual({ requests: 10, dropped: 3 });
});

it('reads sessions per server, and a stream that ended without any status as dropped', () => {
  const answer = [
    '# pxname,svname,scur,stot,econ,eresp,req_tot,',
    'p00001,s1,2,40,0,0,,',
    'p00001,s2,0,0,0,0,,',
    'p00001,BACKEND,2,20,3,4,17,',
  ].join('\n');
  expect(parseReading(answer)).toEqual({ sessions: 2, requests: 18, dropped: 8, slots: new Map([[1, 2]]) });
});
