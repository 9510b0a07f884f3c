import { describe, expect, it } from 'vitest';
import { createFakeTerminal } from '../test/support/fake-terminal.ts';
import { ApiError, UnreachableError } from '../server/contract/transport.ts';
import { STATUS } from '../server/http/errors.ts';
import { CommandError, ExitCode, Interrupted, UsageError } from './failures.ts';
import { SHAPES } from './output-shapes.ts';
import { OWN_IDS, tell } from './tell.ts';

const patient = new AbortController().signal;
const api = (status: number) =>
  new ApiError(status, { id: 'x', message: 'No room.', retry: false, request_id: 'r-1' });

const untrusted = Object.assign(new Error('unable to verify the first certificate'), {
  code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
});

function told(err: unknown, signal = patient, json = false): [number, string, string] {
  const terminal = createFakeTerminal('');
  return [tell(err, { terminal, signal, local: true }, { json }), terminal.err(), terminal.out()];
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
  [
    'a server whose certificate nobody here knows, with what to do',
    new UnreachableError('https://x', 'fetch failed', new TypeError('fetch failed', { cause: untrusted })),
    1,
    'Error: https://x answers with a certificate that this machine does not trust. Copy ca.pem from the platform, where it is in GANTRY_HOME, and say where the copy is: NODE_EXTRA_CA_CERTS=ca.pem\n',
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
  expect(told(new Interrupted())).toEqual([130, '', '']);
  expect(told(new Interrupted(), patient, true)).toEqual([130, '', '']);
});

it('tells whoever sits at another machine nothing of the inside of this one', () => {
  const terminal = createFakeTerminal('');
  const bug = new TypeError('x is not a function');
  const told = { terminal, signal: patient, local: false };
  expect(() => tell(bug, told, { json: false })).toThrow(bug);
  expect(() => tell(bug, told, { json: true })).toThrow(bug);
  expect(terminal.err()).toBe('');
  expect(tell(new CommandError('No.'), told, { json: false })).toBe(1);
});

it('leaves it to another program to say what was wrong with it', () => {
  expect(told(new ExitCode(128))).toEqual([128, '', '']);
  expect(told(new ExitCode(0), patient, true)).toEqual([0, '', '']);
});

describe('with --json', () => {
  it.each<[what: string, err: unknown, code: number, failure: object]>([
    ['a wrong call', new UsageError('Which app?'), 2, { id: 'usage', message: 'Which app?', retry: false }],
    [
      'what did not come out as wanted',
      new CommandError('web.1 crashed.'),
      1,
      { id: 'failed', message: 'web.1 crashed.', retry: false },
    ],
    [
      'a refusal, with the id of the API',
      new ApiError(404, {
        id: 'not_found',
        resource: 'app',
        message: 'No.',
        retry: false,
        request_id: 'r-1',
      }),
      1,
      { id: 'not_found', message: 'No.', retry: false, resource: 'app', request_id: 'r-1' },
    ],
    [
      'a refusal that names neither a call nor a thing',
      new ApiError(409, { id: 'app_changed', message: 'Again.', retry: true, request_id: '' }),
      1,
      { id: 'app_changed', message: 'Again.', retry: true },
    ],
    [
      'another program that failed',
      new ExitCode(128),
      128,
      {
        id: 'program_failed',
        message: 'The program that was started ended with exit code 128.',
        retry: false,
      },
    ],
  ])('tells %s as one line of JSON, with the same exit code', (_, err, code, failure) => {
    const [ended, said, printed] = told(err, patient, true);
    expect([ended, printed]).toEqual([code, '']);
    expect(said).toMatch(/^\S.*\n$/);
    expect(SHAPES.Failure.parse(JSON.parse(said))).toEqual({ error: failure });
  });

  it('says that a server which does not answer may do so later', () => {
    const [, said] = told(new UnreachableError('http://x', 'refused'), patient, true);
    expect(JSON.parse(said)).toMatchObject({ error: { id: 'unreachable', retry: true } });
  });

  it('is one line also for a bug, and for a message that would move the cursor', () => {
    const said = [new TypeError('x is undefined'), new CommandError('a\nb \u009b2J \u202e')].map(
      (err) => told(err, patient, true)[1],
    );
    for (const line of said) expect(line.match(/\n/g)).toHaveLength(1);
    expect(said[1]).not.toMatch(/[\u009b\u202e]/);
    const [bug, moving] = said.map((line) => SHAPES.Failure.parse(JSON.parse(line)).error);
    expect(bug).toMatchObject({ id: 'unexpected', message: expect.stringContaining('tell.test') as string });
    expect(moving?.message).toBe('a\nb \u009b2J \u202e');
  });

  it('says nothing to who has interrupted', () => {
    expect(told(new Error('interrupted'), AbortSignal.abort(), true)).toEqual([130, '', '']);
  });

  it('has ids of its own that the API has not', () => {
    for (const id of OWN_IDS) expect(STATUS).not.toHaveProperty(id);
  });
});
