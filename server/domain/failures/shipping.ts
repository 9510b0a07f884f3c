import { row } from '../../../lib/errors.ts';

/** Failures on the way of a source to a release that serves. */
export const SHIPPING_FAILURES = {
  build_superseded: row<{ app: string }>({
    retry: false,
    say: ({ app }) => `This build of ${app} is no longer wanted: a newer push took its place.`,
  }),
  deploy_in_progress: row<{ app: string; version: number }>({
    retry: true,
    say: ({ app, version }) =>
      `v${version} of ${app} is still being deployed; wait for it to finish and retry.`,
  }),
  no_rollback_target: row<{ app: string; wanted: string }>({
    retry: false,
    say: ({ app, wanted }) =>
      `${app} cannot be rolled back to ${wanted}: only a release that ran and is not the current one can be a target.`,
  }),
  image_collected: row<{ app: string; version: number; commit: string | null }>({
    retry: false,
    say: ({ app, version, commit }) =>
      `${app} cannot be rolled back to v${version} any more: its image was collected, for only the newest ones are kept (GANTRY_KEEP_IMAGES); ${commit === null ? 'deploy its source again' : `push commit ${commit.slice(0, 8)} again`}.`,
  }),
  nothing_to_promote: row<{ app: string }>({
    retry: false,
    say: ({ app }) => `${app} has no release that runs, so there is nothing to promote; deploy it first.`,
  }),
  copy_failed: row<{ app: string }>({
    retry: false,
    say: ({ app }) =>
      `The image could not be copied for ${app}, because the builder or the registry is away; see \`gantry doctor\`, then promote again.`,
  }),
  push_refused: row<{ reason: string }>({
    retry: false,
    say: ({ reason }) => `Push refused: ${reason}.`,
  }),
  source_refused: row<{ reason: string }>({
    retry: false,
    say: ({ reason }) => `The source was refused: ${reason}.`,
  }),
  upload_missing: row<object>({
    retry: false,
    say: () =>
      'Nothing was sent to the address of this source yet, or too long ago; PUT the archive to put_url, then ask again.',
  }),
  upload_too_large: row<{ limit: number }>({
    retry: false,
    say: ({ limit }) =>
      `The source is larger than ${Math.floor(limit / 1024 ** 2)} MiB; leave out what the build does not need (.slugignore).`,
  }),
  uploads_full: row<{ limit: number }>({
    retry: true,
    say: ({ limit }) =>
      `You have sent ${Math.floor(limit / 1024 ** 2)} MiB of sources within an hour, which is all that is kept; wait until the first of them are forgotten.`,
  }),
  checksum_wrong: row<{ said: string; is: string }>({
    retry: false,
    say: ({ said, is }) =>
      `The archive is not the one that was meant: its checksum is SHA256:${is}, not ${said}; send it again.`,
  }),
  build_over: row<{ app: string; status: string }>({
    retry: false,
    say: ({ app, status }) =>
      `This build of ${app} cannot be cancelled: it has ${status} already${status === 'succeeded' ? '; gantry rollback goes back to what served before' : ''}.`,
  }),
  slug_refused: row<{ app: string }>({
    retry: false,
    say: ({ app }) =>
      `${app} takes no slugs that were made elsewhere: what runs is an image that this platform built; send the source (gantry deploy, or POST /apps/${app}/builds).`,
  }),
};
