import { expect, it } from 'vitest';
import { createFakeTerminal } from '../test/support/fake-terminal.ts';
import { ApiError, UnreachableError } from '../server/contract/transport.ts';
import { CommandError, UsageError } from './failures.ts';
import { tell } from './tell.ts';

const patient = new AbortController().signal;
const api = (status: number) =>
  new ApiError(status, { id: 'x', message: 'No room.', retry: false, request_id: 'r-1' });

function told(err: unknown, signal = patient): [number, string, string] {
  const terminal = createFakeTerminal('');
  return [tell(err, { terminal, signal, local: true }), terminal.err(), terminal.out()];
}

it.each<[what: string, err: unknown, code: number, sentence: string]>([
  ['a wrong call', new UsageError('Which app?'), 2, 'Error: Which app?\n'],
  ['what did not come out as wanted', new CommandError('web.1 crashed.'), 1, 'Error: web.1 crashed.\n'],
  ['a refusal', api(422), 1, 'Error: No room.\n'],
  ['a fault of the server, with what finds it in the log', api(500), 1, 'Error: No room. (request r-1)\n'],
  [
    'a server that does not answer, with what to do',
    new UnreachableError('http://x', 'refused'),
    1,
    'Error: No Gantry server answers at http://x: refused. Start it with script/server on its machine, or say with GANTRY_API_URL or gantry login where it is.\n',
  ],
  ['what is no error at all', 'just text', 1, 'Error: just text\n'],
])('tells %s in one sentence on standard error', (_, err, code, sentence) => {
  expect(told(err)).toEqual([code, sentence, '']);
});

it('tells the whole of a bug', () => {
  const [code, said] = told(new TypeError('x is undefined'));
  expect(code).toBe(1);
  expect(said).toMatch(/^Error: TypeError: x is undefined\\n {4}at .*tell\.test/);
});

it('says nothing to who has interrupted', () => {
  expect(told(new Error('interrupted'), AbortSignal.abort())).toEqual([130, '', '']);
});

it('tells whoever sits at another machine nothing of the inside of this one', () => {
  const terminal = createFakeTerminal('');
  const bug = new TypeError('x is not a function');
  expect(() => tell(bug, { terminal, signal: patient, local: false })).toThrow(bug);
  expect(terminal.err()).toBe('');
  expect(tell(new CommandError('No.'), { terminal, signal: patient, local: false })).toBe(1);
});
