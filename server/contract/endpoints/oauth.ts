import * as z from 'zod';
import { endpoint } from '../endpoint.ts';
import { createAuthorization, updateAuthorization } from '../identity-requests.ts';
import { authorization, session } from '../identity-resources.ts';

export const listAuthorizations = endpoint({
  method: 'GET',
  path: '/oauth/authorizations',
  summary: "list the tokens of the caller's account",
  needs: 'self:read',
  answer: z.array(authorization),
  ranges: ['id'],
});

/** Whoever has no token yet calls it with email and password, as Basic credentials. */
export const addAuthorization = endpoint({
  method: 'POST',
  path: '/oauth/authorizations',
  summary: 'make a token, which is shown in this answer only',
  needs: 'self:write',
  body: createAuthorization,
  status: 201,
  answer: authorization,
});

export const showAuthorization = endpoint({
  method: 'GET',
  path: '/oauth/authorizations/:authorization',
  summary: 'show a token (`~`: the one used), without its secret',
  needs: 'self:read',
  answer: authorization,
});

export const changeAuthorization = endpoint({
  method: 'PATCH',
  path: '/oauth/authorizations/:authorization',
  summary: 'describe a token anew',
  needs: 'self:write',
  body: updateAuthorization,
  answer: authorization,
});

export const revokeAuthorization = endpoint({
  method: 'DELETE',
  path: '/oauth/authorizations/:authorization',
  summary: 'revoke a token (`~`: the one used)',
  needs: 'self:write',
  answer: authorization,
});

export const rotateAuthorization = endpoint({
  method: 'POST',
  path: '/oauth/authorizations/:authorization/actions/regenerate-tokens',
  summary: 'give a token a new secret, shown in this answer only; the old one ends at once',
  needs: 'self:write',
  answer: authorization,
});

/** The token of an authorization has its id. */
export const revokeToken = endpoint({
  method: 'DELETE',
  path: '/oauth/tokens/:token',
  summary: 'revoke a token, as `DELETE /oauth/authorizations/:authorization` does',
  needs: 'self:write',
  answer: authorization,
});

export const listSessions = endpoint({
  method: 'GET',
  path: '/oauth/sessions',
  summary: 'list the logins that have not ended',
  needs: 'self:read',
  answer: z.array(session),
  ranges: ['id'],
});

export const endSession = endpoint({
  method: 'DELETE',
  path: '/oauth/sessions/:session',
  summary: 'end a login (`~`: the one used)',
  needs: 'self:write',
  answer: session,
});
