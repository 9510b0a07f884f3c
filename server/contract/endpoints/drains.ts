import * as z from 'zod';
import { endpoint } from '../endpoint.ts';
import { addLogDrain as addBody, logDrain } from '../drain-resources.ts';

export const listLogDrains = endpoint({
  method: 'GET',
  path: '/apps/:app/log-drains',
  summary: 'list where the log of an app also goes',
  needs: 'app:operate',
  answer: z.array(logDrain),
  ranges: ['created_at', 'id'],
});

export const addLogDrain = endpoint({
  method: 'POST',
  path: '/apps/:app/log-drains',
  summary: 'send the log of an app to a URL from now on: syslog://, syslog+tls://, https:// or http://',
  needs: 'app:operate',
  body: addBody,
  status: 201,
  answer: logDrain,
});

export const showLogDrain = endpoint({
  method: 'GET',
  path: '/apps/:app/log-drains/:drain',
  summary: 'show a drain, by its id, token or URL (percent-encoded)',
  needs: 'app:operate',
  answer: logDrain,
});

export const removeLogDrain = endpoint({
  method: 'DELETE',
  path: '/apps/:app/log-drains/:drain',
  summary:
    'remove a drain, by its id, token or URL (percent-encoded); what waits for it is not sent any more',
  needs: 'app:operate',
  answer: logDrain,
});
