import type { Happening, Values } from './happening.ts';

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

/** What can be asked for, by the kind of what happens. Nothing happens to add-ons here yet. */
export const INCLUDES: Readonly<Record<string, string>> = {
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

/** The pauses before it is tried again, in seconds; after the last it is given up: about three hours in all. */
const PAUSES = [5, 15, 30, 60, 120, 300, 600, 1800, 3600, 3600];

/** When to try again after so many tries; null: not any more. */
export function nextTry(attempts: number, now: Date): Date | null {
  const seconds = PAUSES[attempts - 1];
  return seconds === undefined ? null : new Date(now.getTime() + seconds * 1_000);
}
