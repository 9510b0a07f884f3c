import * as z from 'zod';
import { endpoint } from '../endpoint.ts';
import { addKey as addKeyBody } from '../requests.ts';
import { account, key } from '../resources.ts';

export const showAccount = endpoint({
  method: 'GET',
  path: '/account',
  summary: 'show who the caller is',
  needs: 'identity',
  answer: account,
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
