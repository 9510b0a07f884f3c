import * as z from 'zod';
import { endpoint } from '../endpoint.ts';
import { updateFormation as updateBody, updateFormations as updatesBody } from '../requests.ts';
import { formation } from '../resources.ts';

export const listFormation = endpoint({
  method: 'GET',
  path: '/apps/:app/formation',
  summary: 'list how many instances of each process type are wanted',
  needs: 'app:view',
  answer: z.array(formation),
  ranges: ['type'],
});

export const changeFormation = endpoint({
  method: 'PATCH',
  path: '/apps/:app/formation',
  summary: 'scale process types',
  needs: 'app:operate',
  body: updatesBody,
  answer: z.array(formation),
});

export const showFormation = endpoint({
  method: 'GET',
  path: '/apps/:app/formation/:type',
  summary: 'show how many instances of a process type are wanted',
  needs: 'app:view',
  answer: formation,
});

export const changeOneFormation = endpoint({
  method: 'PATCH',
  path: '/apps/:app/formation/:type',
  summary: 'scale one process type',
  needs: 'app:operate',
  body: updateBody,
  answer: formation,
});
