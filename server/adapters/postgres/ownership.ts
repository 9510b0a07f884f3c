import { PlatformError } from '../../domain/errors.ts';
import type { Database } from './database.ts';

/**
 * Makes sure that the database is this platform's own, and makes it so when it is nobody's. A server that acted on
 * somebody else's database would take every app that runs here for one that was destroyed.
 *
 * `hasApps`: whether this machine holds repositories of apps. Throws `database_of_another`, and `database_lost` for a
 * database without any user, which nobody has used, although there are apps. Idempotent.
 */
export async function ownDatabase(
  db: Database,
  platformId: string,
  hasApps: boolean,
  signal: AbortSignal,
): Promise<void> {
  const owner = await db.transaction(async (tables) => {
    const found = await tables.platform.findUnique({ where: { id: 1 } });
    if (found) return found.platformId;
    if (hasApps && (await tables.user.count()) === 0) return null;
    await tables.$executeRaw`INSERT INTO "Platform" (id, "platformId") VALUES (1, ${platformId}) ON CONFLICT DO NOTHING`;
    return (await tables.platform.findUniqueOrThrow({ where: { id: 1 } })).platformId;
  }, signal);
  if (owner === null) throw PlatformError.of('database_lost', {});
  if (owner !== platformId) throw PlatformError.of('database_of_another', { owner });
}
