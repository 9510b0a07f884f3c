import { Secret } from '../../../lib/secret.ts';
import { EVERYTHING } from '../../domain/actor.ts';
import { PlatformError } from '../../domain/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Invitation, LoginRecord, People, Person } from '../../ports/people.ts';
import type { Sealer } from '../../ports/sealer.ts';
import { readAccount } from './accounts.ts';
import { lock, type Database, type Tables } from './database.ts';
import { isTaken } from './failures.ts';
import type { Prisma } from './generated/client.ts';
import { createSecondFactors } from './second-factors.ts';
import { isId } from './stored-json.ts';
import { totpContext } from './seal-contexts.ts';

export interface PeopleDeps {
  readonly db: Database;
  readonly sealer: Sealer;
  readonly clock: Clock;
}

const whole = { include: { invitation: true, _count: { select: { recoveryCodes: true } } } } as const;
type Row = Prisma.UserGetPayload<typeof whole>;

const named = (idOrEmail: string) => ({
  ...(isId(idOrEmail) ? { id: idOrEmail } : { email: idOrEmail }),
  removedAt: null,
});

export function createPeople({ db, sealer, clock }: PeopleDeps): People {
  const read = async (idOrEmail: string, signal: AbortSignal): Promise<Row | null> =>
    db.run((tables) => tables.user.findFirst({ where: named(idOrEmail), ...whole }), signal);
  const person = (row: Row | null): Person | undefined => (row ? readPerson(row, clock.now()) : undefined);

  return {
    ...createSecondFactors({ db, sealer, clock }),

    async list(signal) {
      const rows = await db.run(
        (tables) => tables.user.findMany({ where: { removedAt: null }, orderBy: { email: 'asc' }, ...whole }),
        signal,
      );
      return rows.map((row) => readPerson(row, clock.now()));
    },

    find: async (idOrEmail, signal) => person(await read(idOrEmail, signal)),

    async invite({ id, email, admin }, invitation, signal) {
      const createdAt = clock.now();
      const data = { id, email, admin, createdAt, updatedAt: createdAt, invitation: { create: invitation } };
      try {
        const row = await db.run((tables) => tables.user.create({ data, ...whole }), signal);
        return readPerson(row, createdAt);
      } catch (err) {
        if (isTaken(err, 'email')) throw PlatformError.of('email_taken', { email }, err);
        throw err;
      }
    },

    inviteAgain: (userId, invitation, signal) => inviteAgain({ db, clock }, userId, invitation, signal),

    async findInvited(hash, signal) {
      const where = { removedAt: null, invitation: { hash, expiresAt: { gt: clock.now() } } };
      return person(await db.run((tables) => tables.user.findFirst({ where, ...whole }), signal));
    },

    accept: (hash, password, signal) =>
      db.transaction(async (tables) => {
        const now = clock.now();
        const used = await tables.invitation.findFirst({
          where: { hash, expiresAt: { gt: now }, user: { removedAt: null } },
        });
        const gone = used && (await tables.invitation.deleteMany({ where: { hash } }));
        if (!used || gone?.count !== 1) return undefined;
        await tables.token.deleteMany({ where: { userId: used.userId, session: true } });
        const data = { password, updatedAt: now };
        return readPerson(await tables.user.update({ where: { id: used.userId }, data, ...whole }), now);
      }, signal),

    setAdmin: (userId, { admin }, signal) =>
      db.transaction(async (tables) => {
        if (!admin) await mustLeaveAnAdmin(tables, userId);
        const data = { admin, updatedAt: clock.now() };
        await tables.user.updateMany({ where: named(userId), data });
        return person(await tables.user.findFirst({ where: named(userId), ...whole }));
      }, signal),

    remove: (userId, signal) => removePerson({ db, clock }, userId, signal),

    async findLogin(idOrEmail, signal) {
      const row = await read(idOrEmail, signal);
      return row ? readLogin(row, sealer) : undefined;
    },

    async noteLogin(userId, signal) {
      const data = { lastLoginAt: clock.now() };
      await db.run((tables) => tables.user.updateMany({ where: { id: userId }, data }), signal);
    },

    setPassword: (userId, password, { tokenId }, signal) =>
      db.transaction(async (tables) => {
        await tables.user.updateMany({ where: named(userId), data: { password, updatedAt: clock.now() } });
        const others = { userId, session: true, ...(tokenId !== null && { id: { not: tokenId } }) };
        await tables.token.deleteMany({ where: others });
        await tables.invitation.deleteMany({ where: { userId } });
      }, signal),
  };
}

