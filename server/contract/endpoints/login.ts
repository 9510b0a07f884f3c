import { endpoint } from '../endpoint.ts';
import { beginLogin as beginLoginBody } from '../identity-requests.ts';
import { begunLogin } from '../identity-resources.ts';

/** The program then opens `browser_url` and waits with `GET cli_url`, whose answer is `{access_token}` or `{error}`. */
export const beginLogin = endpoint({
  method: 'POST',
  path: '/auth',
  summary: 'begin a login that its person approves in a browser',
  needs: 'open',
  body: beginLoginBody,
  status: 201,
  answer: begunLogin,
});
