import * as z from 'zod';
import { endpoint } from '../endpoint.ts';
import { host } from '../host-resources.ts';

export const listHosts = endpoint({
  method: 'GET',
  path: '/gantry/hosts',
  summary: 'list the machines of the platform, as they are now',
  needs: 'platform:admin',
  answer: z.array(host),
});
