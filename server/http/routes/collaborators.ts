import {
  addCollaborator,
  listCollaborators,
  removeCollaborator,
  showCollaborator,
  updateCollaborator,
} from '../../contract/endpoints/collaborators.ts';
import {
  addTeamAppCollaborator,
  listTeamAppCollaborators,
  removeTeamAppCollaborator,
  showTeamAppCollaborator,
  updateTeamAppCollaborator,
} from '../../contract/endpoints/team-apps.ts';
import type { Access } from '../../services/collaborators.ts';
import { listAnswer } from '../answer.ts';
import { shapeAccess } from '../membership-shapes.ts';
import { route, type Route } from '../route.ts';
import type { Services } from '../services.ts';

const FIELDS = { email: ({ user }: Access) => user.email, id: ({ id }: Access) => id };

/** The same for every app under two paths: the Platform API has one for apps of teams, where permissions can be said. */
export function collaboratorRoutes(service: Services['collaborators']): readonly Route[] {
  return [listCollaborators, listTeamAppCollaborators]
    .map((endpoint) =>
      route(endpoint, async ({ actor, params, range, signal }) => {
        const { app, all } = await service.list(actor, params.app, signal);
        return listAnswer(range, all, FIELDS, (access) => shapeAccess(access, app));
      }),
    )
    .concat(
      [addCollaborator, addTeamAppCollaborator].map((endpoint) =>
        route(endpoint, async ({ actor, params, body, signal }) => {
          const wanted = { user: body.user, permissions: body.permissions };
          const { app, access } = await service.add(actor, params.app, wanted, signal);
          return { body: shapeAccess(access, app) };
        }),
      ),
      [showCollaborator, showTeamAppCollaborator].map((endpoint) =>
        route(endpoint, async ({ actor, params, signal }) => {
          const { app, access } = await service.find(actor, params.app, params.collaborator, signal);
          return { body: shapeAccess(access, app) };
        }),
      ),
      [updateCollaborator, updateTeamAppCollaborator].map((endpoint) =>
        route(endpoint, async ({ actor, params, body, signal }) => {
          const { app, collaborator } = params;
          const found = await service.update(actor, app, collaborator, body.permissions, signal);
          return { body: shapeAccess(found.access, found.app) };
        }),
      ),
      [removeCollaborator, removeTeamAppCollaborator].map((endpoint) =>
        route(endpoint, async ({ actor, params, signal }) => {
          const { app, access } = await service.remove(actor, params.app, params.collaborator, signal);
          return { body: shapeAccess(access, app) };
        }),
      ),
    );
}
