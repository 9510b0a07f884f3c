import { describe, expect, it } from 'vitest';
import { Secret } from '../../lib/secret.ts';
import { createStoresRig, patient } from '../../test/support/services-rig.ts';
import { createFastPasswords } from '../../test/support/memory-people.ts';
import { totpCode, totpStep } from '../domain/totp.ts';
import { createLoginThrottle } from './login-throttle.ts';
import { createLogins, type LoginsDeps } from './logins.ts';
import { createPeople } from './people.ts';
import { createTwoFactor } from './two-factor.ts';

const PASSWORD = 'wide river, three stones';
const IP = '192.0.2.7';

async function createRig() {
  const rig = createStoresRig();
  const passwords = createFastPasswords();
  const { people, clock } = rig;
  const throttle = createLoginThrottle(() => clock.now());
  const audited: { action: string; target: object }[] = [];
  const audit: LoginsDeps['audit'] = {
    around: ({ action, target }, work) => {
      audited.push({ action, target });
      return work();
    },
  };
  const logins = createLogins({ people, passwords, throttle, audit, clock });
  const twoFactor = createTwoFactor({ people, logins, clock, issuer: 'Gantry' });
  const hash = await passwords.hash(new Secret(PASSWORD), patient);
  await people.setPassword(rig.ann.userId, hash, { tokenId: null }, patient);
  const logIn = (email: string, password: string, code?: string, ip = IP) =>
    logins.byPassword({ email, password: new Secret(password), code, ip }, patient);
  const secret = (text: string | null) => ({ password: text === null ? null : new Secret(text), ip: IP });
  return {
    ...rig,
    audited,
    logins,
    twoFactor,
    logIn,
    secret,
    code: (key: string) => totpCode(key, totpStep(clock.now())),
  };
}

async function withSecondFactor() {
  const rig = await createRig();
  const { key } = await rig.twoFactor.begin(rig.ann, rig.secret(PASSWORD), patient);
  const recovery = await rig.twoFactor.confirm(rig.ann, rig.code(key.reveal()), patient);
  rig.clock.passed(60_000);
  return { ...rig, key: key.reveal(), recovery: recovery.map((one) => one.reveal()) };
}

describe('a login by password [S-API-07]', () => {
  it('lets in who knows it, however the email is written, and notes when', async () => {
    const rig = await createRig();
    expect(await rig.logIn(' ANN@example.com', PASSWORD)).toMatchObject({
      userId: rig.ann.userId,
      scopes: ['global'],
    });
    expect(await rig.accounts.findAccount(rig.ann.userId, patient)).toMatchObject({
      lastLoginAt: rig.clock.now(),
    });
  });

  it.each(['ann@example.com', 'bob@example.com', 'nobody@example.com', '', "' OR 1=1 --"])(
    'refuses a wrong one for %j in the same words',
    async (email) => {
      const rig = await createRig();
      await expect(rig.logIn(email, 'wrong')).rejects.toMatchObject({
        id: 'login_failed',
        message: expect.stringMatching(/^Email or password is wrong;/) as string,
      });
    },
  );

  it('is locked after eight wrong tries, also with the right password, in the same words for whoever is not there', async () => {
    const rig = await createRig();
    for (const email of ['ann@example.com', 'nobody@example.com']) {
      for (let i = 0; i < 8; i += 1)
        await expect(rig.logIn(email, 'wrong')).rejects.toMatchObject({ id: 'login_failed' });
      await expect(rig.logIn(email, PASSWORD)).rejects.toMatchObject({
        id: 'login_locked',
        message: 'Too many tries to log in; wait 15 minutes and try again.',
      });
    }
    await expect(rig.logIn('ann@example.com', PASSWORD, undefined, '192.0.2.8')).resolves.toBeDefined();
    rig.clock.passed(15 * 60_000);
    await expect(rig.logIn('ann@example.com', PASSWORD)).resolves.toBeDefined();
  });

  it('is locked for a thousand tries at once after eight of them', async () => {
    const rig = await createRig();
    const tries = await Promise.allSettled(
      Array.from({ length: 1000 }, () => rig.logIn('ann@example.com', 'wrong')),
    );
    const judged = tries.filter(
      (one) => one.status === 'rejected' && (one.reason as { id: string }).id === 'login_failed',
    );
    expect(judged).toHaveLength(8);
  });

  it('is locked for an account that is tried from everywhere, and for a place that tries every account', async () => {
    const rig = await createRig();
    for (let i = 0; i < 40; i += 1)
      await expect(rig.logIn('ann@example.com', 'wrong', undefined, `192.0.2.${i}`)).rejects.toMatchObject({
        id: 'login_failed',
      });
    await expect(rig.logIn('ann@example.com', PASSWORD)).rejects.toMatchObject({ id: 'login_locked' });
    for (let i = 0; i < 60; i += 1)
      await expect(rig.logIn(`${i}@example.com`, 'x', undefined, '198.51.100.1')).rejects.toMatchObject({
        id: 'login_failed',
      });
    await expect(rig.logIn('61@example.com', 'x', undefined, '198.51.100.1')).rejects.toMatchObject({
      id: 'login_locked',
    });
  });

  it('counts tries that are right as none', async () => {
    const rig = await createRig();
    for (let i = 0; i < 100; i += 1)
      await expect(rig.logIn('ann@example.com', PASSWORD)).resolves.toBeDefined();
  });
});

