import type { TeamMemberResource } from '../server/contract/resources.ts';
import type { Options } from './command.ts';
import { UsageError } from './failures.ts';

type Role = TeamMemberResource['role'];
const ROLES: readonly Role[] = ['admin', 'member', 'viewer', 'collaborator'];

/** The team that `--team` names. */
export function teamOf(options: Options): string {
  const team = options.text('team');
  if (team !== undefined) return team;
  throw new UsageError('Which team? Name it with --team NAME; gantry teams lists yours.');
}

/** What `--role` says; undefined when nothing. */
export function teamRoleOf(options: Options): Role | undefined {
  const said = options.text('role');
  const role = ROLES.find((one) => one === said);
  if (said === undefined || role !== undefined) return role;
  throw new UsageError(`${said} is not a role in a team; there are ${ROLES.join(', ')}.`);
}
