import { isDeepStrictEqual } from 'node:util';
import type { App, SeenApp } from './app.ts';
import type { Build } from './build.ts';
import type { Certificate } from './certificate.ts';
import type { Domain } from './domain.ts';
import { told, type Happening, type Values } from './happening.ts';
import type { Instance } from './instance.ts';
import type { Release } from './release.ts';
import type { Collaborator } from './team.ts';
import { INCLUDES, type WebhookPayload } from './webhook.ts';

/** What a webhook is told of, with all that its resource is made of. */
export type Thing =
  | { readonly kind: 'app'; readonly app: SeenApp }
  | (OfApp & { readonly kind: 'release'; readonly release: Release })
  | (OfApp & { readonly kind: 'build'; readonly build: Build; readonly email: string })
  | (OfApp & { readonly kind: 'formation'; readonly count: ProcessCount })
  | (OfApp & { readonly kind: 'domain'; readonly domain: Domain })
  | (OfApp & { readonly kind: 'certificate'; readonly certificate: Certificate })
  | (OfApp & { readonly kind: 'collaborator'; readonly collaborator: Collaborator; readonly byTeam: boolean })
  | (OfApp & { readonly kind: 'instance'; readonly instance: TellingInstance; readonly from: Origin });

interface OfApp {
  readonly app: App;
}

interface ProcessCount {
  readonly type: string;
  readonly quantity: number;
  readonly command: string;
}

/** As much of an instance as is noted when something becomes of it. */
export type TellingInstance = Pick<
  Instance,
  'id' | 'type' | 'number' | 'release' | 'state' | 'startedAt' | 'endedAt'
>;

interface Origin {
  readonly command: string;
  readonly releaseId: string;
}

/** A thing as it was when something had happened to it (of what is gone: before that), and as it had been before a change. */
export interface Told {
  readonly now: Thing;
  readonly was: Thing | null;
}

/** Who did what nobody in particular did. */
const PLATFORM = { id: '00000000-0000-0000-0000-000000000000', email: 'platform@gantry' };
const VERSION = 'application/vnd.heroku+json; version=3';

/** What has to be asked for to be told of such a happening; undefined: nobody can. */
export function includeOf(happening: Happening): string | undefined {
  return happening.app === null ? undefined : INCLUDES[told(happening).kind];
}

/**
 * What to tell of something that happened, when its resource is `data` and had been `was`; undefined for a change that
 * changed nothing anybody is shown.
 */
export function payloadOf(
  happening: Happening,
  include: string,
  { data, was }: { readonly data: Values; readonly was: Values | null },
): WebhookPayload | undefined {
  const { action, by, at } = told(happening);
  const previous = was ? differing(was, data) : {};
  if (was && Object.keys(previous).length === 0) return undefined;
  return {
    action,
    actor: by ?? PLATFORM,
    resource: include.replace(/^api:/, ''),
    data,
    previous_data: previous,
    published_at: at.toISOString().replace(/\.\d+Z$/, 'Z'),
    version: VERSION,
  };
}

/** Of what was, the fields that are otherwise now. */
function differing(was: Values, now: Values): Values {
  return Object.fromEntries(
    Object.entries(was).filter(([name, value]) => !isDeepStrictEqual(value, now[name])),
  );
}
