import type { BuiltImage, ConfigVars } from '../domain/release.ts';

export interface BuildOrder {
  readonly id: string;
  readonly appId: string;
  /** Path of the source archive, as `Repositories.receive` made it. */
  readonly archive: string;
  /** A commit's id, or the checksum of what was sent without one. */
  readonly commit: string;
  /** The one buildpack to use; null: a Dockerfile, or whichever applies. */
  readonly buildpack: string | null;
  readonly config: ConfigVars;
  readonly repository: string;
  readonly token: string;
}

export type BuildNews =
  | { readonly kind: 'line'; readonly text: string }
  | { readonly kind: 'stage'; readonly name: string; readonly ms: number }
  | { readonly kind: 'built'; readonly image: BuiltImage }
  | { readonly kind: 'failed'; readonly id: string; readonly message: string; readonly retry: boolean };

/** Turns a source into an image in the registry. */
export interface Builder {
  /** Yields what happens, last `built` or `failed`. Leaving the iteration or aborting cancels the build. Throws `builder_away` when the builder cannot be reached or dies. */
  build(order: BuildOrder, signal: AbortSignal): AsyncIterable<BuildNews>;
  /**
   * Puts the stack image into a repository of its own, from which every app's repository borrows its layers: a first
   * push then need not upload them. `token` may push there, and delete earlier ones. Idempotent, and quick when it is done already.
   */
  lendStack(token: string, signal: AbortSignal): Promise<void>;
  /**
   * Has an image of one repository in another one too, with the same digest; false when there is no such image. The token
   * may pull from the one and push to the other. Idempotent. Throws `builder_away`.
   */
  copy(
    order: {
      readonly from: string;
      readonly to: string;
      readonly digest: string;
      readonly token: string;
    },
    signal: AbortSignal,
  ): Promise<boolean>;
  /** Has the next build of an app begin with an empty cache. */
  renewCache(appId: string, signal: AbortSignal): Promise<void>;
  /** For an app that is gone: keeps nothing of it. Idempotent. */
  forget(appId: string, signal: AbortSignal): Promise<void>;
}
