import { MOST_DOMAINS, relatedHosts, type Domain } from '../../domain/domain.ts';
import { PlatformError } from '../../domain/errors.ts';
import type { Domains } from '../../ports/domains.ts';
import { lock, type Database, type Tables } from './database.ts';
import type { Prisma } from './generated/client.ts';
import { isId } from './stored-json.ts';

const WITH_CERTIFICATE = { certificate: { select: { id: true, name: true } } } as const;

export function createDomains({ db }: { readonly db: Database }): Domains {
  return {
    async list(appId, signal) {
      const rows = await db.run(
        (tables) => tables.domain.findMany({ where: { appId }, include: WITH_CERTIFICATE }),
        signal,
      );
      // Sorted here: the order must not depend on the database's collation.
      return rows.map(readDomain).sort((a, b) => (a.hostname < b.hostname ? -1 : 1));
    },

    async find(appId, idOrHostname, signal) {
      const which = isId(idOrHostname) ? { id: idOrHostname } : { hostname: idOrHostname };
      const row = await db.run(
        (tables) => tables.domain.findFirst({ where: { appId, ...which }, include: WITH_CERTIFICATE }),
        signal,
      );
      return row ? readDomain(row) : undefined;
    },

    add: ({ id, app, hostname, certificateId }, signal) =>
      db.transaction(async (tables) => {
        await lock(tables, 'domains'); // what is above and below a wildcard is more than a unique index can see
        const living = await tables.app.findFirst({
          where: { id: app.id, deletedAt: null },
          select: { ownerId: true },
        });
        if (!living) throw PlatformError.of('not_found', { resource: 'app', name: app.name });
        if (await isTaken(tables, hostname, living.ownerId))
          throw PlatformError.of('domain_taken', { hostname });
        if ((await tables.domain.count({ where: { appId: app.id } })) >= MOST_DOMAINS)
          throw PlatformError.of('too_many_domains', { app: app.name, limit: MOST_DOMAINS });
        if (certificateId !== null && !(await belongs(tables, certificateId, app.id)))
          throw PlatformError.of('not_found', { resource: 'sni_endpoint', name: certificateId });
        const data = { id, appId: app.id, hostname, certificateId };
        return readDomain(await tables.domain.create({ data, include: WITH_CERTIFICATE }));
      }, signal),

    attach: ({ id, appId }, certificateId, signal) =>
      db.transaction(async (tables) => {
        if (certificateId !== null && !(await belongs(tables, certificateId, appId))) return undefined;
        const changed = await tables.domain.updateMany({ where: { id, appId }, data: { certificateId } });
        if (changed.count === 0) return undefined;
        const row = await tables.domain.findUnique({ where: { id }, include: WITH_CERTIFICATE });
        return row ? readDomain(row) : undefined;
      }, signal),

    async remove({ id, appId }, signal) {
      const removed = await db.run((tables) => tables.domain.deleteMany({ where: { id, appId } }), signal);
      return removed.count > 0;
    },
  };
}

async function isTaken(tables: Tables, hostname: string, ownerId: string): Promise<boolean> {
  const { wildcard, below } = relatedHosts(hostname);
  // A host name has neither `%` nor `_`, so it is a pattern for nothing but itself.
  const [found] = await tables.$queryRaw<unknown[]>`
    SELECT 1 FROM "Domain" d JOIN "App" a ON a.id = d."appId"
    WHERE d.hostname = ${hostname}
      OR (a."ownerId" <> ${ownerId}::uuid AND (d.hostname = ${wildcard}
        OR (d.hostname LIKE '%' || ${below} AND d.hostname NOT LIKE '%.%' || ${below})))
    LIMIT 1`;
  return found !== undefined;
}

/** The certificate cannot go before the transaction ends. */
async function belongs(tables: Tables, certificateId: string, appId: string): Promise<boolean> {
  const found = await tables.$queryRaw<unknown[]>`
    SELECT 1 FROM "Certificate" WHERE id = ${certificateId}::uuid AND "appId" = ${appId}::uuid FOR SHARE`;
  return found.length > 0;
}

function readDomain(row: Prisma.DomainGetPayload<{ include: typeof WITH_CERTIFICATE }>): Domain {
  const { id, appId, hostname, certificate, createdAt, updatedAt } = row;
  return { id, appId, hostname, certificate, createdAt, updatedAt };
}
