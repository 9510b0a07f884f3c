import * as described from '../../contract/endpoints/oauth.ts';
import { listAnswer } from '../answer.ts';
import { shapeIssued, shapeSession, shapeToken } from '../identity-shapes.ts';
import { route, type CallOf, type Route } from '../route.ts';
import { createSecretAnswers } from '../secret-answers.ts';
import type { Services } from '../services.ts';

export function oauthRoutes(authorizations: Services['authorizations'], now: () => Date): readonly Route[] {
  const secrets = createSecretAnswers(now);

  const create = async ({ actor, body, ip, signal }: CallOf<typeof described.addAuthorization>) => {
    const wish = {
      description: body.description ?? undefined,
      scopes: body.scope,
      lifetimeSeconds: body.expires_in,
      addresses: body.addresses,
      ip,
    };
    return { body: shapeIssued(await authorizations.create(actor, wish, signal), now()) };
  };
  const rotate = async ({ actor, params, signal }: CallOf<typeof described.rotateAuthorization>) => ({
    body: shapeIssued(await authorizations.rotate(actor, params.authorization, signal), now()),
  });

  return [
    route(described.listAuthorizations, async ({ actor, range, signal }) =>
      listAnswer(range, await authorizations.list(actor, signal), { id: ({ id }) => id }, (token) =>
        shapeToken(token, now()),
      ),
    ),

    route(described.addAuthorization, secrets.keep(create), { replay: secrets.again(create) }),

    route(described.showAuthorization, async ({ actor, params, signal }) => ({
      body: shapeToken(await authorizations.find(actor, params.authorization, signal), now()),
    })),

    route(described.changeAuthorization, async ({ actor, params, body, signal }) => {
      const { description } = body;
      const token = await authorizations.describe(actor, params.authorization, description, signal);
      return { body: shapeToken(token, now()) };
    }),

    route(described.revokeAuthorization, async ({ actor, params, signal }) => ({
      body: shapeToken(await authorizations.revoke(actor, params.authorization, signal), now()),
    })),

    route(described.revokeToken, async ({ actor, params, signal }) => ({
      body: shapeToken(await authorizations.revoke(actor, params.token, signal), now()),
    })),

    route(described.rotateAuthorization, secrets.keep(rotate), { replay: secrets.again(rotate) }),

    route(described.listSessions, async ({ actor, range, signal }) =>
      listAnswer(range, await authorizations.sessions(actor, signal), { id: ({ id }) => id }, (token) =>
        shapeSession(token, actor, now()),
      ),
    ),

    route(described.endSession, async ({ actor, params, signal }) => ({
      body: shapeSession(await authorizations.endSession(actor, params.session, signal), actor, now()),
    })),
  ];
}
