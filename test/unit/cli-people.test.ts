import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pause } from '../../lib/deadline.ts';
import { Secret } from '../../lib/secret.ts';
import { totpCode, totpStep } from '../../server/domain/totp.ts';
import { TIME } from '../support/fake-app.ts';
import { createFakeTerminal, type FakeTerminal } from '../support/fake-terminal.ts';
import { patient } from '../support/services-rig.ts';
import { openTestCli, type TestCli } from '../support/test-cli.ts';

/** A regular expression alone matches anything inside `toMatchObject`. */
const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);
const PASSWORD = 'wide river, three stones';

let cli: TestCli;
beforeEach(async () => {
  cli = await openTestCli();
});
afterEach(() => cli[Symbol.asyncDispose]());

const typed = (...lines: string[]) => ({ env: { GANTRY_API_URL: cli.door.url }, input: lines.join('\n') });
const credentials = () => readFile(join(cli.home, '.config', 'gantry', 'credentials.json'), 'utf8');

async function invited(email: string): Promise<string> {
  const { code, out, err } = await cli.gantry(['users:add', email]);
  expect({ code, err }).toMatchObject({ code: 0, err: matching(/Give this invitation to/) });
  return out.trim();
}

describe('a login by browser', () => {
  const pageIn = (text: string) => /\/auth\/browser\/([A-Za-z0-9_-]{43})/.exec(text)?.[1];

  it('shows where to approve it, and takes the token that comes of it', async () => {
    const { browserLogins } = cli.door.world.services;
    const terminal = createFakeTerminal('');
    const args = ['login', '--browser', '--url', cli.door.url];
    const running = cli.gantry(args, { env: { DISPLAY: ':0' }, terminal });
    const page = new Secret(await found(() => pageIn(terminal.err())));
    await found(() => /code [A-Z2-7]{4}-[A-Z2-7]{4}/.exec(terminal.err())?.[0]);
    expect(terminal.err()).toContain((await browserLogins.look(page, patient)).code);
    const verdict = { by: cli.door.world.other, approved: true, ip: '192.0.2.7' };
    await browserLogins.decide(page, verdict, patient);
    expect(await running).toMatchObject({
      code: 0,
      launched: [matching(/^xdg-open http.*\/auth\/browser\//)],
    });
    expect(await cli.gantry(['whoami'], { env: {} })).toMatchObject({ out: 'other@example.com\n' });
  });

  it('that is denied keeps nothing', async () => {
    const terminal = createFakeTerminal('');
    const running = cli.gantry(['login', '--browser', '--url', cli.door.url], { env: {}, terminal });
    const page = new Secret(await found(() => pageIn(terminal.err())));
    const verdict = { by: cli.door.world.other, approved: false, ip: '192.0.2.7' };
    await cli.door.world.services.browserLogins.decide(page, verdict, patient);
    expect(await running).toMatchObject({ code: 1, err: matching(/The login was denied/) });
    await expect(credentials()).rejects.toThrow('ENOENT');
  });
});

describe('a person', () => {
  it('is invited, chooses a password, logs in, protects the account, logs out and is removed', async () => {
    const invitation = await invited('new@example.com');
    expect(invitation).toMatch(/^gantry_invite_/);
    expect(await cli.gantry(['login:accept'], typed(invitation, PASSWORD))).toEqual(
      expect.objectContaining({ code: 0 }),
    );
    expect(await cli.gantry(['login:accept'], typed(invitation, PASSWORD))).toMatchObject({ code: 1 });

    expect(await cli.gantry(['login', '-i'], typed('new@example.com', 'wrong'))).toMatchObject({
      code: 1,
      err: 'Error: Email or password is wrong; try again, or ask an administrator for a new invitation (gantry users:invite).\n',
    });
    expect(await cli.gantry(['login', '-i'], typed('new@example.com', PASSWORD))).toMatchObject({
      code: 0,
      err: matching(/Logged in to .* as new@example\.com/),
    });
    expect(await credentials()).not.toContain(PASSWORD);
    expect(await cli.gantry(['sessions'], typed())).toMatchObject({
      out: matching(/CLI login from .*this one/),
    });

    // The code answers the key, which is only shown while the command runs.
    const terminal = answering(PASSWORD, () => terminal.err().match(/^ {2}([A-Z2-7]{32})$/m)?.[1] ?? '');
    const enabled = await cli.gantry(['auth:2fa:enable'], { ...typed(), terminal });
    expect(enabled.code).toBe(0);
    const codes = enabled.out.trim().split('\n');
    expect(codes).toHaveLength(10);
    expect(await cli.gantry(['auth:2fa'], typed())).toMatchObject({ out: matching(/enabled \(10 /) });
    expect(await cli.gantry(['login', '-i'], typed('new@example.com', PASSWORD, '000000'))).toMatchObject({
      code: 1,
      err: matching(/code of the second factor is wrong/),
    });
    const again = typed('new@example.com', PASSWORD, codes[0] ?? '');
    expect(await cli.gantry(['login', '-i'], again)).toEqual(expect.objectContaining({ code: 0 }));
    expect(await cli.gantry(['auth:2fa:disable'], typed(codes[0] ?? ''))).toMatchObject({ code: 1 });
    expect(await cli.gantry(['auth:2fa:disable'], typed(codes[1] ?? ''))).toEqual(
      expect.objectContaining({ code: 0 }),
    );

    const kept = await credentials();
    expect(await cli.gantry(['logout'], typed())).toMatchObject({ code: 0, err: 'Logged out.\n' });
    const { token } = JSON.parse(kept) as { token: string };
    const env = { GANTRY_API_URL: cli.door.url, GANTRY_API_KEY: token };
    expect(await cli.gantry(['whoami'], { env })).toMatchObject({ code: 1 });

    expect((await cli.gantry(['users'])).out).toMatch(/new@example\.com +password/);
    const removed = ['users:remove', 'new@example.com', '--confirm', 'new@example.com'];
    expect(await cli.gantry(removed)).toMatchObject({ code: 0, err: 'Removed new@example.com.\n' });
    expect((await cli.gantry(['users'])).out).not.toContain('new@example.com');
  });

  it('changes the password, which ends other logins and not this one', async () => {
    const invitation = await invited('new@example.com');
    await cli.gantry(['login:accept'], typed(invitation, PASSWORD));
    await cli.gantry(['login', '-i'], typed('new@example.com', PASSWORD));
    const { token } = JSON.parse(await credentials()) as { token: string };
    await cli.gantry(['login', '-i'], typed('new@example.com', PASSWORD));
    expect(await cli.gantry(['account:password'], typed('wrong', 'another long one'))).toMatchObject({
      code: 1,
    });
    expect(await cli.gantry(['account:password'], typed(PASSWORD, 'another long one'))).toMatchObject({
      code: 0,
    });
    expect(await cli.gantry(['whoami'], typed())).toEqual(expect.objectContaining({ code: 0 }));
    const env = { GANTRY_API_URL: cli.door.url, GANTRY_API_KEY: token };
    expect(await cli.gantry(['whoami'], { env })).toMatchObject({ code: 1 });
  });

  it('is made an administrator, and is invited anew', async () => {
    await invited('new@example.com');
    expect(await cli.gantry(['users:admin', 'new@example.com'])).toMatchObject({
      code: 0,
      err: matching(/is an administrator now/),
    });
    expect(await cli.gantry(['users:admin', 'new@example.com', '--revoke'])).toMatchObject({
      code: 0,
      err: matching(/no administrator any more/),
    });
    expect((await cli.gantry(['users:invite', 'new@example.com'])).out).toMatch(/^gantry_invite_/);
    expect(await cli.gantry(['users:add', 'new@example.com'])).toMatchObject({
      code: 1,
      err: matching(/has an account already/),
    });
  });

  it('who owns apps stays, and the command says which', async () => {
    expect(await cli.gantry(['users:remove', 'admin@example.com'])).toMatchObject({ code: 2 });
    await cli.gantry(['users:admin', 'other@example.com']);
    const removed = ['users:remove', 'admin@example.com', '--confirm', 'admin@example.com'];
    expect(await cli.gantry(removed)).toMatchObject({ code: 1, err: matching(/still owns demo;/) });
  });
});

/** A terminal on which the second answer is the code of the key that was shown. */
function answering(first: string, keyShown: () => string): FakeTerminal {
  const answers = [() => first, () => totpCode(keyShown(), totpStep(TIME))];
  return {
    ...createFakeTerminal(''),
    secret: () => Promise.resolve(answers.shift()?.() ?? ''),
  };
}

/** Looks until there is something. */
async function found<T>(look: () => T | undefined): Promise<T> {
  for (;;) {
    const there = look();
    if (there !== undefined) return there;
    await pause(5, patient);
  }
}
