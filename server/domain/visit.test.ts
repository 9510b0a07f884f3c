import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { visitText, type Visit } from './visit.ts';

const VISIT: Visit = {
  ...{ app: 'a', at: new Date(0), method: 'GET', host: 'demo.localhost', path: '/x?y=1' },
  ...{ requestId: 'e09cec57-d117-4c6d-b8df-8861b38c1af5', from: '1.2.3.4', secure: false },
  ...{ server: 'web-1-0', status: 200, bytes: 1234, connectMs: 0, serviceMs: 12, fault: null },
};

it('says what was asked and got as the Platform API does', () => {
  expect(visitText(VISIT, 'blank')).toBe(
    'at=info method=GET path="/x?y=1" host=demo.localhost request_id=e09cec57-d117-4c6d-b8df-8861b38c1af5 fwd="1.2.3.4" dyno=web.1 connect=0ms service=12ms status=200 bytes=1234 protocol=http',
  );
  expect(visitText({ ...VISIT, secure: true, server: 'web-12-3' }, 'blank')).toMatch(
    / dyno=web\.12 .* protocol=https$/,
  );
});

it('leaves empty what there was none of', () => {
  const lonely: Visit = {
    ...VISIT,
    fault: 'none',
    status: 503,
    server: null,
    connectMs: null,
    serviceMs: null,
  };
  expect(visitText(lonely, 'scaled to 0')).toMatch(
    /^at=error code=H14 desc="No web processes running" method=.* dyno= connect= service= status=503 /,
  );
});

describe('the code', () => {
  it.each([
    ['timeout', 'at=error code=H12 desc="Request timeout" method='],
    ['closed', 'at=error code=H13 desc="Connection closed without response" method='],
    ['refused', 'at=error code=H21 '],
    ['down', 'at=error code=H10 '],
    ['maintenance', 'at=info code=H80 desc="Maintenance mode" '],
    ['cut', 'sock=backend at=error code=H18 '],
    ['client_left', 'sock=client at=warning code=H27 desc="Client Request Interrupted" '],
  ] as const)('of %s', (fault, begins) => {
    expect(visitText({ ...VISIT, fault, status: 503 }, 'blank').slice(0, begins.length)).toBe(begins);
  });

  it('of an app that nothing answers for is why', () => {
    const code = (silence: Parameters<typeof visitText>[1]): string | undefined =>
      /code=(\S+)/.exec(visitText({ ...VISIT, fault: 'none' }, silence))?.[1];
    expect([code('blank'), code('scaled to 0'), code('crashed')]).toEqual(['H81', 'H14', 'H10']);
  });

  it('is 499 for a visitor who left, and none for the end of an upgraded connection', () => {
    expect(visitText({ ...VISIT, fault: 'client_left' }, 'blank')).toContain(' status=499 ');
    expect(visitText({ ...VISIT, fault: 'client_left', status: 101 }, 'blank')).toMatch(
      /^at=info .* status=101 /,
    );
  });
});

it('is one line with as many fields and quotations, whatever a visitor sent', () => {
  const anything = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((n) => String.fromCharCode(n)) });
  fc.assert(
    fc.property(anything, anything, anything, (method, path, host) => {
      const text = visitText({ ...VISIT, method, path, host }, 'blank');
      expect(text).toMatch(
        /^at=info method=[!-~]* path="[!#-~]*" host=[!-~]* request_id=\S+ fwd="1.2.3.4" dyno=web.1 connect=0ms service=12ms status=200 bytes=1234 protocol=http$/,
      );
    }),
  );
});

it('shows what a hostile path holds without being led by it', () => {
  const path = '/" status=200\nheroku[router]: at=info \x1b[31m\\\xe9';
  expect(visitText({ ...VISIT, path }, 'blank')).toContain(
    'path="/%22%20status=200%0Aheroku[router]:%20at=info%20%1B[31m%5C%E9" host=',
  );
  expect(visitText({ ...VISIT, path: '/'.repeat(9_000) }, 'blank').length).toBeLessThan(8_300);
});
