import * as z from 'zod';
import { endpoint } from '../endpoint.ts';
import { deployment, dyno } from '../resources.ts';

/** `{}` when nothing is deployed. */
const restarted = z.union([deployment, z.strictObject({})]);

export const listDynos = endpoint({
  method: 'GET',
  path: '/apps/:app/dynos',
  summary: 'list what runs of an app',
  needs: 'app:view',
  answer: z.array(dyno),
});

export const showDyno = endpoint({
  method: 'GET',
  path: '/apps/:app/dynos/:dyno',
  summary: 'show one instance, by its name or id',
  needs: 'app:view',
  answer: dyno,
});

export const restartDynos = endpoint({
  method: 'DELETE',
  path: '/apps/:app/dynos',
  summary: 'replace all instances by fresh ones; answers with the deployment',
  needs: 'app:operate',
  status: 202,
  answer: restarted,
});

export const restartDyno = endpoint({
  method: 'DELETE',
  path: '/apps/:app/dynos/:dyno',
  summary: 'restart one instance',
  needs: 'app:operate',
  status: 202,
  answer: restarted,
});

export const restartFormation = endpoint({
  method: 'DELETE',
  path: '/apps/:app/formations/:type',
  summary: 'restart the instances of a process type',
  needs: 'app:operate',
  status: 202,
  answer: restarted,
});
