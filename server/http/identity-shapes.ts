import type * as z from 'zod';
import type {
  AuthorizationResource,
  invitation,
  SessionResource,
  UserResource,
} from '../contract/identity-resources.ts';
import type { Actor } from '../domain/actor.ts';
import type { Person } from '../ports/people.ts';
import type { Token } from '../ports/tokens.ts';
import type { Issued } from '../services/authorizations.ts';
import type { Invited } from '../services/people.ts';
import { wireTime } from './shapes.ts';

/** Clients of the Platform API recognise their own token in this form by its beginning and its end. */
const CONCEALED = 'gantry_**********';

export function shapeToken(token: Token, now: Date): AuthorizationResource {
  return shapeAuthorization(token, CONCEALED + token.hint, now);
}

/** The one answer that shows the secret. */
export function shapeIssued({ token, secret }: Issued, now: Date): AuthorizationResource {
  return shapeAuthorization(token, secret.reveal(), now);
}

function shapeAuthorization(token: Token, secret: string, now: Date): AuthorizationResource {
  return {
    id: token.id,
    description: token.description,
    scope: [...token.scopes],
    access_token: { id: token.id, token: secret, expires_in: secondsLeft(token, now) },
    refresh_token: null,
    client: null,
    grant: null,
    session: token.session ? { id: token.id } : null,
    user: { id: token.userId, email: token.email, full_name: null },
    created_at: wireTime(token.createdAt),
    updated_at: wireTime(token.updatedAt),
    expires_at: token.expiresAt && wireTime(token.expiresAt),
    last_used_at: token.lastUsedAt && wireTime(token.lastUsedAt),
    addresses: [...token.addresses],
  };
}

export function shapeSession(token: Token, actor: Actor, now: Date): SessionResource {
  return {
    id: token.id,
    description: token.description,
    expires_in: secondsLeft(token, now),
    created_at: wireTime(token.createdAt),
    updated_at: wireTime(token.updatedAt),
    ip: token.ip,
    last_used_at: token.lastUsedAt && wireTime(token.lastUsedAt),
    current: actor.credential?.id === token.id,
  };
}

function secondsLeft({ expiresAt }: Token, now: Date): number | null {
  return expiresAt && Math.max(0, Math.floor((expiresAt.getTime() - now.getTime()) / 1000));
}

export function shapePerson(person: Person): UserResource {
  return {
    id: person.id,
    email: person.email,
    name: person.name,
    admin: person.admin,
    two_factor_authentication: person.twoFactor,
    has_password: person.hasPassword,
    invited_until: person.invitedUntil && wireTime(person.invitedUntil),
    last_login: person.lastLoginAt && wireTime(person.lastLoginAt),
    created_at: wireTime(person.createdAt),
    updated_at: wireTime(person.updatedAt),
  };
}

/** The one answer that shows the secret. */
export function shapeInvited({ person, secret }: Invited): z.infer<typeof invitation> {
  const { invitedUntil } = person;
  if (invitedUntil === null) throw new Error('whoever is invited has an invitation');
  return { user: shapePerson(person), token: secret.reveal(), expires_at: wireTime(invitedUntil) };
}