describe('a second factor [S-API-07]', () => {
  it('is asked for once it is confirmed, and takes a code of the app once', async () => {
    const rig = await withSecondFactor();
    await expect(rig.logIn('ann@example.com', PASSWORD)).rejects.toMatchObject({
      id: 'two_factor',
      params: { problem: 'needed' },
    });
    const code = rig.code(rig.key);
    await expect(rig.logIn('ann@example.com', PASSWORD, code)).resolves.toMatchObject({
      userId: rig.ann.userId,
    });
    await expect(rig.logIn('ann@example.com', PASSWORD, code)).rejects.toMatchObject({
      params: { problem: 'wrong' },
    });
    rig.clock.passed(30_000);
    await expect(rig.logIn('ann@example.com', PASSWORD, rig.code(rig.key))).resolves.toBeDefined();
  });

  it('is of no use without the password, and says nothing before it', async () => {
    const rig = await withSecondFactor();
    await expect(rig.logIn('ann@example.com', 'wrong', rig.code(rig.key))).rejects.toMatchObject({
      id: 'login_failed',
    });
    await expect(rig.logIn('ann@example.com', 'wrong')).rejects.toMatchObject({ id: 'login_failed' });
  });

  it('is replaced by each recovery code once, however it is typed', async () => {
    const rig = await withSecondFactor();
    expect(new Set(rig.recovery).size).toBe(10);
    const [first = '', second = ''] = rig.recovery;
    expect(first).toMatch(/^[A-Z2-7]{4}(?:-[A-Z2-7]{4}){3}$/);
    expect(JSON.stringify([...rig.world.users.values()].map((user) => [...user.recovery]))).not.toContain(
      first.replaceAll('-', ''),
    );
    await expect(rig.logIn('ann@example.com', PASSWORD, first)).resolves.toBeDefined();
    await expect(rig.logIn('ann@example.com', PASSWORD, first)).rejects.toMatchObject({ id: 'two_factor' });
    await expect(
      rig.logIn('ann@example.com', PASSWORD, second.toLowerCase().replaceAll('-', ' ')),
    ).resolves.toBeDefined();
    expect(await rig.twoFactor.status(rig.ann, patient)).toEqual({ enabled: true, recoveryCodes: 8 });
  });

  it('is asked for all the same after the password was chosen anew by an invitation, or changed', async () => {
    const rig = await withSecondFactor();
    const passwords = createFastPasswords();
    const people = createPeople({ store: rig.people, passwords, clock: rig.clock });
    const { secret } = await people.inviteAgain(rig.admin, rig.ann.userId, patient);
    await people.accept({ secret, password: new Secret('three stones, wide river') }, patient);
    await expect(rig.logIn('ann@example.com', 'three stones, wide river')).rejects.toMatchObject({
      ...{ id: 'two_factor', params: { problem: 'needed' } },
    });
    const change = { old: new Secret('three stones, wide river'), fresh: new Secret(PASSWORD), ip: IP };
    await rig.logins.changePassword(rig.ann, change, patient);
    await expect(rig.logIn('ann@example.com', PASSWORD)).rejects.toMatchObject({ id: 'two_factor' });
    await expect(rig.logIn('ann@example.com', PASSWORD, rig.code(rig.key))).resolves.toMatchObject(rig.ann);
  });

  it('cannot be guessed: eight wrong codes, and the account is locked from there', async () => {
    const rig = await withSecondFactor();
    for (let i = 0; i < 8; i += 1)
      await expect(rig.logIn('ann@example.com', PASSWORD, '000000')).rejects.toMatchObject({
        id: 'two_factor',
      });
    await expect(rig.logIn('ann@example.com', PASSWORD, rig.code(rig.key))).rejects.toMatchObject({
      id: 'login_locked',
    });
  });

  it('is begun by who knows the password only, and is none before it is confirmed', async () => {
    const rig = await createRig();
    for (const given of ['wrong', null])
      await expect(rig.twoFactor.begin(rig.ann, rig.secret(given), patient)).rejects.toMatchObject({
        id: 'login_failed',
      });
    await rig.twoFactor.begin(rig.ann, rig.secret(PASSWORD), patient);
    await expect(rig.twoFactor.confirm(rig.ann, '000000', patient)).rejects.toMatchObject({
      id: 'two_factor',
    });
    await expect(rig.logIn('ann@example.com', PASSWORD)).resolves.toBeDefined();
  });

  it('is neither begun again nor confirmed twice, and removed only with a code', async () => {
    const rig = await withSecondFactor();
    await expect(rig.twoFactor.begin(rig.ann, rig.secret(PASSWORD), patient)).rejects.toMatchObject({
      id: 'two_factor_on',
    });
    await expect(rig.twoFactor.confirm(rig.ann, rig.code(rig.key), patient)).rejects.toMatchObject({
      id: 'two_factor_on',
    });
    await expect(rig.twoFactor.disable(rig.ann, { code: '000000', ip: IP }, patient)).rejects.toMatchObject({
      id: 'two_factor',
    });
    await rig.twoFactor.disable(rig.ann, { code: rig.code(rig.key), ip: IP }, patient);
    await expect(rig.logIn('ann@example.com', PASSWORD)).resolves.toBeDefined();
    await expect(rig.twoFactor.disable(rig.ann, { code: '000000', ip: IP }, patient)).rejects.toMatchObject({
      id: 'two_factor_off',
    });
  });

  it('is out of the reach of a narrow token', async () => {
    const rig = await createRig();
    const robot = { ...rig.ann, scopes: ['write-protected'] as const };
    for (const asked of [
      rig.twoFactor.begin(robot, rig.secret(PASSWORD), patient),
      rig.twoFactor.status(robot, patient),
      rig.twoFactor.disable(robot, { code: 'x', ip: IP }, patient),
      rig.logins.changePassword(
        robot,
        { old: new Secret(PASSWORD), fresh: new Secret('another long one'), ip: IP },
        patient,
      ),
    ])
      await expect(asked).rejects.toMatchObject({ id: 'scope_too_small' });
  });
});

