import * as z from 'zod';
import { endpoint } from '../endpoint.ts';
import {
  createApp as createBody,
  destroyApp as destroyBody,
  setDeployBranch as branchBody,
  updateApp as updateBody,
} from '../requests.ts';
import { app, deployBranch, dynoSize, stack } from '../resources.ts';

const apps = z.array(app);
const APP_RANGES = ['name', 'id'];

export const listApps = endpoint({
  method: 'GET',
  path: '/apps',
  summary: 'list the apps the caller may view',
  needs: 'apps:list',
  answer: apps,
  ranges: APP_RANGES,
});

export const listOwnApps = endpoint({
  method: 'GET',
  path: '/users/~/apps',
  summary: 'list the apps the caller owns or collaborates on',
  needs: 'apps:list',
  answer: apps,
  ranges: APP_RANGES,
});

export const createApp = endpoint({
  method: 'POST',
  path: '/apps',
  summary: 'create an app; without a name it gets one',
  needs: 'apps:create',
  body: createBody,
  status: 201,
  answer: app,
});

export const showApp = endpoint({
  method: 'GET',
  path: '/apps/:app',
  summary: 'show an app',
  needs: 'app:view',
  answer: app,
});

export const updateApp = endpoint({
  method: 'PATCH',
  path: '/apps/:app',
  summary: 'change an app',
  needs: 'app:operate',
  body: updateBody,
  answer: app,
});

export const destroyApp = endpoint({
  method: 'DELETE',
  path: '/apps/:app',
  summary: 'destroy an app with everything it has',
  needs: 'app:admin',
  query: z.looseObject({ confirm: z.string().optional() }),
  body: destroyBody,
  answer: app,
});

export const listAddons = endpoint({
  method: 'GET',
  path: '/apps/:app/addons',
  summary: 'list the add-ons of an app',
  needs: 'app:view',
  answer: z.array(z.unknown()),
});

export const listAppStacks = endpoint({
  method: 'GET',
  path: '/apps/:app/available-stacks',
  summary: 'list the stacks an app can be built on',
  needs: 'app:view',
  answer: z.array(stack),
});

export const listAppDynoSizes = endpoint({
  method: 'GET',
  path: '/apps/:app/available-dyno-sizes',
  summary: 'list the sizes the instances of an app can have',
  needs: 'app:view',
  answer: z.array(dynoSize),
});

export const showDeployBranch = endpoint({
  method: 'GET',
  path: '/gantry/apps/:app/deploy-branch',
  summary: 'show the branch whose pushes deploy an app',
  needs: 'app:view',
  answer: deployBranch,
});

export const setDeployBranch = endpoint({
  method: 'PUT',
  path: '/gantry/apps/:app/deploy-branch',
  summary: 'set the branch whose pushes deploy an app; null: main or master',
  needs: 'app:manage',
  body: branchBody,
  answer: deployBranch,
});
