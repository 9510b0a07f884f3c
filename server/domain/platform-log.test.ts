import { expect, it } from 'vitest';
import type { Happening } from './happening.ts';
import { platformLines } from './platform-log.ts';

function happening(action: Happening['action'], was: string, is: string): Happening {
  const app = { id: 'a', name: 'demo' };
  const [before, after] = [{ state: was }, { name: 'web.1', state: is }];
  return { seq: 1, at: new Date(0), app, kind: 'instance', action, subject: 'i', before, after, by: null };
}
const said = (one: Happening): readonly string[] => platformLines(one).map(({ text }) => text);

it('says of an instance that is told to end what is sent to it, and that it is down once', () => {
  expect(said(happening('update', 'up', 'stopping'))).toEqual([
    'State changed from up to stopping',
    'Stopping all processes with SIGTERM',
  ]);
  expect(said(happening('update', 'stopping', 'down'))).toEqual(['State changed from stopping to down']);
  expect(said(happening('destroy', 'stopping', 'down'))).toEqual(['State changed from stopping to down']);
  expect(said(happening('destroy', 'down', 'down'))).toEqual([]);
  expect(said(happening('destroy', 'crashed', 'down'))).toEqual([]);
});
