import { expect, it } from 'vitest';
import { NOBODY } from '../domain/actor.ts';
import type { Call } from './route.ts';
import { createSecretAnswers } from './secret-answers.ts';

const call = (sent: unknown, more: Partial<Call> = {}): Call =>
  ({ actor: { ...NOBODY, userId: 'ann' }, requestId: 'one-id', params: {}, sent, ...more }) as Call;

/** Counts what it makes, so that an answer tells whether it is a kept one. */
function maker() {
  let made = 0;
  return () => Promise.resolve({ body: { token: `secret ${(made += 1)}` } });
}

it('keeps an answer for the repeat of its call, and for no other call under the same id', async () => {
  const secrets = createSecretAnswers(() => new Date());
  const work = maker();
  const [first, again] = [secrets.keep(work), secrets.again(work)];
  const a = await first(call({ description: 'A' }));
  const b = await first(call({ description: 'B' }));
  expect(await again(call({ description: 'A' }))).toBe(a);
  expect(await again(call({ description: 'B' }))).toBe(b);
  expect(await again(call({ description: 'A' }, { params: { user: 'bob' } }))).not.toBe(a);
  expect(await again(call({ description: 'A' }, { actor: { ...NOBODY, userId: 'eve' } }))).not.toBe(a);
});

it('forgets it after five minutes', async () => {
  let now = 0;
  const secrets = createSecretAnswers(() => new Date(now));
  const work = maker();
  const kept = await secrets.keep(work)(call('x'));
  now += 5 * 60_000 - 1;
  expect(await secrets.again(work)(call('x'))).toBe(kept);
  now += 1;
  expect(await secrets.again(work)(call('x'))).not.toBe(kept);
});
