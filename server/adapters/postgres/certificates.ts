import { bundleOf } from '../../../lib/key-pair.ts';
import { Secret } from '../../../lib/secret.ts';
import { MOST_CERTIFICATES, type Certificate } from '../../domain/certificate.ts';
import { PlatformError } from '../../domain/errors.ts';
import type { Certificates, CertificateText } from '../../ports/certificates.ts';
import type { Sealer } from '../../ports/sealer.ts';
import { lock, type Database } from './database.ts';
import type { Prisma } from './generated/client.ts';
import { isId } from './stored-json.ts';
import { certificateContext } from './seal-contexts.ts';

const READ = { omit: { key: true }, include: { domains: { select: { id: true } } } } as const;

export function createCertificates({
  db,
  sealer,
}: {
  readonly db: Database;
  readonly sealer: Sealer;
}): Certificates {
  const stored = (appId: string, id: string, { chain, key, digest }: CertificateText) => ({
    ...{ chain, digest },
    key: sealer.seal(key.reveal(), certificateContext(appId, id)),
  });

  return {
    async list(appId, signal) {
      const rows = await db.run(
        (tables) => tables.certificate.findMany({ where: { appId }, ...READ }),
        signal,
      );
      return rows.map(readCertificate).sort((a, b) => (a.name < b.name ? -1 : 1));
    },

    async find(appId, idOrName, signal) {
      const which = isId(idOrName) ? { id: idOrName } : { name: idOrName };
      const row = await db.run(
        (tables) => tables.certificate.findFirst({ where: { appId, ...which }, ...READ }),
        signal,
      );
      return row ? readCertificate(row) : undefined;
    },

    add: ({ id, app, name }, text, signal) =>
      db.transaction(async (tables) => {
        await lock(tables, `certificates of ${app.id}`);
        if (!(await tables.app.findFirst({ where: { id: app.id, deletedAt: null }, select: { id: true } })))
          throw PlatformError.of('not_found', { resource: 'app', name: app.name });
        if ((await tables.certificate.count({ where: { appId: app.id } })) >= MOST_CERTIFICATES)
          throw PlatformError.of('too_many_certificates', { app: app.name, limit: MOST_CERTIFICATES });
        const data = { id, appId: app.id, name, ...stored(app.id, id, text) };
        return readCertificate(await tables.certificate.create({ data, ...READ }));
      }, signal),

    replace: ({ id, appId, digest }, text, signal) =>
      db.transaction(async (tables) => {
        const data = stored(appId, id, text);
        const changed = await tables.certificate.updateMany({ where: { id, digest }, data });
        if (changed.count === 0) return undefined;
        const row = await tables.certificate.findUnique({ where: { id }, ...READ });
        return row ? readCertificate(row) : undefined;
      }, signal),

    async remove({ id, appId }, signal) {
      const removed = await db.run(
        (tables) => tables.certificate.deleteMany({ where: { id, appId } }),
        signal,
      );
      return removed.count > 0;
    },

    async bundleOf(digest, signal) {
      const row = await db.run((tables) => tables.certificate.findFirst({ where: { digest } }), signal);
      if (!row) return undefined;
      const key = sealer.open(row.key, certificateContext(row.appId, row.id));
      return new Secret(bundleOf({ certificates: row.chain, key }));
    },
  };
}

function readCertificate({ domains, ...row }: Prisma.CertificateGetPayload<typeof READ>): Certificate {
  return { ...row, domains: domains.map(({ id }) => id) };
}
