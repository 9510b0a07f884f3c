import { EVERYTHING } from '../domain/actor.ts';
import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../lib/secret.ts';
import { createStoresRig, patient } from '../../test/support/services-rig.ts';
import { createMemoryAccounts } from '../../test/support/memory-accounts.ts';
import { createMemoryTokens } from '../../test/support/memory-tokens.ts';
import { createMemoryWorld } from '../../test/support/memory-world.ts';
import { createAccounts, newToken } from './accounts.ts';

function createRig() {
  const rig = createStoresRig();
  return { ...rig, service: createAccounts({ store: rig.accounts, tokens: rig.tokens, clock: rig.clock }) };
}

/** Well formed, and never handed out. */
const NOBODYS = `gantry_${'A'.repeat(43)}`;

/** A new ed25519 public key as ssh-keygen writes it. */
function publicKey(comment: string): string {
  const type = Buffer.from('ssh-ed25519');
  const length = (n: number): Buffer => Buffer.from([0, 0, 0, n]);
  const blob = Buffer.concat([length(type.length), type, length(32), randomBytes(32)]);
  return `ssh-ed25519 ${blob.toString('base64')} ${comment}`;
}

describe('the first admin', () => {
  const emptyPlatform = () => {
    const clock = { now: () => new Date(0) };
    const world = createMemoryWorld(clock);
    const stores = { store: createMemoryAccounts(world), tokens: createMemoryTokens(world) };
    return { world, service: createAccounts({ ...stores, clock }) };
  };

  it('is welcomed once, with the token from then on, of which only a hash is kept [S-API-12]', async () => {
    const { world, service } = emptyPlatform();
    const [token, later] = [newToken(), newToken()];
    expect(await service.welcomeAdmin('admin@x.test', token, patient)).toBe(true);
    expect(await service.welcomeAdmin('other@x.test', later, patient)).toBe(false);
    const actor = await service.authenticate(token.reveal(), '192.0.2.7', patient);
    expect(actor).toMatchObject({ email: 'admin@x.test', admin: true, scopes: EVERYTHING });
    await expect(service.authenticate(later.reveal(), '192.0.2.7', patient)).rejects.toMatchObject({
      id: 'unauthorized',
    });
    const kept = JSON.stringify([[...world.users.values()], [...world.tokens.values()]]);
    expect(kept).not.toContain(token.reveal());
    expect(kept).toContain(createHash('sha256').update(token.reveal()).digest('hex'));
    expect(await service.me(actor, patient)).toMatchObject({ id: actor.userId, email: 'admin@x.test' });
  });

  it('loses the token when it expires', async () => {
    const { world, service } = emptyPlatform();
    const token = newToken();
    await service.welcomeAdmin('admin@x.test', token, patient);
    for (const kept of world.tokens.values()) kept.expiresAt = new Date(0);
    await expect(service.authenticate(token.reveal(), '192.0.2.7', patient)).rejects.toMatchObject({
      id: 'unauthorized',
    });
  });
});

describe('a token', () => {
  it('has 256 random bits behind the prefix that scanners know, and hides itself [S-API-05]', () => {
    const tokens = Array.from({ length: 50 }, newToken);
    expect(new Set(tokens.map((token) => token.reveal())).size).toBe(50);
    for (const token of tokens) {
      expect(token).toBeInstanceOf(Secret);
      expect(token.reveal()).toMatch(/^gantry_[A-Za-z0-9_-]{43}$/);
      expect(Buffer.from(token.reveal().slice('gantry_'.length), 'base64url')).toHaveLength(32);
    }
  });

  it.each(['', 'gantry_', 'x', NOBODYS, `${NOBODYS}\n`, ` ${NOBODYS}`])(
    'that is unknown or none (%j) authenticates nobody',
    async (text) => {
      const rig = createRig();
      await expect(rig.service.authenticate(text, '192.0.2.7', patient)).rejects.toThrow(
        'No valid credentials were given',
      );
    },
  );

  it.each(['x'.repeat(100_000), 'gantry_\u0000'])(
    'that cannot be one does not reach the database',
    async (text) => {
      const rig = createRig();
      rig.mishaps.at('accounts.findByTokenHash', () => Promise.reject(new Error('asked')));
      await expect(rig.service.authenticate(text, '192.0.2.7', patient)).rejects.toMatchObject({
        id: 'unauthorized',
      });
      expect(rig.mishaps.unused()).toHaveLength(1);
    },
  );

  it('of an account that is gone says so', async () => {
    const rig = createRig();
    const gone = { userId: 'nobody', email: 'x', admin: true, scopes: EVERYTHING };
    await expect(rig.service.me(gone, patient)).rejects.toMatchObject({ id: 'unauthorized' });
  });
});

