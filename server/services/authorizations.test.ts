import { describe, expect, it } from 'vitest';
import { Secret } from '../../lib/secret.ts';
import { createFastPasswords } from '../../test/support/memory-people.ts';
import { sampleKey } from '../../test/support/sample-keys.ts';
import { createStoresRig, patient } from '../../test/support/services-rig.ts';
import { createAccounts } from './accounts.ts';
import { createAuthorizations } from './authorizations.ts';
import { createLoginThrottle } from './login-throttle.ts';
import { createLogins } from './logins.ts';
import { createPeople } from './people.ts';

const IP = '192.0.2.7';
const DAY_S = 86_400;

function createRig() {
  const rig = createStoresRig();
  const accounts = createAccounts({ store: rig.accounts, tokens: rig.tokens, clock: rig.clock });
  return {
    ...rig,
    service: createAuthorizations({ store: rig.tokens, apps: rig.apps, clock: rig.clock }),
    door: accounts,
    entered: (secret: { reveal(): string }, address = IP) =>
      accounts.authenticate(secret.reveal(), address, patient),
  };
}

describe('a token that is made', () => {
  it('lets its owner in, with its scopes, and is kept as a hash and its last characters [S-API-05]', async () => {
    const rig = createRig();
    const app = await rig.createApp('hello');
    const wish = { description: 'ci', scopes: ['read', 'deploy:hello', 'deploy:hello'], ip: IP };
    const { token, secret } = await rig.service.create(rig.ann, wish, patient);
    expect(token).toMatchObject({ description: 'ci', scopes: ['read', `deploy:${app.id}`] });
    expect(await rig.entered(secret)).toMatchObject({ userId: rig.ann.userId, scopes: token.scopes });
    const kept = JSON.stringify([...rig.world.tokens.values()]);
    expect(kept).not.toContain(secret.reveal());
    expect(secret.reveal().endsWith(token.hint)).toBe(true);
    expect(token.hint).toHaveLength(6);
  });

  it.each([
    [undefined, 90 * DAY_S],
    [null, null],
    [3600, 3600],
  ])('with expires_in %j lives %j seconds', async (lifetimeSeconds, seconds) => {
    const rig = createRig();
    const first = await rig.service.create(rig.ann, { ip: IP }, patient);
    const actor = await rig.entered(first.secret);
    const { token, secret } = await rig.service.create(actor, { lifetimeSeconds, ip: IP }, patient);
    expect(token.session).toBe(false);
    if (seconds === null) expect(token.expiresAt).toBeNull();
    else expect(token.expiresAt?.getTime()).toBe(rig.clock.now().getTime() + seconds * 1000);
    rig.clock.passed((seconds ?? 10 * 365 * DAY_S) * 1000 - 1);
    await expect(rig.entered(secret)).resolves.toBeDefined();
    rig.clock.passed(1);
    if (seconds !== null) await expect(rig.entered(secret)).rejects.toMatchObject({ id: 'unauthorized' });
  });

  it('after a password is a session of 30 days, from where the person was', async () => {
    const rig = createRig();
    const { token } = await rig.service.create(rig.ann, { lifetimeSeconds: null, ip: IP }, patient);
    expect(token).toMatchObject({ session: true, ip: IP, lifetimeMs: 30 * DAY_S * 1000 });
  });

  it.each(['everything', 'deploy:', 'deploy:no/app', 'GLOBAL', '', `deploy:${'x'.repeat(200)}`])(
    'has no scope %j',
    async (scope) => {
      const rig = createRig();
      await expect(rig.service.create(rig.ann, { scopes: [scope], ip: IP }, patient)).rejects.toMatchObject({
        id: 'invalid_params',
      });
      expect(rig.world.tokens.size).toBe(0);
    },
  );

  it('for deploying an app that its owner may not see says so of the app', async () => {
    const rig = createRig();
    await rig.createApp('hello');
    for (const name of ['hello', 'nothing'])
      await expect(
        rig.service.create(rig.bob, { scopes: [`deploy:${name}`], ip: IP }, patient),
      ).rejects.toMatchObject({ id: 'not_found', params: { resource: 'app' } });
  });
});

