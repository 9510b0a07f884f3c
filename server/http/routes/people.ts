import { Secret } from '../../../lib/secret.ts';
import * as described from '../../contract/endpoints/people.ts';
import { listAnswer } from '../answer.ts';
import { shapeInvited, shapePerson } from '../identity-shapes.ts';
import { route, type CallOf, type Route } from '../route.ts';
import { createSecretAnswers } from '../secret-answers.ts';
import type { Services } from '../services.ts';
import { shapeAccount } from '../shapes.ts';

type Deps = Pick<Services, 'accounts' | 'logins' | 'people' | 'twoFactor'>;

const secretOf = (text: string | null | undefined): Secret | null =>
  text === null || text === undefined ? null : new Secret(text);

export function peopleRoutes(services: Deps, now: () => Date): readonly Route[] {
  return [...factorRoutes(services, now), ...userRoutes(services, now)];
}

function factorRoutes({ accounts, logins, twoFactor }: Deps, now: () => Date): readonly Route[] {
  const secrets = createSecretAnswers(now);

  const begin = async ({ actor, body, ip, signal }: CallOf<typeof described.beginTwoFactor>) => {
    const made = await twoFactor.begin(actor, { password: secretOf(body.password), ip }, signal);
    return { body: { secret: made.key.reveal(), url: made.url.reveal() } };
  };
  const confirm = async ({ actor, body, signal }: CallOf<typeof described.confirmTwoFactor>) => {
    const codes = await twoFactor.confirm(actor, body.code, signal);
    return { body: { recovery_codes: codes.map((code) => code.reveal()) } };
  };

  return [
    route(described.changePassword, async ({ actor, body, ip, signal }) => {
      const change = { old: secretOf(body.old_password), fresh: new Secret(body.new_password), ip };
      await logins.changePassword(actor, change, signal);
      return { body: shapeAccount(await accounts.me(actor, signal)) };
    }),

    route(described.showTwoFactor, async ({ actor, signal }) => {
      const { enabled, recoveryCodes } = await twoFactor.status(actor, signal);
      return { body: { enabled, recovery_codes_left: recoveryCodes } };
    }),

    route(described.beginTwoFactor, secrets.keep(begin), { replay: secrets.again(begin) }),
    route(described.confirmTwoFactor, secrets.keep(confirm), { replay: secrets.again(confirm) }),

    route(described.disableTwoFactor, async ({ actor, body, ip, signal }) => {
      await twoFactor.disable(actor, { code: body.code, ip }, signal);
      return { body: { enabled: false, recovery_codes_left: 0 } };
    }),
  ];
}

function userRoutes({ people }: Deps, now: () => Date): readonly Route[] {
  const secrets = createSecretAnswers(now);

  const invite = async ({ actor, body, signal }: CallOf<typeof described.inviteUser>) => {
    const wish = { email: body.email, admin: body.admin ?? false };
    return { body: shapeInvited(await people.invite(actor, wish, signal)) };
  };
  const inviteAgain = async ({ actor, params, signal }: CallOf<typeof described.inviteUserAgain>) => ({
    body: shapeInvited(await people.inviteAgain(actor, params.user, signal)),
  });

  return [
    route(described.listUsers, async ({ actor, range, signal }) =>
      listAnswer(
        range,
        await people.list(actor, signal),
        { email: ({ email }) => email, id: ({ id }) => id },
        shapePerson,
      ),
    ),

    route(described.inviteUser, secrets.keep(invite), { replay: secrets.again(invite) }),
    route(described.inviteUserAgain, secrets.keep(inviteAgain), { replay: secrets.again(inviteAgain) }),

    route(described.changeUser, async ({ actor, params, body, signal }) => ({
      body: shapePerson(await people.setAdmin(actor, params.user, body, signal)),
    })),

    route(described.removeUser, async ({ actor, params, signal }) => ({
      body: shapePerson(await people.remove(actor, params.user, signal)),
    })),

    route(described.acceptInvitation, async ({ body, signal }) => {
      const given = { secret: new Secret(body.token), password: new Secret(body.password) };
      return { body: shapePerson(await people.accept(given, signal)) };
    }),
  ];
}
