import * as z from 'zod';
import { endpoint } from '../endpoint.ts';
import { updateAccount } from '../identity-requests.ts';
import { accountFeature, rateLimits } from '../identity-resources.ts';
import { addKey as addKeyBody } from '../requests.ts';
import { account, key } from '../resources.ts';

export const showAccount = endpoint({
  method: 'GET',
  path: '/account',
  summary: 'show who the caller is',
  needs: 'identity',
  answer: account,
});

export const changeAccount = endpoint({
  method: 'PATCH',
  path: '/account',
  summary: "change the name on the caller's account",
  needs: 'self:write',
  body: updateAccount,
  answer: account,
});

/** There are none yet: clients of the Platform API ask anyway. */
export const listAccountFeatures = endpoint({
  method: 'GET',
  path: '/account/features',
  summary: 'list the features that can be switched for an account',
  needs: 'identity',
  answer: z.array(accountFeature),
  ranges: ['id', 'name'],
});

export const showAccountFeature = endpoint({
  method: 'GET',
  path: '/account/features/:feature',
  summary: 'show a feature of the account',
  needs: 'identity',
  answer: accountFeature,
});

export const showRateLimits = endpoint({
  method: 'GET',
  path: '/account/rate-limits',
  summary: 'show how many calls are left to the token that asks',
  needs: 'identity',
  answer: rateLimits,
});

export const listKeys = endpoint({
  method: 'GET',
  path: '/account/keys',
  summary: "list the SSH keys of the caller's account",
  needs: 'self:read',
  answer: z.array(key),
  ranges: ['id'],
});

export const addKey = endpoint({
  method: 'POST',
  path: '/account/keys',
  summary: 'register an SSH public key',
  needs: 'self:write',
  body: addKeyBody,
  status: 201,
  answer: key,
});

/** The base64 of a fingerprint may hold slashes. */
export const showKey = endpoint({
  method: 'GET',
  path: '/account/keys/*key',
  summary: 'show an SSH key, by its id or fingerprint',
  needs: 'self:read',
  answer: key,
});

export const removeKey = endpoint({
  method: 'DELETE',
  path: '/account/keys/*key',
  summary: 'remove an SSH key, by its id or fingerprint',
  needs: 'self:write',
  answer: key,
});
