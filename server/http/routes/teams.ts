import * as endpoints from '../../contract/endpoints/teams.ts';
import { createTeamApp, showTeamApp, updateTeamApp } from '../../contract/endpoints/team-apps.ts';
import type { SeenApp } from '../../domain/app.ts';
import { PlatformError } from '../../domain/errors.ts';
import type { SeenTeam, TeamMember } from '../../domain/team.ts';
import { listAnswer } from '../answer.ts';
import {
  shapeFeatures,
  shapeInvitation,
  shapeMember,
  shapePermissions,
  shapeTeam,
} from '../membership-shapes.ts';
import { route, type Route } from '../route.ts';
import type { Services } from '../services.ts';
import { mustBeOurs, shapeApp, type Place } from '../shapes.ts';

type Deps = Pick<Services, 'apps' | 'teams' | 'transfers'>;

const APP_FIELDS = { name: (app: SeenApp) => app.name, id: (app: SeenApp) => app.id };
const TEAM_FIELDS = { name: (team: SeenTeam) => team.name, id: (team: SeenTeam) => team.id };
const MEMBER_FIELDS = { email: ({ user }: TeamMember) => user.email, id: ({ id }: TeamMember) => id };

export function teamRoutes({ apps, teams, transfers }: Deps, place: Place): readonly Route[] {
  return [...ofTeams(teams, place), ...ofMembers(teams), ...ofApps({ apps, transfers }, place)];
}

function ofTeams(teams: Services['teams'], place: Place): readonly Route[] {
  return [
    route(endpoints.listTeams, async ({ actor, range, signal }) =>
      listAnswer(range, await teams.list(actor, signal), TEAM_FIELDS, shapeTeam),
    ),
    route(endpoints.createTeam, async ({ actor, body, signal }) => ({
      body: shapeTeam(await teams.create(actor, body.name, signal)),
    })),
    route(endpoints.showTeam, async ({ actor, params, signal }) => ({
      body: shapeTeam(await teams.find(actor, params.team, signal)),
    })),
    route(endpoints.updateTeam, async ({ actor, params, body, signal }) => ({
      body: shapeTeam(await teams.rename(actor, params.team, body.name, signal)),
    })),
    route(endpoints.removeTeam, async ({ actor, params, signal }) => ({
      body: shapeTeam(await teams.remove(actor, params.team, signal)),
    })),
    route(endpoints.listTeamApps, async ({ actor, params, range, signal }) =>
      listAnswer(range, await teams.apps(actor, params.team, signal), APP_FIELDS, (app) =>
        shapeApp(app, place),
      ),
    ),
    route(endpoints.listTeamFeatures, async ({ actor, params, signal }) => ({
      body: shapeFeatures(await teams.find(actor, params.team, signal)),
    })),
    route(endpoints.showTeamFeature, async ({ actor, params, signal }) => {
      const all = shapeFeatures(await teams.find(actor, params.team, signal));
      const found = all.find(({ id, name }) => [id, name].includes(params.feature));
      if (found === undefined)
        throw PlatformError.of('not_found', { resource: 'feature', name: params.feature.slice(0, 100) });
      return { body: found };
    }),
    route(endpoints.listTeamPermissions, () => Promise.resolve({ body: shapePermissions() })),
  ];
}

function ofMembers(teams: Services['teams']): readonly Route[] {
  return [
    route(endpoints.listTeamMembers, async ({ actor, params, range, signal }) =>
      listAnswer(range, await teams.members(actor, params.team, signal), MEMBER_FIELDS, shapeMember),
    ),
    ...[endpoints.putTeamMember, endpoints.addTeamMember].map((endpoint) =>
      route(endpoint, async ({ actor, params, body, signal }) => ({
        body: shapeMember((await teams.putMember(actor, params.team, body, signal)).member),
      })),
    ),
    route(endpoints.changeTeamMember, async ({ actor, params, body, signal }) => ({
      body: shapeMember(await teams.changeMember(actor, params.team, body, signal)),
    })),
    route(endpoints.removeTeamMember, async ({ actor, params, signal }) => ({
      body: shapeMember(await teams.removeMember(actor, params.team, params.member, signal)),
    })),
    route(endpoints.listTeamInvitations, async ({ actor, params, signal }) => {
      await teams.find(actor, params.team, signal);
      return { body: [] };
    }),
    route(endpoints.inviteToTeam, async ({ actor, params, body, signal }) => {
      const { team, member } = await teams.putMember(actor, params.team, body, signal);
      return { body: shapeInvitation(member, team, { id: actor.userId, email: actor.email }) };
    }),
    route(endpoints.revokeInvitation, async ({ actor, params, signal }) => {
      await teams.administer(actor, params.team, signal);
      const name = params.invitation.slice(0, 100);
      throw PlatformError.of('not_found', { resource: 'team_invitation', name });
    }),
  ];
}

function ofApps({ apps, transfers }: Pick<Deps, 'apps' | 'transfers'>, place: Place): readonly Route[] {
  return [
    route(createTeamApp, async ({ actor, body, signal }) => {
      mustBeOurs('stack', body.stack);
      mustBeOurs('region', body.region);
      const { name, team, locked } = body;
      const input = {
        ...(typeof name === 'string' && { name }),
        ...(typeof team === 'string' && body.personal !== true && { team }),
        ...(typeof locked === 'boolean' && { locked }),
      };
      return { body: shapeApp(await apps.create(actor, input, signal), place) };
    }),
    route(showTeamApp, async ({ actor, params, signal }) => ({
      body: shapeApp(await apps.find(actor, params.app, signal), place),
    })),
    route(updateTeamApp, async ({ actor, params, body, signal }) => {
      const { locked, owner } = body;
      const app =
        owner === undefined
          ? await transfers.lock(actor, params.app, locked === true, signal)
          : await transfers.give(actor, params.app, owner, signal);
      return { body: shapeApp(app, place) };
    }),
  ];
}
