import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LEDGER } from '../../test/support/services-rig.ts';
import { announce, receipt, refusal } from './transcript-lines.ts';

it('writes a receipt as a person reads it', () => {
  expect([...announce(), ...receipt(7, 'http://hello.test', LEDGER)]).toMatchInlineSnapshot(`
    [
      "-----> Launching...",
      "       Released v7",
      "       healthy after 1.3 s, switched in 8 ms; 42 requests served meanwhile, 0 dropped",
      "       http://hello.test deployed to Gantry",
      "",
      "Verifying deploy... done.",
    ]
  `);
});

it('says nothing of the cost of a deployment that kept no ledger', () => {
  expect(receipt(2, 'http://hello.test', null).join('\n')).not.toContain('healthy');
});

it('tells the counts of any ledger exactly, each line on one line, in Heroku’s columns', () => {
  const count = fc.nat();
  const ms = fc.double({ min: 0, max: 1e7, noNaN: true });
  fc.assert(
    fc.property(ms, ms, count, count, (bootMs, switchMs, requests, dropped) => {
      const lines = receipt(1, 'http://a.test', { bootMs, switchMs, requests, dropped });
      const noun = requests === 1 ? 'request' : 'requests';
      expect(lines[1]).toContain(`; ${requests} ${noun} served meanwhile, ${dropped} dropped`);
      const [, seconds, switched] =
        /healthy after ([\d.]+) s, switched in (\d+) ms/.exec(lines[1] ?? '') ?? [];
      expect(Math.abs(Number(seconds) * 1000 - bootMs)).toBeLessThanOrEqual(50.001);
      expect(Math.abs(Number(switched) - switchMs)).toBeLessThanOrEqual(0.5);
      for (const text of lines.slice(0, -2)) expect(text).toMatch(/^ {7}\S.*$/);
    }),
  );
});

it('counts one request as one', () => {
  expect(receipt(7, 'http://hello.test', { ...LEDGER, requests: 1 }).join(' ')).toContain(
    '; 1 request served',
  );
});

it.each([
  [
    'what served before was not touched',
    { releasedAt: new Date(0) },
    'Push failed; what served before was not touched.',
  ],
  ['that nothing is live yet', { releasedAt: null }, 'Push failed; nothing is live yet.'],
  ['nothing of an app that is gone', undefined, 'Push failed.'],
])('says of a failure %s, where that is so', (_, app, meaning) => {
  const push = { ref: 'refs/heads/main', commit: 'a'.repeat(40), from: null };
  expect(refusal({ push }, app, 'npm ci failed')).toEqual(['', ' !     npm ci failed.', ` !     ${meaning}`]);
});
