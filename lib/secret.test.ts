import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { Secret } from './secret.ts';

it('shows itself to nobody who prints it', () => {
  const secret = new Secret('hunter2');
  const seen = [String(secret), JSON.stringify({ secret }), inspect({ secret })].join(' ');
  expect(seen).not.toContain('hunter2');
  expect(secret.reveal()).toBe('hunter2');
});
