import { CONFIG_MAX_BYTES } from './config-vars.ts';
import type { AppManifest } from './app-manifest.ts';

/** An app that is being made of a source and its app.json: config, buildpacks, build, formation, postdeploy. */
export interface AppSetup {
  readonly id: string;
  readonly appId: string;
  /** What its app was called, which went with the setup when that failed; null: it did not. */
  readonly formerApp: string | null;
  readonly userId: string;
  readonly status: 'pending' | 'succeeded' | 'failed';
  readonly source: SetupSource;
  /** Of the build it makes, whether or not it has begun. */
  readonly buildId: string;
  /** What is wrong with app.json, or changes nothing here, in sentences. */
  readonly manifestErrors: readonly string[];
  /** What is left to do once app.json was read and what comes before the build is done; null before. */
  readonly prepared: Prepared | null;
  /** Of the engine, once its command has a process. */
  readonly runId: string | null;
  readonly postdeploy: Postdeploy | null;
  readonly failure: string | null;
  readonly successUrl: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

interface SetupSource {
  /** `SHA256:…`, if whoever asked said it: the source must be that. */
  readonly checksum: string | null;
  /** What they call it; for people. */
  readonly version: string | null;
}

/** What was asked for and may be secret: kept sealed, and only until the setup is decided. */
export interface SetupOrder {
  /** Where the source is: sent here before, or an address on the internet. */
  readonly source:
    { readonly upload: { readonly id: string; readonly userId: string } } | { readonly url: string };
  /** Config vars that win over those of app.json. */
  readonly env: ReadonlyMap<string, string>;
  /** Instead of those of app.json; null: those. */
  readonly buildpacks: readonly string[] | null;
}

export interface Prepared {
  /** SHA-256 of the source that was sent or fetched. */
  readonly checksum: string;
  readonly formation: ReadonlyMap<string, number>;
  readonly postdeploy: string | null;
  readonly successUrl: string | null;
}

export interface Postdeploy {
  /** The last of what it printed. */
  readonly output: string;
  readonly exitCode: number;
}

/**
 * The config vars to set for an app.json, or the sentences why it cannot be. What the app has already stays as it is, so
 * that doing this again after a crash neither makes up another secret nor undoes what somebody has set since.
 */
export function configFor(
  { env, addons }: Pick<AppManifest, 'env' | 'addons'>,
  given: {
    readonly env: ReadonlyMap<string, string>;
    /** The names of the config vars that are there. */
    readonly existing: ReadonlySet<string>;
    readonly newSecret: () => string;
  },
): { readonly set: ReadonlyMap<string, string> } | { readonly mistakes: readonly string[] } {
  const known = new Set([...given.env.keys(), ...given.existing]);
  const mistakes = addons
    .filter(({ prefix }) => ![...known, ...env.keys()].some((key) => key.startsWith(prefix)))
    .map(
      ({ service, prefix }) =>
        `addons: app.json asks for ${service}, and this platform has no add-ons; run such a service yourself and give its address as a config var (${prefix}URL) with the setup.`,
    );
  const set = new Map([...given.env].filter(([key]) => !given.existing.has(key)));
  for (const [key, { value, required, generated }] of env) {
    if (known.has(key)) continue;
    if (generated) set.set(key, given.newSecret());
    else if (value !== null) set.set(key, value);
    else if (required) mistakes.push(`env.${key} is required: give its value with the setup.`);
  }
  return mistakes.length > 0 ? { mistakes } : { set };
}

/** Where a person is sent when the app is there; null when app.json does not say. */
export function successUrlOf(wanted: string | null, appUrl: string): string | null {
  return wanted === null ? null : new URL(wanted, appUrl).href;
}

/** Types that app.json counts and the app does not have, in sentences. */
export function formationNotes(
  formation: ReadonlyMap<string, number>,
  types: readonly string[],
): readonly string[] {
  return [...formation.keys()]
    .filter((type) => !types.includes(type))
    .map((type) => `formation.${type} is not used: the app has no such process type.`);
}

/** As much of what a postdeploy command printed is kept: its end, which tells what went wrong. */
export const POSTDEPLOY_BYTES = CONFIG_MAX_BYTES;