describe('a password', () => {
  const change = (rig: Awaited<ReturnType<typeof createRig>>, old: string | null, fresh: string) =>
    rig.logins.changePassword(
      rig.ann,
      { old: rig.secret(old).password, fresh: new Secret(fresh), ip: IP },
      patient,
    );

  it('is changed by who knows the old one', async () => {
    const rig = await createRig();
    for (const old of ['wrong', null])
      await expect(change(rig, old, 'another long one')).rejects.toMatchObject({ id: 'login_failed' });
    await expect(change(rig, PASSWORD, 'short')).rejects.toMatchObject({ id: 'invalid_params' });
    await change(rig, PASSWORD, 'another long one');
    await expect(rig.logIn('ann@example.com', PASSWORD)).rejects.toMatchObject({ id: 'login_failed' });
    await expect(rig.logIn('ann@example.com', 'another long one')).resolves.toBeDefined();
  });

  it('is set without an old one by who has none', async () => {
    const rig = await createRig();
    const change = { old: null, fresh: new Secret('another long one'), ip: IP };
    await rig.logins.changePassword(rig.bob, change, patient);
    await expect(rig.logIn('bob@example.com', 'another long one')).resolves.toBeDefined();
  });
});

describe('the audit trail', () => {
  it('has every try, right or wrong, but none beyond the limit of tries', async () => {
    const { logIn, audited } = await createRig();
    await logIn(' Ann@Example.com ', PASSWORD).catch(() => undefined);
    for (let n = 0; n < 50; n += 1) await logIn('bob@example.com', 'wrong').catch(() => undefined);
    expect(audited[0]).toEqual({ action: 'log in by password', target: { email: 'ann@example.com' } });
    expect(audited.length).toBeLessThan(20);
  });
});
