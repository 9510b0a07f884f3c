import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BuiltImage } from '../../domain/release.ts';
import { Prisma } from './generated/client.ts';
import {
  isId,
  readFormation,
  readImage,
  readLedger,
  storable,
  writeFormation,
  writeImage,
  writeLedger,
} from './stored-json.ts';

/** What a JSON column gives back. */
const stored = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const type = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,20}$/);
const image: fc.Arbitrary<BuiltImage> = fc.record(
  {
    repository: fc.string(),
    digest: fc.string(),
    storedBytes: fc.option(fc.nat()),
    builder: fc.string(),
    processes: fc.dictionary(
      type,
      fc.record({ command: fc.string(), argv: fc.option(fc.array(fc.string())) }, { noNullPrototype: true }),
      { noNullPrototype: true },
    ),
    port: fc.option(fc.integer({ min: 1, max: 65_535 })),
    checks: fc.dictionary(type, fc.string(), { noNullPrototype: true }),
  },
  { noNullPrototype: true },
);

describe('what is stored', () => {
  it('is read back as it was', () => {
    fc.assert(
      fc.property(image, fc.dictionary(type, fc.nat({ max: 64 })), (built, counts) => {
        expect(readImage(stored(writeImage(built)))).toEqual(built);
        const formation = new Map(Object.entries(counts));
        expect(readFormation(stored(writeFormation(formation)))).toEqual(formation);
      }),
    );
    const ledger = { bootMs: 1.5, switchMs: 2, requests: 3, dropped: 0 };
    expect(readLedger(stored(writeLedger(ledger)))).toEqual(ledger);
  });

  it('of an image from before it was known how much it takes says that nobody knows', () => {
    const old = { repository: 'apps/x', digest: 'sha256:x', bytes: 70, builder: 'nodejs', processes: {} };
    const read = readImage({ ...old, port: null, checks: {} });
    expect(read?.storedBytes).toBeNull();
    expect(read).not.toHaveProperty('bytes');
  });

  it('may be nothing, where that means something', () => {
    expect([readImage(null), readLedger(null), writeImage(null)]).toEqual([null, null, Prisma.DbNull]);
    expect(() => readFormation(null)).toThrow();
  });

  it('by a newer version may have more fields, which are left out', () => {
    const ledger = { bootMs: 1, switchMs: 2, requests: 3, dropped: 0 };
    expect(readLedger({ ...ledger, drained: 4 })).toEqual(ledger);
  });

  it.each([{ web: -1 }, { web: 1.5 }, { web: '1' }, [1], 'web'])('is no formation when it is %j', (value) => {
    expect(() => readFormation(value)).toThrow();
  });
});

it('keeps every text but NUL, which PostgreSQL cannot hold', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(storable(text)).not.toContain('\0');
      expect(storable(text)).toBe(text.split('\0').join('\uFFFD'));
    }),
  );
});

it('takes only a UUID for an id', () => {
  fc.assert(fc.property(fc.uuid(), (id) => isId(id) && isId(id.toUpperCase())));
  for (const text of [
    '',
    'v1',
    '5c1b8a3e-8d1f-4c0e-9a57-0d3c8b1c9f0',
    '5c1b8a3e-8d1f-4c0e-9a57-0d3c8b1c9f00\n',
    "' OR 1=1",
  ])
    expect(isId(text)).toBe(false);
});
