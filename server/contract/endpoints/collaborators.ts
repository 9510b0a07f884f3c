import * as z from 'zod';
import { endpoint } from '../endpoint.ts';
import { addCollaborator as addBody, updateCollaborator as updateBody } from '../requests.ts';
import { collaborator } from '../resources.ts';

export const listCollaborators = endpoint({
  method: 'GET',
  path: '/apps/:app/collaborators',
  summary: 'list who may do something with an app',
  needs: 'app:view',
  answer: z.array(collaborator),
  ranges: ['email', 'id'],
});

export const addCollaborator = endpoint({
  method: 'POST',
  path: '/apps/:app/collaborators',
  summary: 'let somebody do something with an app',
  needs: 'app:share',
  body: addBody,
  status: 201,
  answer: collaborator,
});

export const showCollaborator = endpoint({
  method: 'GET',
  path: '/apps/:app/collaborators/:collaborator',
  summary: 'show what somebody may do with an app, by e-mail address or id',
  needs: 'app:view',
  answer: collaborator,
});

export const updateCollaborator = endpoint({
  method: 'PATCH',
  path: '/apps/:app/collaborators/:collaborator',
  summary: 'change what somebody may do with an app',
  needs: 'app:share',
  body: updateBody,
  answer: collaborator,
});

export const removeCollaborator = endpoint({
  method: 'DELETE',
  path: '/apps/:app/collaborators/:collaborator',
  summary: 'take all rights on an app from somebody; anybody may leave',
  needs: 'app:share',
  answer: collaborator,
});