describe('SSH keys', () => {
  it('let their owner in, and nobody after they are removed', async () => {
    const rig = createRig();
    rig.clock.passed(5_000);
    const key = await rig.service.addKey(rig.ann, `${publicKey('ann@laptop')}\n`, patient);
    expect(key).toMatchObject({ email: rig.ann.email, comment: 'ann@laptop', createdAt: rig.clock.now() });
    expect(key.publicKey).not.toContain('ann@laptop');
    expect(await rig.service.authenticateKey(key.fingerprint, patient)).toEqual({
      ...rig.ann,
      credential: { kind: 'key', id: key.id },
    });
    expect(await rig.service.keys(rig.ann, patient)).toEqual([key]);
    expect(await rig.service.removeKey(rig.ann, key.fingerprint, patient)).toEqual(key);
    expect(await rig.service.authenticateKey(key.fingerprint, patient)).toBeUndefined();
  });

  it.each(['id', 'fingerprint', 'comment'] as const)('are removed by %s', async (what) => {
    const rig = createRig();
    const kept = await rig.service.addKey(rig.ann, publicKey('ann@desk'), patient);
    const key = await rig.service.addKey(rig.ann, publicKey('ann@laptop'), patient);
    expect(await rig.service.removeKey(rig.ann, key[what], patient)).toEqual(key);
    expect(await rig.service.keys(rig.ann, patient)).toEqual([kept]);
  });

  it('belong to one account: nobody registers, sees or removes another’s', async () => {
    const rig = createRig();
    const line = publicKey('ann@laptop');
    const key = await rig.service.addKey(rig.ann, line, patient);
    for (const actor of [rig.ann, rig.bob])
      await expect(rig.service.addKey(actor, line, patient)).rejects.toThrow(
        `The key ${key.fingerprint} is registered already; a key belongs to one account.`,
      );
    expect(await rig.service.keys(rig.bob, patient)).toEqual([]);
    for (const name of [key.id, key.fingerprint, key.comment])
      await expect(rig.service.removeKey(rig.bob, name, patient)).rejects.toMatchObject({ id: 'not_found' });
    expect(await rig.service.authenticateKey(key.fingerprint, patient)).toMatchObject(rig.ann);
  });

  it('that are removed twice at once are removed once', async () => {
    const rig = createRig();
    const key = await rig.service.addKey(rig.ann, publicKey('x'), patient);
    const both = await Promise.allSettled([1, 2].map(() => rig.service.removeKey(rig.ann, key.id, patient)));
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it.each([
    ['-----BEGIN OPENSSH PRIVATE KEY-----', 'The key is a private key; give the .pub file beside it.'],
    ['', 'The key is empty.'],
    ['ssh-dss AAAA x', 'The key has the type "ssh-dss"; use ssh-ed25519, ecdsa or rsa.'],
  ])('that are none (%j) are refused with what is wrong', async (text, sentence) => {
    const rig = createRig();
    const asked = rig.service.addKey(rig.ann, text, patient);
    await expect(asked).rejects.toMatchObject({ id: 'invalid_params' });
    await expect(asked).rejects.toThrow(sentence);
  });

  it('that are not there are named no longer than a line', async () => {
    const rig = createRig();
    await expect(rig.service.removeKey(rig.ann, 'x'.repeat(500), patient)).rejects.toMatchObject({
      id: 'not_found',
      params: { resource: 'key', name: 'x'.repeat(100) },
    });
  });
});
