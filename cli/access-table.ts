import type { CollaboratorResource } from '../server/contract/resources.ts';
import type { Options } from './command.ts';

/** Each includes those before it. */
const ORDER = ['view', 'deploy', 'operate', 'manage'];

/** `owner`, `admin` of the app's team, or the most that somebody may. */
export function roleOf({ role, permissions }: Pick<CollaboratorResource, 'role' | 'permissions'>): string {
  if (role === 'owner' || role === 'admin') return role;
  const names = permissions.map(({ name }) => name);
  return ORDER.findLast((name) => names.includes(name)) ?? role ?? '';
}

/** `-p view,deploy` as the API wants it; undefined when nothing was said. Which there are is for the server to say. */
export function permissionsOf(options: Options): string[] | undefined {
  const said = options.text('permissions');
  return said?.split(',').map((one) => one.trim());
}
