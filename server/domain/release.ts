import type { Secret } from '../../lib/secret.ts';
import { RELEASE_COMMAND } from './release-phase.ts';

/** What runs: image × config × process types, immutable and numbered from 1 per app. */
export interface Release {
  readonly id: string;
  readonly appId: string;
  readonly version: number;
  readonly status: ReleaseStatus;
  /** True for the release that serves now. */
  readonly current: boolean;
  /** `Deploy 1a2b3c4`, `Set A, B config vars`, `Rollback to v3`. */
  readonly description: string;
  /** Null before the first build. */
  readonly image: BuiltImage | null;
  /** When its image was given up, so that nothing can be made of this release any more; null while it is there. */
  readonly collectedAt: Date | null;
  readonly commit: string | null;
  readonly user: { readonly id: string; readonly email: string };
  readonly failure: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export type ReleaseStatus = 'pending' | 'succeeded' | 'failed';

/** The builder's answer, in domain words. */
export interface BuiltImage {
  /** Repository in the platform's registry, without host. */
  readonly repository: string;
  readonly digest: string;
  /** Of its layers as the registry holds them; null: nobody knows, as of images built long ago. */
  readonly storedBytes: number | null;
  readonly builder: string;
  readonly processes: Readonly<Record<string, ProcessType>>;
  /** The one port the image EXPOSEs; null: PORT is the platform's choice. */
  readonly port: number | null;
  /** Process type → path that must answer 2xx–3xx; the others are checked by connecting. */
  readonly checks: Readonly<Record<string, string>>;
}

interface ProcessType {
  /** For display. */
  readonly command: string;
  /** Null: the image's own entry point and command. */
  readonly argv: readonly string[] | null;
}

/** A `release` process is a command for a new release, not something that stays up: it has no instances and no count. */
export function staysUp(type: string): boolean {
  return type !== RELEASE_COMMAND;
}

/**
 * Whether its source declares a command for each new release; what became of that is in the transcript of its deployment.
 * Clients of the Platform API take any output of a release for that of this command, and wait for it.
 */
export function hasReleaseCommand({ image }: Pick<Release, 'image'>): boolean {
  return !Object.keys(image?.processes ?? {}).every(staysUp);
}

/** An app's environment. Values are opened only where they leave the process. */
export type ConfigVars = ReadonlyMap<string, Secret>;

/** The port a web process is told to listen on when its image names none (as herokuish does). */
export const DEFAULT_PORT = 5000;

/** A rollback goes to a release that has run: it did not fail, has an image, and that is still there. */
export function rollbackTarget(release: Release): boolean {
  return release.status === 'succeeded' && release.image !== null && release.collectedAt === null;
}

/** Where the images of an app are kept in the registry. */
export const repositoryOf = (appId: string): string => `apps/${appId}`;

/** The repository that lends the stack image's layers to those of the apps; every push token may pull from it. */
export const STACK_REPOSITORY = 'gantry/stack';
