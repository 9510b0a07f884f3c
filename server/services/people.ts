import { randomBytes, randomUUID } from 'node:crypto';
import { Secret } from '../../lib/secret.ts';
import type { Actor } from '../domain/actor.ts';
import { PlatformError } from '../domain/errors.ts';
import { parseEmail, passwordProblem } from '../domain/password.ts';
import type { Clock } from '../ports/clock.ts';
import type { Passwords } from '../ports/passwords.ts';
import type { People as PeopleStore, Person } from '../ports/people.ts';
import { hashToken } from './accounts.ts';
import { needAdmin, needAnywhere } from './reach.ts';

/** Somebody invited, and the secret with which they choose a password, which nobody sees again. */
export interface Invited {
  readonly person: Person;
  readonly secret: Secret;
}

/** Who has an account here; for administrators of the platform. */
export interface People {
  list(actor: Actor, signal: AbortSignal): Promise<readonly Person[]>;
  /** Throws `email_taken`, `invalid_params`. */
  invite(
    actor: Actor,
    wish: { readonly email: string; readonly admin: boolean },
    signal: AbortSignal,
  ): Promise<Invited>;
  /** Another invitation, for one that expired or a password that was forgotten. The second factor stays. */
  inviteAgain(actor: Actor, idOrEmail: string, signal: AbortSignal): Promise<Invited>;
  /** Whoever has the secret sets the password. Throws `invitation_over`, `invalid_params`. */
  accept(given: { readonly secret: Secret; readonly password: Secret }, signal: AbortSignal): Promise<Person>;
  /** Throws `last_admin`. */
  setAdmin(
    actor: Actor,
    idOrEmail: string,
    rank: { readonly admin: boolean },
    signal: AbortSignal,
  ): Promise<Person>;
  /** Throws `user_owns_apps`, `last_admin`. */
  remove(actor: Actor, idOrEmail: string, signal: AbortSignal): Promise<Person>;
}

const INVITATION_MS = 7 * 24 * 3_600_000;
const INVITATION_FORM = /^gantry_invite_[A-Za-z0-9_-]{43}$/;

export interface PeopleDeps {
  readonly store: PeopleStore;
  readonly passwords: Passwords;
  readonly clock: Clock;
}

export function createPeople({ store, passwords, clock }: PeopleDeps): People {
  async function found(idOrEmail: string, signal: AbortSignal): Promise<Person> {
    return (await store.find(idOrEmail.toLowerCase(), signal)) ?? absent(idOrEmail);
  }

  return {
    async list(actor, signal) {
      needAdmin(actor, 'list its people');
      return store.list(signal);
    },

    async invite(actor, wish, signal) {
      needAdmin(actor, 'invite people');
      needAnywhere(actor, 'an invitation');
      const email = parseEmail(wish.email);
      if (email === undefined)
        throw PlatformError.of('invalid_params', { field: 'email', problem: 'must be an email address' });
      const { secret, invitation } = newInvitation(clock.now());
      const person = await store.invite({ id: randomUUID(), email, admin: wish.admin }, invitation, signal);
      return { person, secret };
    },

    async inviteAgain(actor, idOrEmail, signal) {
      needAdmin(actor, 'invite people');
      needAnywhere(actor, 'an invitation');
      const { id } = await found(idOrEmail, signal);
      const { secret, invitation } = newInvitation(clock.now());
      const person = await store.inviteAgain(id, invitation, signal);
      return { person: person ?? absent(idOrEmail), secret };
    },

    async accept({ secret, password }, signal) {
      const hash = INVITATION_FORM.test(secret.reveal()) ? hashToken(secret.reveal()) : undefined;
      if (hash === undefined) throw PlatformError.of('invitation_over', {});
      const invited = await store.findInvited(hash, signal);
      if (!invited) throw PlatformError.of('invitation_over', {});
      const problem = passwordProblem(password.reveal(), invited.email);
      if (problem !== undefined) throw PlatformError.of('invalid_params', { field: 'The password', problem });
      const person = await store.accept(hash, await passwords.hash(password, signal), signal);
      if (!person) throw PlatformError.of('invitation_over', {});
      return person;
    },

    async setAdmin(actor, idOrEmail, rank, signal) {
      needAdmin(actor, 'make administrators');
      const { id } = await found(idOrEmail, signal);
      return (await store.setAdmin(id, rank, signal)) ?? absent(idOrEmail);
    },

    async remove(actor, idOrEmail, signal) {
      needAdmin(actor, 'remove people');
      const { id } = await found(idOrEmail, signal);
      return (await store.remove(id, signal)) ?? absent(idOrEmail);
    },
  };
}

/** An invitation that nobody has yet, and what is kept of it. */
export function newInvitation(now: Date) {
  const secret = new Secret(`gantry_invite_${randomBytes(32).toString('base64url')}`);
  const expiresAt = new Date(now.getTime() + INVITATION_MS);
  return { secret, invitation: { hash: hashToken(secret.reveal()), expiresAt } };
}

function absent(name: string): never {
  throw PlatformError.of('not_found', { resource: 'user', name: name.slice(0, 100) });
}
