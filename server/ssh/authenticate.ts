import { createPublicKey } from 'node:crypto';
import ssh2, { type AuthContext, type Connection, type ParsedKey, type PublicKeyAuthContext } from 'ssh2';
import { withDeadline } from '../../lib/deadline.ts';
import type { Logger } from '../../lib/log.ts';
import type { Actor } from '../domain/actor.ts';
import { fingerprintOf } from '../domain/ssh-key.ts';

/** Whose key this is, by its `SHA256:…` fingerprint. */
export interface KeyHolders {
  authenticateKey(fingerprint: string, signal: AbortSignal): Promise<Actor | undefined>;
}

/** Who logged in, and with which key. */
export interface Login {
  readonly actor: Actor;
  readonly fingerprint: string;
  /** The name they logged in with. */
  readonly user: string;
}

export interface AuthenticateDeps {
  readonly accounts: KeyHolders;
  readonly log: Logger;
  readonly keyTries: number;
  readonly onKeyTried: () => void;
  /** Called just before the client is told that it is in. */
  readonly onLogin: (login: Login) => void;
  /** Called when the client used up its tries; the connection is to be closed. */
  readonly onGiveUp: () => void;
}

const LOOK_UP_MS = 5_000;
/** The one user there is, as git calls it and as clients of Dokku and Deis do; it is the key that tells people apart. */
const USERS: ReadonlySet<string> = new Set(['git', 'dokku', 'deis']);
const KEY_TYPES = new Set([
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'ssh-rsa',
]);
const MIN_RSA_BITS = 2048;

/**
 * Lets the user `git`, by whatever name their client calls it, in with a registered key, and nobody else.
 *
 * A client first offers a key without a signature and is told whether it would do; that offer proves nothing, so who it
 * is gets decided anew, from the same request that carries the verified signature.
 */
export function authenticate(client: Connection, deps: AuthenticateDeps, signal: AbortSignal): void {
  let tries = 0;
  let requests = 0;
  client.on('authentication', (context) => {
    requests += 1;
    decide(context, deps, signal).then(
      (login) => {
        if (login === 'refused') {
          if (context.method === 'publickey') tries += 1;
          // Other methods and offers are free, but not without end.
          if (tries >= deps.keyTries || requests >= 4 * deps.keyTries) deps.onGiveUp();
          else context.reject(['publickey']);
          return;
        }
        if (login !== 'offer') deps.onLogin(login);
        context.accept();
      },
      (err: unknown) => {
        deps.log.error({ err }, 'could not look up an ssh key');
        deps.onGiveUp();
      },
    );
  });
}

async function decide(
  context: AuthContext,
  deps: AuthenticateDeps,
  signal: AbortSignal,
): Promise<Login | 'offer' | 'refused'> {
  if (context.method !== 'publickey' || !USERS.has(context.username)) return 'refused';
  deps.onKeyTried();
  const key = readKey(context);
  if (!key) return 'refused';
  const signed = context.signature !== undefined;
  if (signed && !isSigned(key, context)) return 'refused';
  const fingerprint = fingerprintOf(context.key.data);
  const actor = await withDeadline(LOOK_UP_MS, signal, (inner) =>
    deps.accounts.authenticateKey(fingerprint, inner),
  );
  if (!actor) return 'refused';
  return signed ? { actor, fingerprint, user: context.username } : 'offer';
}

function readKey(context: PublicKeyAuthContext): ParsedKey | undefined {
  const key = ssh2.utils.parseKey(context.key.data);
  if (key instanceof Error || key.type !== context.key.algo || !KEY_TYPES.has(key.type)) return undefined;
  if (key.type !== 'ssh-rsa') return key;
  // Without a named hash the signature would be SHA-1.
  if (context.hashAlgo === undefined) return undefined;
  const bits = createPublicKey(key.getPublicPEM()).asymmetricKeyDetails?.modulusLength ?? 0;
  return bits >= MIN_RSA_BITS ? key : undefined;
}

function isSigned(key: ParsedKey, context: PublicKeyAuthContext): boolean {
  if (!context.blob || !context.signature) return false;
  // The library answers an Error for what it cannot check, although its types say boolean.
  const verdict: unknown = key.verify(context.blob, context.signature, context.hashAlgo);
  return verdict === true;
}
