import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseVisit, VISIT_FORMAT } from './visit.ts';

const APP = '0b7c1f7e-2f51-4ad7-8d0a-6f4d1a1f2c11';

const base64 = (text: string): string => Buffer.from(text, 'latin1').toString('base64');

/** A message as HAProxy writes it. */
function message(fields: Readonly<Record<string, string | number>> = {}): Buffer {
  const all: Record<string, string | number> = {
    ...{ word: 'visit', at: 1_795_265_267_839_555, app: APP, place: 'p00001', server: 's2', status: 200 },
    ...{ ending: '--', reading: 3, waiting: 1, connecting: 2, all: 16, bytes: 103, from: '10.0.0.7' },
    ...{ id: 'e09cec57-d117-4c6d-b8df-8861b38c1af5', secure: '-', method: base64('GET') },
    ...{ host: base64('demo.localhost'), path: base64('/x?y=1') },
    ...fields,
  };
  return Buffer.from(Object.values(all).join(' '), 'latin1');
}

it('has a place for each field of what HAProxy is told to write', () => {
  expect(VISIT_FORMAT.split(' ')).toHaveLength(message().toString().split(' ').length);
});

it('reads what a visitor asked and got, and how long the app took for it', () => {
  expect(parseVisit(message())).toEqual({
    ...{ app: APP, place: 'p00001', server: 's2', at: 1_795_265_267_839_555, fault: null },
    ...{ requestId: 'e09cec57-d117-4c6d-b8df-8861b38c1af5', from: '10.0.0.7', secure: false },
    ...{ method: 'GET', host: 'demo.localhost', path: '/x?y=1', status: 200, bytes: 103 },
    ...{ connectMs: 2, serviceMs: 10 },
  });
  expect(parseVisit(message({ secure: 'tls' }))?.secure).toBe(true);
});

it('reads times and statuses that there were none of', () => {
  const visit = parseVisit(message({ status: -1, connecting: -1, reading: -1, waiting: -1, bytes: 0 }));
  expect(visit).toMatchObject({ status: 0, connectMs: null, serviceMs: null, bytes: 0 });
  expect(parseVisit(message({ all: -1 }))?.serviceMs).toBe(0);
});

describe('what went wrong', () => {
  it.each([
    ['p00001', 's1', '--', null],
    ['p00001', 's1', 'sH', 'timeout'],
    ['p00001', 's1', 'SH', 'closed'],
    ['p00001', 's1', 'PH', 'malformed'],
    ['p00001', 's1', 'sC', 'connect_timeout'],
    ['p00001', 's1', 'SC', 'refused'],
    ['p00001', '<NOSRV>', 'SC', 'down'],
    ['p00001', 's1', 'sQ', 'queue'],
    ['p00001', 's1', 'SD', 'cut'],
    ['p00001', 's1', 'DD', 'cut'],
    ['p00001', 's1', 'sD', 'idle'],
    ['p00001', 's1', 'CD', 'client_left'],
    ['p00001', 's1', 'cD', 'client_idle'],
    ['p00001', 's1', 'PR', 'refused_by_rule'],
    ['p00001', 's1', 'RC', 'router'],
    ['none', '<NOSRV>', 'LR', 'none'],
    ['maintenance', '<NOSRV>', 'LR', 'maintenance'],
  ])('in %s of %s, ended with %s: %s', (place, server, ending, fault) => {
    expect(parseVisit(message({ place, server, ending }))?.fault).toBe(fault);
  });
});

it('gives back every byte of what a visitor chose, and lets none of it be another field', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 8_192 }), fc.uint8Array({ maxLength: 40 }), (path, method) => {
      const [p, m] = [path, method].map((bytes) => Buffer.from(bytes).toString('latin1'));
      const visit = parseVisit(message({ path: base64(p ?? '') || '-', method: base64(m ?? '') || '-' }));
      expect(visit).toMatchObject({ app: APP, path: p, method: m, status: 200 });
    }),
  );
});

it('understands nothing but such messages, and fails at none', () => {
  const others = [
    '',
    'visit',
    '<142>Nov 21 haproxy[1]: Proxy public stopped (cumulated conns: FE: 1, BE: 0).',
    message({ app: '-' }).toString(),
    message({ app: '../x' }).toString(),
    message({ at: 'now' }).toString(),
    message({ status: '2e99' }).toString(),
    `${message().toString()} more`,
    message().toString().slice(0, -20),
  ];
  for (const other of others.slice(0, -1)) expect(parseVisit(Buffer.from(other)), other).toBeUndefined();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      expect(parseVisit(Buffer.from(bytes))).toBeUndefined();
    }),
  );
});
