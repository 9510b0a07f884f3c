import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { authorization } from '../../server/contract/identity-resources.ts';
import { openTestCli, type TestCli } from '../support/test-cli.ts';

/** A regular expression alone matches anything inside `toMatchObject`. */
const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);

let cli: TestCli;
beforeEach(async () => {
  cli = await openTestCli();
});
afterEach(() => cli[Symbol.asyncDispose]());

const as = (token: string) => ({ env: { GANTRY_API_URL: cli.door.url, GANTRY_API_KEY: token } });

describe('a token for a robot', () => {
  it('is made, used, listed, rotated and revoked', async () => {
    const made = await cli.gantry(['authorizations:create', '-d', 'ci', '-s', 'read', '-e', '12h', '-S']);
    expect(made).toMatchObject({ code: 0, err: '' });
    const first = made.out.trim();
    expect(await cli.gantry(['apps'], as(first))).toMatchObject({ code: 0, out: matching(/demo/) });
    expect(await cli.gantry(['keys'], as(first))).toMatchObject({ code: 1 });

    const listed = await cli.gantry(['authorizations', '--json']);
    const [token] = authorization
      .array()
      .parse(JSON.parse(listed.out))
      .filter((one) => one.description === 'ci');
    const id = token?.id ?? '';
    expect((await cli.gantry(['authorizations'])).out).toMatch(new RegExp(`ci +${id} +read`));
    const info = await cli.gantry(['authorizations:info', id]);
    expect(info.out).toMatch(/Token +gantry_\*{10}/);
    expect(info.out).not.toContain(first);
    expect(await cli.gantry(['authorizations:update', id, '-d', 'ci of demo'])).toMatchObject({
      out: matching(/Description +ci of demo/),
    });

    const rotated = await cli.gantry(['authorizations:rotate', id, '--json']);
    const second = authorization.parse(JSON.parse(rotated.out)).access_token.token;
    expect(await cli.gantry(['apps'], as(first))).toMatchObject({ code: 1 });
    expect(await cli.gantry(['apps'], as(second))).toEqual(expect.objectContaining({ code: 0 }));
    expect(await cli.gantry(['authorizations:revoke', id])).toMatchObject({
      code: 0,
      err: 'Revoked ci of demo.\n',
    });
    expect(await cli.gantry(['apps'], as(second))).toMatchObject({ code: 1 });
  });

  it('that may deploy one app says which, under the name that this has now', async () => {
    const made = await cli.gantry(['authorizations:create', '-d', 'ci', '-s', 'deploy:demo', '--json']);
    const { id, scope } = authorization.parse(JSON.parse(made.out));
    expect(scope).toEqual([matching(/^deploy:[0-9a-f-]{36}$/)]);
    await cli.gantry(['apps:rename', 'shop', '-a', 'demo']);
    expect((await cli.gantry(['authorizations'])).out).toMatch(new RegExp(`ci +${id} +deploy:shop `));
    expect((await cli.gantry(['authorizations:info', id])).out).toMatch(/Scope +deploy:shop\n/);
    await cli.gantry(['apps:destroy', '-a', 'shop', '--confirm', 'shop']);
    expect((await cli.gantry(['authorizations:info', id])).out).toContain(scope[0]);
  });

  it('may be bound to the addresses it is used from [S-API-05]', async () => {
    const made = ['authorizations:create', '-d', 'runner', '--from', '192.0.2.4, 10.0.0.0/8', '--json'];
    const { id, access_token } = authorization.parse(JSON.parse((await cli.gantry(made)).out));
    expect((await cli.gantry(['authorizations:info', id])).out).toMatch(
      /From +192\.0\.2\.4, 10\.0\.0\.0\/8\n/,
    );
    expect((await cli.gantry(['authorizations:info', '~'])).out).toMatch(/From +anywhere\n/);
    expect(await cli.gantry(['apps'], as(access_token.token))).toMatchObject({
      code: 1,
      err: matching(/This token may not be used from 127\.0\.0\.1, but from other addresses only/),
    });
    expect(await cli.gantry(['authorizations:create', '--from', 'home'])).toMatchObject({
      code: 1,
      err: matching(/addresses must be addresses or networks such as .* which home is not/),
    });
  });

  it.each(['0', '-1', '1w', 'soon'])('cannot live for %s', async (time) => {
    expect(await cli.gantry(['authorizations:create', `--expires-in=${time}`])).toMatchObject({
      code: 2,
      err: matching(/is not a time such as/),
    });
  });
});

describe('sessions', () => {
  it('are listed, and one that is not there cannot be ended', async () => {
    expect(await cli.gantry(['sessions'])).toMatchObject({ code: 0, err: 'There are no logins.\n' });
    expect(await cli.gantry(['sessions:destroy', 'x'])).toMatchObject({
      code: 1,
      err: matching(/find that session/),
    });
  });
});

it('auth:token prints the token that commands use', async () => {
  expect((await cli.gantry(['auth:token'])).out).toBe(`${cli.door.world.adminToken}\n`);
});

describe('logout', () => {
  it('leaves a token that no login made, and says so', async () => {
    await cli.gantry(['login', '--url', cli.door.url], { env: {}, input: cli.door.world.adminToken });
    expect(await cli.gantry(['logout'], { env: {} })).toMatchObject({
      code: 0,
      err: matching(/not made by a login, so it stays valid/),
    });
    expect(await cli.gantry(['apps'])).toEqual(expect.objectContaining({ code: 0 }));
  });
});
