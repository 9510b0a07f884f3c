import * as z from 'zod';
import { endpoint } from '../endpoint.ts';
import {
  createTeam as createBody,
  inviteToTeam as inviteBody,
  putTeamMember as memberBody,
  updateTeam as updateBody,
} from '../requests.ts';
import { app, permission, team, teamFeature, teamInvitation, teamMember } from '../resources.ts';

export const listTeams = endpoint({
  method: 'GET',
  path: '/teams',
  summary: 'list the teams the caller is in',
  needs: 'teams:list',
  answer: z.array(team),
  ranges: ['name', 'id'],
});

export const createTeam = endpoint({
  method: 'POST',
  path: '/teams',
  summary: 'create a team, with the caller as its administrator',
  needs: 'teams:create',
  body: createBody,
  status: 201,
  answer: team,
});

export const showTeam = endpoint({
  method: 'GET',
  path: '/teams/:team',
  summary: 'show a team',
  needs: 'team:view',
  answer: team,
});

export const updateTeam = endpoint({
  method: 'PATCH',
  path: '/teams/:team',
  summary: 'rename a team',
  needs: 'team:admin',
  body: updateBody,
  answer: team,
});

export const removeTeam = endpoint({
  method: 'DELETE',
  path: '/teams/:team',
  summary: 'remove a team that has no apps',
  needs: 'team:admin',
  answer: team,
});

export const listTeamApps = endpoint({
  method: 'GET',
  path: '/teams/:team/apps',
  summary: 'list the apps of a team that the caller may view',
  needs: 'team:view',
  answer: z.array(app),
  ranges: ['name', 'id'],
});

export const listTeamMembers = endpoint({
  method: 'GET',
  path: '/teams/:team/members',
  summary: 'list the members of a team',
  needs: 'team:view',
  answer: z.array(teamMember),
  ranges: ['email', 'id'],
});

export const putTeamMember = endpoint({
  method: 'PUT',
  path: '/teams/:team/members',
  summary: 'make somebody a member of a team, or change what they are in it',
  needs: 'team:admin',
  body: memberBody,
  answer: teamMember,
});

export const addTeamMember = endpoint({
  method: 'POST',
  path: '/teams/:team/members',
  summary: 'make somebody a member of a team',
  needs: 'team:admin',
  body: memberBody,
  status: 201,
  answer: teamMember,
});

export const changeTeamMember = endpoint({
  method: 'PATCH',
  path: '/teams/:team/members',
  summary: 'change what a member is in a team',
  needs: 'team:admin',
  body: memberBody,
  answer: teamMember,
});

export const removeTeamMember = endpoint({
  method: 'DELETE',
  path: '/teams/:team/members/:member',
  summary: 'remove a member from a team, with all rights on its apps; anybody may leave',
  needs: 'team:admin',
  answer: teamMember,
});

export const listTeamFeatures = endpoint({
  method: 'GET',
  path: '/teams/:team/features',
  summary: 'list the features of a team',
  needs: 'team:view',
  answer: z.array(teamFeature),
  ranges: ['name', 'id'],
});

export const showTeamFeature = endpoint({
  method: 'GET',
  path: '/teams/:team/features/:feature',
  summary: 'show a feature of a team',
  needs: 'team:view',
  answer: teamFeature,
});

export const listTeamInvitations = endpoint({
  method: 'GET',
  path: '/teams/:team/invitations',
  summary: 'list who was asked to join a team; nobody is, as who is invited is a member at once',
  needs: 'team:view',
  answer: z.array(teamInvitation),
  ranges: ['id'],
});

export const inviteToTeam = endpoint({
  method: 'PUT',
  path: '/teams/:team/invitations',
  summary: 'invite somebody who has an account here: they are a member at once',
  needs: 'team:admin',
  body: inviteBody,
  status: 201,
  answer: teamInvitation,
});

export const revokeInvitation = endpoint({
  method: 'DELETE',
  path: '/teams/:team/invitations/:invitation',
  summary: 'revoke an invitation; there is none that is open, see the members',
  needs: 'team:admin',
  answer: teamInvitation,
});

export const listTeamPermissions = endpoint({
  method: 'GET',
  path: '/teams/permissions',
  summary: 'list what collaborators can be permitted',
  needs: 'platform:read',
  answer: z.array(permission),
});
