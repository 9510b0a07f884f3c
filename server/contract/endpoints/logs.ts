import { endpoint } from '../endpoint.ts';
import { createLogSession as sessionBody } from '../requests.ts';
import { logSession } from '../resources.ts';

export const createLogSession = endpoint({
  method: 'POST',
  path: '/apps/:app/log-sessions',
  summary: "get a link to a stream of the app's log",
  needs: 'app:view',
  body: sessionBody,
  status: 201,
  answer: logSession,
});
