import * as z from 'zod';
import { endpoint } from '../endpoint.ts';

export const showSchema = endpoint({
  method: 'GET',
  path: '/schema',
  summary: 'describe this API, as an OpenAPI 3.1 document',
  needs: 'open',
  answer: z.looseObject({ openapi: z.string() }),
});
