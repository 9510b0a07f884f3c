import { STACK_REPOSITORY } from '../../domain/release.ts';
import { createPrivateKey, randomUUID, sign, X509Certificate } from 'node:crypto';
import type { Clock } from '../../ports/clock.ts';
import type { RegistryTokens } from '../../ports/registry.ts';

/** A build may push at its very end, and the longest build takes a quarter of an hour. */
const LIFETIME_SECONDS = 30 * 60;
/** The registry's clock may be behind ours. */
const SKEW_SECONDS = 60;

type Action = 'pull' | 'push' | 'delete';

/**
 * Signs what the registry's token authentication asks for: a JWT (ES256) that carries its certificate, naming one
 * repository and what may be done with it. The registry trusts the certificate (`rootcertbundle`) and calls itself
 * `service`. A push token also pulls the stack image, which a build may name in FROM.
 */
export function createRegistryTokens({
  keyPem,
  certPem,
  service = 'gantry-registry',
  issuer = 'gantry',
  clock,
  ttlSeconds = LIFETIME_SECONDS,
}: {
  readonly keyPem: string;
  readonly certPem: string;
  readonly service?: string;
  readonly issuer?: string;
  readonly clock: Clock;
  readonly ttlSeconds?: number;
}): RegistryTokens {
  const key = createPrivateKey(keyPem);
  const certificate = new X509Certificate(certPem);
  if (!certificate.checkPrivateKey(key))
    throw new Error('registry-cert.pem is not the certificate of registry-key.pem; make both anew.');
  const head = encode({ typ: 'JWT', alg: 'ES256', x5c: [certificate.raw.toString('base64')] });

  function token(grants: ReadonlyMap<string, readonly Action[]>): string {
    const now = Math.floor(clock.now().getTime() / 1000);
    const body = encode({
      iss: issuer,
      sub: '',
      aud: service,
      iat: now,
      nbf: now - SKEW_SECONDS,
      exp: now + ttlSeconds,
      jti: randomUUID(),
      access: [...grants].map(([name, actions]) => ({ type: 'repository', name, actions })),
    });
    const signed = `${head}.${body}`;
    // JOSE wants the two numbers side by side, not in ASN.1.
    const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
    return `${signed}.${signature.toString('base64url')}`;
  }

  return {
    pushToken: (repository) =>
      token(
        new Map<string, readonly Action[]>([
          [STACK_REPOSITORY, ['pull']],
          [repository, ['pull', 'push']],
        ]),
      ),
    pullToken: (repository) => token(new Map([[repository, ['pull']]])),
    copyToken: (from, to) =>
      token(
        new Map<string, readonly Action[]>([
          [from, ['pull']],
          [to, ['pull', 'push']],
        ]),
      ),
    collectToken: (repository) => token(new Map([[repository, ['pull', 'delete']]])),
    stackToken: () => token(new Map([[STACK_REPOSITORY, ['pull', 'push', 'delete']]])),
  };
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
