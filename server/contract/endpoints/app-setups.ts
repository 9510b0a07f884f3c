import { endpoint } from '../endpoint.ts';
import { createAppSetup as createBody } from '../requests.ts';
import { appSetup } from '../setup-resources.ts';

export const createAppSetup = endpoint({
  method: 'POST',
  path: '/app-setups',
  summary: 'make an app of a source, as its app.json says; answers before it is done',
  needs: 'apps:create',
  body: createBody,
  status: 201,
  answer: appSetup,
});

export const showAppSetup = endpoint({
  method: 'GET',
  path: '/app-setups/:setup',
  summary: 'show how far the making of an app has come',
  needs: 'apps:list',
  answer: appSetup,
});