describe('a token that is bound to addresses [S-API-05]', () => {
  const ADDRESSES = ['192.0.2.0/24', '2001:db8::/64'];

  async function boundRig() {
    const rig = createRig();
    const whole = await rig.entered((await rig.service.create(rig.admin, { ip: IP }, patient)).secret);
    const made = await rig.service.create(whole, { addresses: ADDRESSES, ip: IP }, patient);
    return { ...rig, whole, made, bound: await rig.entered(made.secret) };
  }

  it('lets its owner in from these, and from no other', async () => {
    const { entered, made } = await boundRig();
    expect(made.token.addresses).toEqual(ADDRESSES);
    for (const address of ['192.0.2.0', '192.0.2.255', '::ffff:192.0.2.9', '2001:db8::7'])
      await expect(entered(made.secret, address), address).resolves.toBeDefined();
    for (const address of ['192.0.3.0', '127.0.0.1', '2001:db8:0:1::7', '::1', ''])
      await expect(entered(made.secret, address), address).rejects.toMatchObject({
        ...{ id: 'forbidden_address', params: { address } },
      });
  });

  it('is asked for by addresses and networks, and by nothing else', async () => {
    const { service, whole } = await boundRig();
    for (const address of ['', 'example.com', '10.0.0.0/33', '10.0.0', '*', '::ffff:10.0.0.1/104'])
      await expect(
        service.create(whole, { addresses: ['192.0.2.4', address], ip: IP }, patient),
        address,
      ).rejects.toMatchObject({ id: 'invalid_params', params: { field: 'addresses' } });
  });

  it('is rotated by itself, and stays bound', async () => {
    const { service, entered, bound } = await boundRig();
    const { token, secret } = await service.rotate(bound, '~', patient);
    expect(token.addresses).toEqual(ADDRESSES);
    await expect(entered(secret, '192.0.3.0')).rejects.toMatchObject({ id: 'forbidden_address' });
  });

  it('is no way to come by anything that lets somebody in from anywhere', async () => {
    const { service, door, bound, whole, clock, ...rig } = await boundRig();
    const passwords = createFastPasswords();
    const people = createPeople({ store: rig.people, passwords, clock });
    const throttle = createLoginThrottle(() => clock.now());
    const audit = { around: <T>(_: unknown, work: () => Promise<T>) => work() };
    const logins = createLogins({ people: rig.people, passwords, throttle, audit, clock });
    const ways = [
      () => service.create(bound, { ip: IP }, patient),
      () => service.rotate(bound, whole.credential?.id ?? '', patient),
      () => door.addKey(bound, sampleKey('bound'), patient),
      () => logins.changePassword(bound, { old: null, fresh: new Secret('x'), ip: IP }, patient),
      () => people.invite(bound, { email: 'new@example.com', admin: true }, patient),
      () => people.inviteAgain(bound, bound.email, patient),
    ];
    for (const way of ways) await expect(way(), String(way)).rejects.toMatchObject({ id: 'token_bound' });
  });
});

describe('a narrow token', () => {
  it('neither makes nor sees nor changes tokens, not even itself', async () => {
    const rig = createRig();
    const { secret } = await rig.service.create(rig.ann, { scopes: ['write-protected'], ip: IP }, patient);
    const robot = await rig.entered(secret);
    const { service } = rig;
    for (const asked of [
      service.create(robot, { ip: IP }, patient),
      service.list(robot, patient),
      service.find(robot, '~', patient),
      service.describe(robot, '~', 'x', patient),
      service.rotate(robot, '~', patient),
      service.revoke(robot, '~', patient),
      service.sessions(robot, patient),
      service.endSession(robot, '~', patient),
    ])
      await expect(asked).rejects.toMatchObject({ id: 'scope_too_small' });
  });
});

describe('`~`', () => {
  it('is the token of the one who asks', async () => {
    const rig = createRig();
    await rig.service.create(rig.ann, { description: 'other', ip: IP }, patient);
    const { token, secret } = await rig.service.create(rig.ann, { description: 'this', ip: IP }, patient);
    const actor = await rig.entered(secret);
    expect(await rig.service.find(actor, '~', patient)).toMatchObject({ id: token.id });
    expect(await rig.service.endSession(actor, '~', patient)).toMatchObject({ id: token.id });
    await expect(rig.entered(secret)).rejects.toMatchObject({ id: 'unauthorized' });
    expect(await rig.service.list(rig.ann, patient)).toMatchObject([{ description: 'other' }]);
  });

  it('is nothing to whoever has no token', async () => {
    const rig = createRig();
    await expect(rig.service.find(rig.ann, '~', patient)).rejects.toMatchObject({
      id: 'not_found',
      params: { resource: 'authorization' },
    });
  });
});

describe('rotation', () => {
  it('ends the old secret at once, and begins the life of the token anew', async () => {
    const rig = createRig();
    const made = await rig.service.create(rig.ann, { lifetimeSeconds: 3600, ip: IP }, patient);
    rig.clock.passed(3_000_000);
    const rotated = await rig.service.rotate(rig.ann, made.token.id, patient);
    expect(rotated.token.id).toBe(made.token.id);
    expect(rotated.token.expiresAt?.getTime()).toBe(rig.clock.now().getTime() + 3_600_000);
    await expect(rig.entered(made.secret)).rejects.toMatchObject({ id: 'unauthorized' });
    await expect(rig.entered(rotated.secret)).resolves.toMatchObject({ userId: rig.ann.userId });
  });
});

describe('sessions', () => {
  it('are only what logins made', async () => {
    const rig = createRig();
    const login = await rig.service.create(rig.ann, { description: 'laptop', ip: IP }, patient);
    const actor = await rig.entered(login.secret);
    const robot = await rig.service.create(actor, { description: 'robot', ip: IP }, patient);
    expect(await rig.service.sessions(rig.ann, patient)).toMatchObject([{ description: 'laptop' }]);
    await expect(rig.service.endSession(rig.ann, robot.token.id, patient)).rejects.toMatchObject({
      id: 'not_found',
      params: { resource: 'session' },
    });
    await rig.service.revoke(rig.ann, robot.token.id, patient);
    await expect(rig.entered(robot.secret)).rejects.toMatchObject({ id: 'unauthorized' });
  });
});

it('notes the use of a token once a minute, whatever happens in between', async () => {
  const rig = createRig();
  const { token, secret } = await rig.service.create(rig.ann, { ip: IP }, patient);
  const usedAt = () => rig.world.tokens.get(token.id)?.lastUsedAt;
  await rig.entered(secret);
  const first = rig.clock.now();
  rig.clock.passed(59_000);
  await rig.entered(secret);
  expect(usedAt()).toEqual(first);
  rig.clock.passed(1_000);
  await rig.entered(secret);
  expect(usedAt()).toEqual(rig.clock.now());
});
