import { told, type Happening, type Values } from './happening.ts';

/** An app's wish to be told of some of what happens to it. */
export interface Webhook {
  readonly id: string;
  readonly appId: string;
  readonly url: string;
  readonly level: WebhookLevel;
  readonly include: readonly string[];
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** `sync`: one after the other, in order; `notify`: each by itself. Both are tried again. */
export const WEBHOOK_LEVELS = ['notify', 'sync'] as const;
export type WebhookLevel = (typeof WEBHOOK_LEVELS)[number];

/** What can be asked for, by what it is made of. */
const INCLUDES: Readonly<Record<string, string>> = {
  app: 'api:app',
  formation: 'api:formation',
  build: 'api:build',
  release: 'api:release',
  domain: 'api:domain',
  collaborator: 'api:collaborator',
  addon: 'api:addon',
  attachment: 'api:addon-attachment',
  certificate: 'api:sni-endpoint',
  instance: 'dyno',
};
export const WEBHOOK_INCLUDES: readonly string[] = Object.values(INCLUDES);

/** What a webhook is told, in the words of the Platform API. */
export interface WebhookPayload {
  readonly action: Happening['action'];
  readonly actor: { readonly id: string; readonly email: string };
  readonly resource: string;
  readonly data: Values;
  readonly previous_data: Values;
  readonly published_at: string;
  readonly version: string;
}

/** Who did what nobody in particular did. */
const PLATFORM = { id: '00000000-0000-0000-0000-000000000000', email: 'platform@gantry' };
const VERSION = 'application/vnd.heroku+json; version=3';

/**
 * What to tell of something that happened, and who has to have asked for it; undefined for what no webhook is told.
 * `whole`: all that is known of the thing by then.
 */
export function webhookNews(
  happening: Happening,
  whole: Values,
): { readonly include: string; readonly payload: WebhookPayload } | undefined {
  const { kind, action, subject, app, by, before, after, at } = told(happening);
  const include = INCLUDES[kind];
  if (include === undefined || app === null) return undefined;
  return {
    include,
    payload: {
      action,
      actor: by ?? PLATFORM,
      resource: include.replace(/^api:/, ''),
      data: dataOf(
        kind === 'formation' ? { ...after, id: app.id } : { ...whole, ...after, id: subject },
        app,
        by,
        kind,
      ),
      previous_data: snake(before ?? {}),
      published_at: at.toISOString().replace(/\.\d+Z$/, 'Z'),
      version: VERSION,
    },
  };
}

function dataOf(row: Values, app: Happening['app'], by: Happening['by'], kind: string): Values {
  const { user_id: userId, ...data } = snake(row);
  return {
    ...data,
    ...(kind !== 'app' && { app }),
    ...(typeof userId === 'string' && { user: by?.id === userId ? by : { id: userId } }),
    ...(kind === 'build' && { status: BUILD_STATUS[String(data['status'])] ?? data['status'] }),
  };
}

/** The Platform API knows three. */
const BUILD_STATUS: Readonly<Record<string, string>> = {
  queued: 'pending',
  building: 'pending',
  superseded: 'failed',
};

function snake(values: Values): Record<string, unknown> {
  const entries = Object.entries(values).map(([name, value]) => [
    name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    value,
  ]);
  return Object.fromEntries(entries) as Record<string, unknown>;
}

/** The pauses before it is tried again, in seconds; after the last it is given up: about three hours in all. */
const PAUSES = [5, 15, 30, 60, 120, 300, 600, 1800, 3600, 3600];

/** When to try again after so many tries; null: not any more. */
export function nextTry(attempts: number, now: Date): Date | null {
  const seconds = PAUSES[attempts - 1];
  return seconds === undefined ? null : new Date(now.getTime() + seconds * 1_000);
}
