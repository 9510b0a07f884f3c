import * as z from 'zod';
import { endpoint } from '../endpoint.ts';

const way = z.object({
  tunnel_host: z.string(),
  client_user: z.string(),
  proxy_public_key: z.string(),
  dyno_ip: z.string(),
});

/** The app is the user name of Basic credentials; it is needed as for any command inside an instance. */
export const listReservations = endpoint({
  method: 'GET',
  path: '/api/v2',
  summary: 'list the instances that may be entered over SSH; the app is the user name of Basic credentials',
  needs: 'identity',
  answer: z.array(z.object({ dyno_name: z.string() })),
});

export const reserve = endpoint({
  method: 'PUT',
  path: '/api/v2/:dyno',
  summary: 'let a key into an instance over SSH; the app is the user name of Basic credentials',
  needs: 'identity',
  body: z.strictObject({ client_key: z.string().min(1).max(16_384, 'is too long for a public key') }),
  answer: way,
});
