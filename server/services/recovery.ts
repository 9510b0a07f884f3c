import { randomUUID } from 'node:crypto';
import type { Secret } from '../../lib/secret.ts';
import { EVERYTHING } from '../domain/actor.ts';
import { PlatformError } from '../domain/errors.ts';
import type { Accounts } from '../ports/accounts.ts';
import type { Clock } from '../ports/clock.ts';
import type { People, Person } from '../ports/people.ts';
import type { Tokens } from '../ports/tokens.ts';
import { hashToken, newToken } from './accounts.ts';
import { newInvitation } from './people.ts';

export interface RecoveryWish {
  /** Whom; by default the administrator who is here longest. */
  readonly email: string | undefined;
  /** The token that the new one takes the place of, if it is known. */
  readonly former: Secret | undefined;
  readonly password: 'keep' | 'reset';
  readonly secondFactor: 'keep' | 'remove';
}

export interface Recovered {
  readonly person: Person;
  readonly token: Secret;
  /** With which a new password is chosen; null when the password was to be kept. */
  readonly invitation: Secret | null;
}

export interface RecoveryDeps {
  readonly accounts: Pick<Accounts, 'findByTokenHash'>;
  readonly people: People;
  readonly tokens: Tokens;
  readonly clock: Clock;
}

/**
 * Lets an administrator in who has lost every way. There is nobody to authorize: whoever may call it holds the master
 * key and the database already. Whom it lets in is an administrator afterwards. Throws `not_found`.
 */
export async function recover(
  { accounts, people, tokens, clock }: RecoveryDeps,
  wish: RecoveryWish,
  signal: AbortSignal,
): Promise<Recovered> {
  const found = await whom(people, wish.email, signal);
  const person = found.admin ? found : await people.setAdmin(found.id, { admin: true }, signal);
  if (!person) throw PlatformError.of('not_found', { resource: 'user', name: found.email });
  if (wish.secondFactor === 'remove') await people.clearTotp(person.id, signal);
  const fresh = wish.password === 'reset' ? newInvitation(clock.now()) : null;
  if (fresh) await people.inviteAgain(person.id, fresh.invitation, signal);

  const former = wish.former && (await accounts.findByTokenHash(hashToken(wish.former.reveal()), signal));
  if (former?.credential?.kind === 'token') await tokens.revoke(former.userId, former.credential.id, signal);
  const token = newToken();
  await tokens.create(
    {
      ...{
        id: randomUUID(),
        userId: person.id,
        hash: hashToken(token.reveal()),
        hint: token.reveal().slice(-6),
      },
      ...{
        description: 'recovered on the server',
        scopes: EVERYTHING,
        session: false,
        ip: null,
        addresses: [],
      },
      ...{ lifetimeMs: null, expiresAt: null, createdAt: clock.now() },
    },
    // Whoever has lost all of theirs cannot make room.
    Infinity,
    signal,
  );
  return { person, token, invitation: fresh?.secret ?? null };
}

async function whom(people: People, email: string | undefined, signal: AbortSignal): Promise<Person> {
  if (email !== undefined) {
    const person = await people.find(email.trim().toLowerCase(), signal);
    if (person) return person;
    throw PlatformError.of('not_found', { resource: 'user', name: email.slice(0, 100) });
  }
  const all = await people.list(signal);
  const oldest = [...all].sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
  const person = oldest.find(({ admin }) => admin) ?? oldest[0];
  if (person) return person;
  throw PlatformError.of('not_found', {
    resource: 'user',
    name: 'an administrator; start the platform once',
  });
}
