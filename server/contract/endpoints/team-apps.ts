import * as z from 'zod';
import { endpoint } from '../endpoint.ts';
import {
  addCollaborator as addBody,
  createTeamApp as createBody,
  updateCollaborator as updateBody,
  updateTeamApp as updateAppBody,
} from '../requests.ts';
import { app, collaborator } from '../resources.ts';

export const createTeamApp = endpoint({
  method: 'POST',
  path: '/teams/apps',
  summary: 'create an app in a team',
  needs: 'apps:create',
  body: createBody,
  status: 201,
  answer: app,
});

export const showTeamApp = endpoint({
  method: 'GET',
  path: '/teams/apps/:app',
  summary: 'show an app, and whether it is locked and joined',
  needs: 'app:view',
  answer: app,
});

export const updateTeamApp = endpoint({
  method: 'PATCH',
  path: '/teams/apps/:app',
  summary: 'lock or unlock an app of a team, or give an app to a team or a person',
  needs: 'app:share',
  body: updateAppBody,
  answer: app,
});

export const listTeamAppCollaborators = endpoint({
  method: 'GET',
  path: '/teams/apps/:app/collaborators',
  summary: 'list who may do something with an app',
  needs: 'app:view',
  answer: z.array(collaborator),
  ranges: ['email', 'id'],
});

export const addTeamAppCollaborator = endpoint({
  method: 'POST',
  path: '/teams/apps/:app/collaborators',
  summary: 'let somebody do something with an app; members of its team may so join it',
  needs: 'app:share',
  body: addBody,
  status: 201,
  answer: collaborator,
});

export const showTeamAppCollaborator = endpoint({
  method: 'GET',
  path: '/teams/apps/:app/collaborators/:collaborator',
  summary: 'show what somebody may do with an app, by e-mail address or id',
  needs: 'app:view',
  answer: collaborator,
});

export const updateTeamAppCollaborator = endpoint({
  method: 'PATCH',
  path: '/teams/apps/:app/collaborators/:collaborator',
  summary: 'change what somebody may do with an app',
  needs: 'app:share',
  body: updateBody,
  answer: collaborator,
});

export const removeTeamAppCollaborator = endpoint({
  method: 'DELETE',
  path: '/teams/apps/:app/collaborators/:collaborator',
  summary: 'take all rights on an app from somebody; anybody may leave',
  needs: 'app:share',
  answer: collaborator,
});
