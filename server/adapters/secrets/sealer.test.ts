import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PlatformError } from '../../domain/errors.ts';
import { newMasterKey, parseMasterKeys, printMasterKeys } from './master-key.ts';
import { createSealer } from './sealer.ts';

const sealer = createSealer({ keys: [newMasterKey()] });
const text = fc.string({ unit: 'grapheme', maxLength: 300 });

function refusal(work: () => unknown): boolean {
  try {
    work();
    return false;
  } catch (err) {
    return PlatformError.is(err, 'config_unreadable');
  }
}

it('opens what it sealed, in the same context', () => {
  fc.assert(
    fc.property(text, text, (value, context) => {
      expect(sealer.open(sealer.seal(value, context), context)).toBe(value);
    }),
  );
});

it('opens nothing of which any bit was changed', () => {
  fc.assert(
    fc.property(text, fc.nat(), (value, where) => {
      const sealed = sealer.seal(value, 'app/release');
      const bit = where % (sealed.length * 8);
      sealed[bit >> 3] = (sealed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(refusal(() => sealer.open(sealed, 'app/release'))).toBe(true);
    }),
  );
});

it('opens nothing that was cut short', () => {
  const sealed = sealer.seal('value', 'app/release');
  for (let length = 0; length < sealed.length; length += 1)
    expect(refusal(() => sealer.open(sealed.subarray(0, length), 'app/release'))).toBe(true);
});

it('opens nothing that was moved to another context', () => {
  fc.assert(
    fc.property(text, text, text, (value, one, other) => {
      fc.pre(one !== other);
      expect(refusal(() => sealer.open(sealer.seal(value, one), other))).toBe(true);
    }),
  );
});

it('never uses a nonce twice and never shows the value', () => {
  const seen = new Set<string>();
  for (let i = 0; i < 20_000; i += 1)
    seen.add(Buffer.from(sealer.seal('', 'c').subarray(5, 17)).toString('hex'));
  expect(seen.size).toBe(20_000);
  expect(Buffer.from(sealer.seal('hunter2', 'c')).includes('hunter2')).toBe(false);
});

it('opens what a retired key sealed, and seals with the new one', () => {
  const [old, next] = [newMasterKey(), newMasterKey()];
  const sealedBefore = createSealer({ keys: [old] }).seal('value', 'c');
  const both = createSealer({ keys: [next, old] });
  expect(both.open(sealedBefore, 'c')).toBe('value');
  expect(createSealer({ keys: [next] }).open(both.seal('value', 'c'), 'c')).toBe('value');
  expect(refusal(() => createSealer({ keys: [next] }).open(sealedBefore, 'c'))).toBe(true);
});

it('says what is wrong with a key that is not one', () => {
  for (const text of ['c2hvcnQ=', '', '\n', `${printMasterKeys([newMasterKey()])}c2hvcnQ=\n`])
    expect(() => parseMasterKeys(text), text).toThrow('32 bytes in base64');
});
