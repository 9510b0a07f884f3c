import * as z from 'zod';
import { endpoint } from '../endpoint.ts';
import { runInside, runOrder } from '../requests.ts';
import { deployment, dyno } from '../resources.ts';

/** `{}` for a run, which ends for good, and when nothing is deployed. */
const stopped = z.union([deployment, z.strictObject({})]);

export const createDyno = endpoint({
  method: 'POST',
  path: '/apps/:app/dynos',
  summary: 'run a one-off process; an attached one begins when somebody comes to its attach_url',
  needs: 'app:run',
  status: 201,
  body: runOrder,
  answer: dyno,
});

export const createInside = endpoint({
  method: 'POST',
  path: '/apps/:app/dynos/:dyno',
  summary: 'run a command inside a running instance; it begins when somebody comes to its attach_url',
  needs: 'app:run',
  status: 201,
  body: runInside,
  answer: dyno,
});

export const stopDyno = endpoint({
  method: 'POST',
  path: '/apps/:app/dynos/:dyno/actions/stop',
  summary: 'stop a one-off process; an instance is replaced by a fresh one',
  needs: 'app:operate',
  status: 202,
  answer: stopped,
});

export const stopFormation = endpoint({
  method: 'POST',
  path: '/apps/:app/formations/:type/actions/stop',
  summary: 'replace the instances of a process type by fresh ones; `run` stops all one-off processes',
  needs: 'app:operate',
  status: 202,
  answer: stopped,
});
