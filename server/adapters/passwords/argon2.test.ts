import { describe, expect, it } from 'vitest';
import { abortController } from '../../../lib/abort.ts';
import { Secret } from '../../../lib/secret.ts';
import { createPasswords } from './argon2.ts';

const patient = abortController().signal;
const secret = new Secret('wide river, three stones');

describe('a password', () => {
  it('fits its own hash, made by argon2id with a salt of its own, and no other [S-API-07]', async () => {
    await using passwords = createPasswords();
    const [one, two] = await Promise.all([passwords.hash(secret, patient), passwords.hash(secret, patient)]);
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(one).not.toBe(two);
    expect(await passwords.verify(one, secret, patient)).toBe(true);
    expect(await passwords.verify(one, new Secret('wide river, three stone'), patient)).toBe(false);
    expect(await passwords.verify(null, secret, patient)).toBe(false);
  });

  it('is judged as slowly where there is none as where there is one', async () => {
    await using passwords = createPasswords();
    const hash = await passwords.hash(secret, patient);
    const took = async (of: string | null): Promise<number> => {
      const began = performance.now();
      for (let i = 0; i < 5; i += 1) await passwords.verify(of, new Secret('guess'), patient);
      return performance.now() - began;
    };
    const [there, nowhere] = [await took(hash), await took(null)];
    expect(nowhere).toBeGreaterThan(there / 3);
    expect(nowhere).toBeLessThan(there * 3);
  });

  it('is judged beside the work of this thread, and not by too many at once', async () => {
    await using passwords = createPasswords();
    await passwords.verify(null, secret, patient);
    let longest = 0;
    let last = performance.now();
    const ticks = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 5);
    const asked = Array.from({ length: 40 }, () => passwords.verify(null, secret, patient));
    const answers = await Promise.allSettled(asked);
    clearInterval(ticks);
    const busy = answers.filter(({ status }) => status === 'rejected');
    expect(busy).toHaveLength(8);
    expect(busy[0]).toMatchObject({ reason: { id: 'logins_busy' } });
    expect(longest).toBeLessThan(500);
  });

  it('is judged again after the thread has died', async () => {
    const passwords = createPasswords();
    await passwords.verify(null, secret, patient);
    await passwords[Symbol.asyncDispose]();
    expect(await passwords.verify(null, secret, patient)).toBe(false);
    await passwords[Symbol.asyncDispose]();
  });
});
