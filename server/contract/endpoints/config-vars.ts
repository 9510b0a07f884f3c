import * as z from 'zod';
import { endpoint } from '../endpoint.ts';
import { configVars } from '../resources.ts';

export const showConfigVars = endpoint({
  method: 'GET',
  path: '/apps/:app/config-vars',
  summary: 'show the config vars of an app',
  needs: 'app:secrets',
  answer: configVars,
});

export const changeConfigVars = endpoint({
  method: 'PATCH',
  path: '/apps/:app/config-vars',
  summary: 'set config vars, or remove them (null); makes a release',
  needs: 'app:configure',
  // Names and values are judged by the server, one by one and by name.
  body: z.looseObject({}, { error: 'must be an object of names and values' }),
  answer: configVars,
});

export const showReleaseConfigVars = endpoint({
  method: 'GET',
  path: '/apps/:app/releases/:release/config-vars',
  summary: 'show the config vars of a release',
  needs: 'app:secrets',
  answer: configVars,
});
