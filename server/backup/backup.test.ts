import { expect, it } from 'vitest';
import { unionOfKeys } from './backup.ts';

it.each([
  ['a key that stays', 'one\n', 'one\n', 'one\n'],
  ['a rotation that began', 'two\none\n', 'one\n', 'two\none\n'],
  ['a rotation that ended', 'two\n', 'two\none\n', 'two\none\n'],
  ['a whole rotation', 'two\n', 'one\n', 'two\none\n'],
  ['two rotations', 'three\ntwo', 'two\none', 'three\ntwo\none\n'],
])('keeps every key of a backup over %s, the current one first [S-SEC-06]', (_, now, earlier, all) => {
  expect(unionOfKeys(now, earlier)).toBe(all);
});
