import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import type { BuildRequest } from './contract.ts';
import type { ContextSource } from './context.ts';
import type { SourceFacts } from './source.ts';

/** The buildpacks in the order in which they are asked. */
export const PACKS = ['nodejs', 'static'];

/** What the engine is asked to do for one source. */
export interface Plan {
  readonly context: ContextSource;
  readonly dockerfile: string;
  readonly args: Readonly<Record<string, string>>;
  readonly secrets: ReadonlyMap<string, Buffer>;
}

/** The plan of a source with a Dockerfile: the source as it is, and nothing of the app's config. */
export function dockerfilePlan(
  request: BuildRequest,
  dockerfile: NonNullable<SourceFacts['dockerfile']>,
  cache: string,
): Plan {
  const { ignored } = dockerfile;
  return {
    context: {
      files: new Map(),
      directories: [],
      copies: new Map(),
      folders: new Map(),
      archive: {
        path: request.archive,
        placing: {
          // Root, as Docker's own client sends it.
          owner: 0,
          path: (entry) => (ignored(entry.path) ? null : entry.path),
          replace: new Map([['Dockerfile', dockerfile.text]]),
        },
      },
    },
    dockerfile: 'Dockerfile',
    args: cacheArgs(cache),
    secrets: new Map(),
  };
}

export interface BuildpackDeps {
  /** `buildpacks`. */
  readonly folder: string;
  /** Reference of the stack image. */
  readonly stack: string;
  /** Environment of the build that comes from this machine, like the address of the npm registry. */
  readonly settings: Readonly<Record<string, string>>;
  /** The name of this tenant's caches. */
  readonly cache: string;
  /** Of this process only; keeps what is derived from config vars from being guessed. */
  readonly salt: Buffer;
}

/** The app runs as this user, whom the stack image knows. */
const USER = 1000;
const MOUNTS = [
  'type=cache,id=buildpack,target=/cache,uid=1000,gid=1000,sharing=locked',
  'type=tmpfs,target=/env',
  'type=secret,id=env,target=/run/secrets/env,uid=1000,required',
  'type=secret,id=settings,target=/run/secrets/settings,uid=1000,required',
];

/**
 * The plan of a source without one: the buildpacks run on it in a stage that is thrown away; runtime, dependencies and
 * the app's own files become a layer each, so that a small change is a small push.
 */
export function buildpackPlan(request: BuildRequest, deps: BuildpackDeps): Plan {
  const text = [
    'ARG STACK',
    'FROM ${STACK} AS build',
    'COPY gantry /gantry',
    `COPY --chown=${USER}:${USER} layers /layers`,
    `COPY --chown=${USER}:${USER} build /build`,
    // In the key of the step below: other config, or another tenant, is another build.
    'ARG GANTRY_BUILD',
    `USER ${USER}:${USER}`,
    `RUN ${MOUNTS.map((mount) => `--mount=${mount}`).join(' ')} ${JSON.stringify(['/gantry/driver/build', ...packsOf(request)])}`,
    'FROM ${STACK}',
    `COPY --from=build --chown=${USER}:${USER} /layers/runtime /app`,
    `COPY --from=build --chown=${USER}:${USER} /layers/deps /app`,
    `COPY --from=build --chown=${USER}:${USER} /build /app`,
    `USER ${USER}:${USER}`,
    'ENV HOME=/app',
    'CMD ["/usr/local/bin/gantry-start", "bash"]',
    '',
  ].join('\n');
  const env = pairs(configVars(request.env));
  return {
    context: {
      files: new Map([['Dockerfile', text]]),
      directories: ['layers', 'layers/runtime', 'layers/deps', 'build'],
      copies: new Map(),
      folders: new Map(
        ['driver', ...packsOf(request).map((pack) => `packs/${pack}`)].map((name) => [
          `gantry/${name}`,
          join(deps.folder, name.replace('packs/', '')),
        ]),
      ),
      archive: {
        path: request.archive,
        placing: { owner: USER, path: (entry) => `build/${entry.path}`, replace: new Map() },
      },
    },
    dockerfile: 'Dockerfile',
    args: {
      ...cacheArgs(deps.cache),
      STACK: deps.stack,
      GANTRY_BUILD: createHmac('sha256', deps.salt).update(deps.cache).update('\0').update(env).digest('hex'),
    },
    secrets: new Map([
      ['env', env],
      [
        'settings',
        pairs({
          ...deps.settings,
          STACK: 'gantry',
          SOURCE_VERSION: request.sourceVersion,
          REQUEST_ID: request.id,
        }),
      ],
    ]),
  };
}

/** One that was chosen is asked too: it may see that the source is none of its kind. */
function packsOf({ buildpack }: BuildRequest): readonly string[] {
  return buildpack === null ? PACKS : [buildpack];
}

/** Keeps the cache mounts of tenants apart: the engine prefixes their ids with it, whatever the Dockerfile says. */
function cacheArgs(cache: string): Record<string, string> {
  return { BUILDKIT_CACHE_MOUNT_NS: cache };
}

/** Only what can be the name of a variable can be the name of a file in ENV_DIR. */
function configVars(env: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter(([name, value]) => /^[A-Za-z_]\w*$/.test(name) && !value.includes('\0')),
  );
}

/** Never empty: the engine does not mount an empty secret. */
function pairs(values: Readonly<Record<string, string>>): Buffer {
  const text = Object.entries({ GANTRY: '1', ...values }).flatMap(([name, value]) => [name, value]);
  return Buffer.from(`${text.join('\0')}\0`);
}
