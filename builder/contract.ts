import { z } from 'zod';

/**
 * What the builder is asked and what it answers, over HTTP on its own unix socket.
 *
 *   POST   /builds        BuildRequest → 200, one BuildEvent per line (NDJSON), the last one `built` or `failed`.
 *                         Closing the connection cancels the build; nothing of it stays behind.
 *   PUT    /stack         StackRequest or nothing → 200, BuildEvent lines; makes the stack image once (idempotent), the
 *                         last one `stack` or `failed`. With a target the stack is also pushed there; builds whose token
 *                         may pull from that repository then need not upload it (several seconds of each app's first push)
 *   PUT    /caches/:key   → 204, an empty build cache for one tenant, in place of theirs
 *   DELETE /caches/:key   → 204, for a tenant who is gone: nothing is kept that names their build cache
 *   POST   /copies        CopyOrder → 200 Copied; has an image of one repository in another one too
 *   GET    /registry      → 200 RegistryMoment: a name for this moment, to be asked for before looking which images are needed
 *   POST   /registry/collection  CollectionOrder → 200 Collected, or 409 when a build has come in between; deletes images
 *   POST   /registry/sweep       → 200 Swept, or 409 when pushes took too long; frees the disk, pushes wait meanwhile
 *   GET    /status        → 200 BuilderStatus
 *
 * The builder knows a source and a plan; it knows no app, user, release or database.
 */
const ident = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/);

export const buildRequest = z.strictObject({
  /** Names everything that this build makes. */
  id: ident,
  /** Separates the caches of tenants: builds of the same key share layers' cache mounts, no others do. */
  cacheKey: ident,
  /** Absolute path of an uncompressed tar of the source tree, made by `git archive`; checked again while it is read. */
  archive: z.string().startsWith('/'),
  /** Handed to buildpacks as files (never to Dockerfile builds, never into an image or a cache). */
  env: z.record(z.string(), z.string()),
  /** The one buildpack to use, even beside a Dockerfile; null: the Dockerfile, or whichever buildpack applies. */
  buildpack: ident.nullable(),
  /** The commit, for SOURCE_VERSION. */
  sourceVersion: z.string().regex(/^[0-9a-f]{7,64}$/),
  target: z.strictObject({
    /** Repository in the platform's registry, without host. */
    repository: z.string().regex(/^[a-z0-9]+(?:[._/-][a-z0-9]+)*$/),
    /** Bearer token of the registry that may push to that repository and nowhere else. */
    token: z.string(),
  }),
  limits: z.strictObject({
    seconds: z.int().min(1).max(3600),
    /** So much of the output is told, half of it from its beginning and half from its end; a line counts what is between. */
    outputBytes: z.int().min(1024),
    outputLines: z.int().min(2),
  }),
});
export type BuildRequest = z.infer<typeof buildRequest>;

export const stackRequest = z.strictObject({
  /** A repository for the stack alone, and a token that may push to it and pull from it. */
  target: buildRequest.shape.target.optional(),
});

/** What is in the registry, as far as the builder may say. */
export const registryMoment = z.object({
  /** Opaque: names the builder's life, and how many builds it has begun. */
  moment: z.string(),
  /** Every repository there is; empty for a registry that is somebody else's. */
  repositories: z.array(z.string()),
});
export type RegistryMoment = z.infer<typeof registryMoment>;

export const collectionOrder = z.strictObject({
  repository: buildRequest.shape.target.shape.repository,
  /** May pull from that repository and delete there. */
  token: z.string(),
  /** Digests; every other image of the repository goes. */
  keep: z.array(z.string()),
  moment: registryMoment.shape.moment,
});
export type CollectionOrder = z.infer<typeof collectionOrder>;

export const copyOrder = z.strictObject({
  from: buildRequest.shape.target.shape.repository,
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  /** The token may pull from the one and push to the other. */
  target: buildRequest.shape.target,
});
export type CopyOrder = z.infer<typeof copyOrder>;

/** `there` is false when the first repository has no such image. */
export const copied = z.object({ there: z.boolean() });
export type Copied = z.infer<typeof copied>;

export const collected = z.object({ removed: z.int() });
export type Collected = z.infer<typeof collected>;

export const swept = z.object({ layers: z.int() });
export type Swept = z.infer<typeof swept>;

/** How to start one process type. */
const processType = z.object({
  /** As a person wrote it (Procfile) or as the buildpack or image declares it; for display. */
  command: z.string(),
  /** Null: the image's own entry point and command. */
  argv: z.array(z.string()).nullable(),
});

const builtImage = z.object({
  repository: z.string(),
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  /** Of its layers as the registry holds them; null: it could not be asked. */
  storedBytes: z.int().nullable(),
  /** `dockerfile`, or the buildpack's name (`nodejs`, `static`). */
  builder: z.string(),
  processes: z.record(z.string(), processType),
  /** The port the image says it listens on, when it EXPOSEs exactly one; else null and PORT is the platform's choice. */
  port: z.int().nullable(),
  /** From app.json `healthchecks.<type>[0].path`: the path that must answer 2xx–3xx; absent types are checked by TCP. */
  checks: z.record(z.string(), z.string()),
});
export type BuiltImage = z.infer<typeof builtImage>;

export const buildEvent = z.discriminatedUnion('kind', [
  /** One line for the person who pushed, already in Heroku's form (`-----> `, 7 spaces, ` !     `), without control characters. */
  z.object({ kind: z.literal('line'), text: z.string() }),
  /** A stage ended; for the ledger. */
  z.object({ kind: z.literal('stage'), name: z.enum(['detect', 'build', 'push']), ms: z.number() }),
  z.object({ kind: z.literal('built'), image: builtImage }),
  z.object({ kind: z.literal('stack'), digest: z.string() }),
  /** `retry` is true when the builder, not the source, is at fault (engine or registry away). */
  z.object({ kind: z.literal('failed'), id: z.string(), message: z.string(), retry: z.boolean() }),
]);
export type BuildEvent = z.infer<typeof buildEvent>;

export const builderStatus = z.object({
  engine: z.boolean(),
  stack: z.string().nullable(),
  running: z.int(),
});
export type BuilderStatus = z.infer<typeof builderStatus>;
