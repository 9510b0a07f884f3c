import { expect, it } from 'vitest';
import { sampleKey } from '../../test/support/sample-keys.ts';
import { instanceOf } from '../../test/support/fake-app.ts';
import { EVERYTHING, type Actor } from '../domain/actor.ts';
import { PlatformError } from '../domain/errors.ts';
import { createExecGrants } from './exec-grants.ts';

const patient = new AbortController().signal;
const HOUR = 3_600_000;

async function createRig() {
  const now = { ms: 0 };
  const account: { actor: Actor | undefined } = {
    actor: { userId: 'u', email: 'a@example.com', admin: true, scopes: EVERYTHING },
  };
  const may = { operate: true };
  const runs = {
    instance: () => Promise.resolve(instanceOf('a', 'web', 1, 1)),
    enterable: () =>
      may.operate
        ? Promise.resolve()
        : Promise.reject(PlatformError.of('not_found', { resource: 'app', name: 'a' })),
  };
  const renew = () => Promise.resolve(account.actor);
  const grants = createExecGrants(runs, { renew }, 'host key', () => now.ms);
  const actor = account.actor ?? expect.unreachable('it is there');
  const order = { app: 'a', instance: 'web.1', publicKey: sampleKey('exec') };
  const { user } = await grants.grant(actor, order, patient);
  const grant = grants.find(user) ?? expect.unreachable('it was given');
  return { grants, grant, account, may, now };
}

it('is good for what its person may do now, not for what they might do once [S-API-03]', async () => {
  const { grants, grant, account, may } = await createRig();
  account.actor = { ...grant.actor, admin: false };
  expect(await grants.renew(grant, patient)).toMatchObject({ admin: false });
  may.operate = false;
  await expect(grants.renew(grant, patient)).rejects.toThrow(/find that app/);
});

it('is gone with the token or the person that it was given to [S-API-03]', async () => {
  const { grants, grant, account } = await createRig();
  account.actor = undefined;
  await expect(grants.renew(grant, patient)).rejects.toMatchObject({ id: 'unauthorized' });
  account.actor = grant.actor;
  await expect(grants.renew(grant, patient)).rejects.toMatchObject({ id: 'unauthorized' });
  expect(grants.find(grant.user)).toBeUndefined();
});

it('ends when it is not used for an hour, and asking for it is no use', async () => {
  const { grants, grant, now } = await createRig();
  now.ms = HOUR - 1;
  expect(grants.find(grant.user)).toBeDefined();
  await grants.renew(grant, patient);
  now.ms += HOUR - 1;
  expect(grants.find(grant.user)).toBeDefined();
  now.ms += 1;
  expect(grants.find(grant.user)).toBeUndefined();
});
