import { createHmac } from 'node:crypto';
import { Secret } from '../../../lib/secret.ts';
import { DRAIN_TAKEN, type Drain } from '../../domain/drain.ts';
import { PlatformError } from '../../domain/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { DrainName, Drains } from '../../ports/drains.ts';
import type { Sealer } from '../../ports/sealer.ts';
import type { Database } from './database.ts';
import type { Prisma } from './generated/client.ts';
import { isId } from './stored-json.ts';
import { lockLivingApp } from './supersede.ts';
import { drainContext } from './seal-contexts.ts';

interface Deps {
  readonly db: Database;
  readonly sealer: Sealer;
  readonly clock: Clock;
  /** A stolen database tells by its fingerprints of no password that could be guessed. */
  readonly fingerprintKey: Secret;
}

type Row = Prisma.DrainGetPayload<object>;

export function createDrains({ db, sealer, clock, fingerprintKey }: Deps): Drains {
  const fingerprint = (canonical: Secret): string =>
    createHmac('sha256', fingerprintKey.reveal()).update(canonical.reveal()).digest('base64url');
  const read = ({ id, appId, token, sealedUrl, createdAt, updatedAt }: Row): Drain => {
    const url = new Secret(sealer.open(sealedUrl, drainContext(id)));
    return { id, appId, token, url, createdAt, updatedAt };
  };
  const whereOf = (appId: string, by: DrainName): Prisma.DrainWhereInput | undefined => {
    if ('id' in by) return isId(by.id) ? { appId, id: by.id } : undefined;
    return 'token' in by ? { appId, token: by.token } : { appId, fingerprint: fingerprint(by.canonical) };
  };
  const order = [{ createdAt: 'asc' as const }, { id: 'asc' as const }];
  return {
    add: ({ id, appId, token, url, canonical }, most, signal) =>
      db.transaction(async (tables) => {
        if (!(await lockLivingApp(tables, appId)))
          throw PlatformError.of('not_found', { resource: 'app', name: appId });
        const there = await tables.drain.findMany({ where: { appId } });
        const mine = fingerprint(canonical);
        if (there.some((one) => one.fingerprint === mine))
          throw PlatformError.of('invalid_params', DRAIN_TAKEN);
        if (there.length >= most) throw PlatformError.of('too_many_drains', { limit: most });
        const now = clock.now();
        const data = {
          ...{ id, appId, token, fingerprint: mine, createdAt: now, updatedAt: now },
          sealedUrl: sealer.seal(url.reveal(), drainContext(id)),
        };
        return read(await tables.drain.create({ data }));
      }, signal),

    async list(appId, signal) {
      const rows = await db.run(
        (tables) => tables.drain.findMany({ where: { appId }, orderBy: order }),
        signal,
      );
      return rows.map(read);
    },

    async find(appId, by, signal) {
      const where = whereOf(appId, by);
      const row = where ? await db.run((tables) => tables.drain.findFirst({ where }), signal) : null;
      return row ? read(row) : undefined;
    },

    async remove({ id, appId }, signal) {
      const gone = await db.run((tables) => tables.drain.deleteMany({ where: { id, appId } }), signal);
      return gone.count === 1;
    },

    async all(signal) {
      const where = { app: { deletedAt: null } };
      const rows = await db.run((tables) => tables.drain.findMany({ where, orderBy: order }), signal);
      return rows.map(read);
    },
  };
}
