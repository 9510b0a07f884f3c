import { endpoint } from '../endpoint.ts';
import { user } from '../resources.ts';

export const showUser = endpoint({
  method: 'GET',
  path: '/users/:user',
  summary: 'show oneself (~), or somebody one shares a team or an app with, by id or e-mail address',
  needs: 'identity',
  answer: user,
});
