/** Whoever asks: a person (by token, password or SSH key) after authentication. */
export interface Actor {
  readonly userId: string;
  readonly email: string;
  /** Sees and may change every app. */
  readonly admin: boolean;
  /** What the credential is good for, whatever the person may do: `global` for everything. */
  readonly scopes: readonly Scope[];
  /** What they proved themselves with: it dies when that is revoked. Absent after a password, which opens no more than a token. */
  readonly credential?: Credential;
}

/** A token or an SSH key, by its id. */
export interface Credential {
  readonly kind: 'token' | 'key';
  readonly id: string;
  /** Of a token: tells its secret from those it had before it was rotated. */
  readonly mark?: string;
  /** Of a token that is bound to addresses: the networks it may be used from. */
  readonly addresses?: readonly string[];
}

/** How much of the hash of a token's secret is its mark: too little to find anything by, enough to tell two apart. */
export const MARK_LENGTH = 12;

/**
 * What a token is good for. The Platform API's words, and ours for a robot that ships one app: `deploy:ID`.
 * `read` and `write` leave config vars out, and so commands in an app, which see them; `read-protected` and
 * `write-protected` do not.
 */
export type Scope =
  'global' | 'identity' | 'read' | 'read-protected' | 'write' | 'write-protected' | `deploy:${string}`;

/** Tokens of one person, logins among them. */
export const MOST_TOKENS = 200;

/** The scopes of a credential that is as good as its owner: an SSH key, a token without limits. */
export const EVERYTHING: readonly Scope[] = ['global'];

/** Whoever asks without saying who they are: may do nothing that needs anybody. */
export const NOBODY: Actor = { userId: '', email: '', admin: false, scopes: [] };

/** The platform itself: sees every app. */
export const PLATFORM: Actor = { userId: 'platform', email: 'platform', admin: true, scopes: EVERYTHING };