type Deps = Pick<PeopleDeps, 'db' | 'clock'>;

function inviteAgain(
  { db, clock }: Deps,
  userId: string,
  invitation: Invitation,
  signal: AbortSignal,
): Promise<Person | undefined> {
  return db.transaction(async (tables) => {
    if (!(await tables.user.findFirst({ where: named(userId) }))) return undefined;
    const fresh = { ...invitation, createdAt: clock.now() };
    await tables.invitation.upsert({ where: { userId }, create: { userId, ...fresh }, update: fresh });
    return readPerson(await tables.user.findUniqueOrThrow({ where: { id: userId }, ...whole }), clock.now());
  }, signal);
}

function removePerson({ db, clock }: Deps, userId: string, signal: AbortSignal): Promise<Person | undefined> {
  return db.transaction(async (tables) => {
    await mustLeaveAnAdmin(tables, userId);
    const row = await tables.user.findFirst({ where: named(userId), ...whole });
    if (!row) return undefined;
    const apps = await tables.app.findMany({
      where: { ownerId: userId, deletedAt: null },
      select: { name: true },
      orderBy: { name: 'asc' },
    });
    const names = apps.flatMap(({ name }) => (name === null ? [] : [name]));
    if (names.length > 0) throw PlatformError.of('user_owns_apps', { email: row.email, apps: names });
    await tables.token.deleteMany({ where: { userId } });
    await tables.key.deleteMany({ where: { userId } });
    await tables.recoveryCode.deleteMany({ where: { userId } });
    await tables.invitation.deleteMany({ where: { userId } });
    await tables.loginRequest.deleteMany({ where: { userId } });
    await tables.teamMember.deleteMany({ where: { userId } });
    await tables.collaborator.deleteMany({ where: { userId } });
    await tables.appTransfer.deleteMany({ where: { recipientId: userId, state: 'pending' } });
    await tables.user.update({
      where: { id: userId },
      data: {
        // Still to be read in the history of apps, and free for somebody new: `#` is in no address.
        email: `${row.email}#${userId.slice(0, 8)}`,
        ...{ admin: false, password: null, totp: null, totpPending: null },
        ...{ removedAt: clock.now(), updatedAt: clock.now() },
      },
    });
    return readPerson(row, clock.now());
  }, signal);
}

/** Serialized with all who try the same: two administrators must not make each other the last but none. */
async function mustLeaveAnAdmin(tables: Tables, userId: string): Promise<void> {
  await lock(tables, 'administrators');
  const admins = await tables.user.findMany({ where: { admin: true, removedAt: null }, take: 2 });
  const [only] = admins;
  if (only && admins.length === 1 && only.id === userId)
    throw PlatformError.of('last_admin', { email: only.email });
}

function readPerson(row: Row, now: Date): Person {
  const { invitation, password } = row;
  const open = invitation !== null && invitation.expiresAt > now;
  return {
    ...readAccount(row),
    hasPassword: password !== null,
    invitedUntil: open ? invitation.expiresAt : null,
  };
}

function readLogin(row: Row, sealer: Sealer): LoginRecord {
  const { id: userId, email, admin, password } = row;
  const open = (sealed: Uint8Array | null): Secret | null =>
    sealed && new Secret(sealer.open(sealed, totpContext(userId)));
  return {
    actor: { userId, email, admin, scopes: EVERYTHING },
    password,
    totp: open(row.totp),
    totpPending: open(row.totpPending),
    recoveryCodes: row._count.recoveryCodes,
  };
}
