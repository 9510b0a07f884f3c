import * as z from 'zod';
import { endpoint } from '../endpoint.ts';
import * as requests from '../identity-requests.ts';
import { invitation, recoveryCodes, twoFactor, twoFactorKey, user } from '../identity-resources.ts';
import { account } from '../resources.ts';

export const changePassword = endpoint({
  method: 'PUT',
  path: '/gantry/account/password',
  summary: 'change the password, and end every other login',
  needs: 'self:write',
  body: requests.changePassword,
  answer: account,
});

export const showTwoFactor = endpoint({
  method: 'GET',
  path: '/gantry/account/two-factor',
  summary: 'show whether a login needs a second factor',
  needs: 'self:read',
  answer: twoFactor,
});

export const beginTwoFactor = endpoint({
  method: 'POST',
  path: '/gantry/account/two-factor',
  summary: 'make the key of a second factor, which counts once it is confirmed',
  needs: 'self:write',
  body: requests.beginTwoFactor,
  status: 201,
  answer: twoFactorKey,
});

export const confirmTwoFactor = endpoint({
  method: 'POST',
  path: '/gantry/account/two-factor/confirm',
  summary: 'confirm the second factor with a code of it; answers with the recovery codes, this once',
  needs: 'self:write',
  body: requests.proveTwoFactor,
  answer: recoveryCodes,
});

export const disableTwoFactor = endpoint({
  method: 'DELETE',
  path: '/gantry/account/two-factor',
  summary: 'remove the second factor, with a code of it or a recovery code',
  needs: 'self:write',
  body: requests.proveTwoFactor,
  answer: twoFactor,
});

export const listUsers = endpoint({
  method: 'GET',
  path: '/gantry/users',
  summary: 'list the people who have an account',
  needs: 'platform:admin',
  answer: z.array(user),
  ranges: ['email', 'id'],
});

export const inviteUser = endpoint({
  method: 'POST',
  path: '/gantry/users',
  summary: 'make an account; answers with an invitation to choose its password, shown this once',
  needs: 'platform:admin',
  body: requests.inviteUser,
  status: 201,
  answer: invitation,
});

export const inviteUserAgain = endpoint({
  method: 'POST',
  path: '/gantry/users/:user/invitation',
  summary: 'make another invitation in place of an earlier one',
  needs: 'platform:admin',
  status: 201,
  answer: invitation,
});

export const changeUser = endpoint({
  method: 'PATCH',
  path: '/gantry/users/:user',
  summary: 'make somebody an administrator of the platform, or no longer',
  needs: 'platform:admin',
  body: requests.changeUser,
  answer: user,
});

export const removeUser = endpoint({
  method: 'DELETE',
  path: '/gantry/users/:user',
  summary: 'remove an account that owns no apps, with all that it held',
  needs: 'platform:admin',
  answer: user,
});

export const acceptInvitation = endpoint({
  method: 'POST',
  path: '/gantry/invitations/accept',
  summary: 'choose the password of an account, with an invitation to it',
  needs: 'open',
  body: requests.acceptInvitation,
  answer: user,
});
