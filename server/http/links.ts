import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import type { Request } from 'express';
import { z } from 'zod';
import type { Secret } from '../../lib/secret.ts';
import { isScope } from '../domain/access.ts';
import type { Scope } from '../domain/actor.ts';

/**
 * Links that are followed without credentials (log and output streams; the Platform API's clients send none).
 * The link itself is the permission: sealed, so that it cannot be made or changed by others and tells nothing, and
 * kept nowhere, so that it works after a restart of the server. What it opens is still asked of the services.
 */
export interface Links {
  seal(target: LinkTarget, now: Date): string;
  /** Undefined for what was not sealed here, or has expired. */
  open(text: string, now: Date): LinkTarget | undefined;
}

const actor = z.object({
  userId: z.string(),
  email: z.string(),
  admin: z.boolean(),
  scopes: z.array(z.custom<Scope>((text) => typeof text === 'string' && isScope(text))),
  credential: z
    .object({ kind: z.enum(['token', 'key']), id: z.string(), mark: z.string().exactOptional() })
    .exactOptional(),
});
const linkTarget = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('logs'),
    actor,
    app: z.string(),
    lines: z.number(),
    tail: z.boolean(),
    source: z.string().optional(),
    type: z.string().optional(),
    number: z.number().optional(),
  }),
  /** The transcript of a build or a deployment, by its id. */
  z.object({ kind: z.literal('transcript'), actor, app: z.string(), stream: z.string() }),
  /** A place for one source that is sent without git. */
  z.object({ kind: z.literal('source'), access: z.enum(['get', 'put']), id: z.string(), userId: z.string() }),
  /** That of a release's latest deployment, looked up when the link is followed. */
  z.object({ kind: z.literal('release'), actor, app: z.string(), release: z.string() }),
]);
export type LinkTarget = z.infer<typeof linkTarget>;

const LIFETIME_MS: Readonly<Record<LinkTarget['kind'], number>> = {
  logs: 3_600_000,
  transcript: 24 * 3_600_000,
  release: 24 * 3_600_000,
  source: 3_600_000,
};

const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

export function createLinks(key: Secret): Links {
  const sealingKey = createHash('sha256').update('gantry links\0').update(key.reveal()).digest();
  return {
    seal(target, now) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv(CIPHER, sealingKey, iv);
      const text = JSON.stringify({ until: now.getTime() + LIFETIME_MS[target.kind], target });
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url');
    },
    open(text, now) {
      const bytes = Buffer.from(text, 'base64url');
      if (bytes.length <= IV_BYTES + TAG_BYTES) return undefined;
      const decipher = createDecipheriv(CIPHER, sealingKey, bytes.subarray(0, IV_BYTES));
      decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
      let plain: string;
      try {
        plain =
          decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
      } catch {
        return undefined; // not sealed with this key
      }
      // What an earlier version sealed may lack what this one needs; it opens nothing any more.
      const sealed = z.object({ until: z.number(), target: linkTarget }).safeParse(JSON.parse(plain)).data;
      return sealed !== undefined && sealed.until > now.getTime() ? sealed.target : undefined;
    },
  };
}

const HOST = /^[A-Za-z0-9.-]{1,253}(?::\d{1,5})?$|^\[[0-9a-fA-F:]{2,45}\](?::\d{1,5})?$/;

/** The origin under which the client reached us, so that links work through the router, a tunnel or directly. */
export function originOf(req: Request, fallbackHost: string): string {
  const host = req.headers.host ?? '';
  const scheme = req.headers['x-forwarded-proto'] === 'https' ? 'https' : 'http';
  return `${scheme}://${HOST.test(host) ? host : fallbackHost}`;
}
