import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Secret } from '../../../lib/secret.ts';
import { newMasterKey } from '../secrets/master-key.ts';
import { createSealer } from '../secrets/sealer.ts';
import { openConfig, openLater, sealConfig } from './sealed-config.ts';

const sealer = createSealer({ keys: [newMasterKey()] });
const release = { appId: randomUUID(), id: randomUUID() };

it('opens every config it sealed, in its order, whatever its keys and values are', () => {
  const odd = fc.constantFrom('__proto__', 'constructor', '');
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.oneof(odd, fc.string()), fc.string())), (pairs) => {
      const config = new Map(pairs.map(([key, value]) => [key, new Secret(value)]));
      const opened = openConfig(sealer, { ...release, config: sealConfig(sealer, release, config) });
      const shown = (all: typeof opened) => [...all].map(([key, value]) => [key, value.reveal()]);
      expect(shown(opened)).toEqual(shown(config));
    }),
  );
});

it('opens a config when it is first looked into, once, and reads like any map', () => {
  let opened = 0;
  const config = openLater(() => {
    opened += 1;
    return new Map([['A', new Secret('1')]]);
  });
  expect(opened).toBe(0);
  expect(config.size).toBe(1);
  expect(config.has('A')).toBe(true);
  expect([...config.keys()]).toEqual(['A']);
  expect([...config.values()].map((value) => value.reveal())).toEqual(['1']);
  expect([...config.entries()].map(([key]) => key)).toEqual([...new Map(config).keys()]);
  const seen: string[] = [];
  config.forEach((value, key) => seen.push(`${key}=${value.reveal()}`));
  expect(seen).toEqual(['A=1']);
  expect(opened).toBe(1);
});
