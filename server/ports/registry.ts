/** Tokens for the image registry; each may do a few things to one repository for a short time. */
export interface RegistryTokens {
  pushToken(repository: string): string;
  pullToken(repository: string): string;
  /** May pull from the one and push to the other. */
  copyToken(from: string, to: string): string;
  /** May list and delete what is there. */
  collectToken(repository: string): string;
  /** May push the stack image, and delete earlier ones. */
  stackToken(): string;
}

/** What is in the registry, named before anybody looks what of it is needed. */
interface RegistryMoment {
  readonly moment: string;
  /** Every repository there is; empty for a registry that is somebody else's. */
  readonly repositories: readonly string[];
}

/** Housekeeping in the image registry. Every method throws `builder_away` when the builder, who alone pushes, is not there. */
export interface ImageRegistry {
  moment(signal: AbortSignal): Promise<RegistryMoment>;
  /**
   * Deletes the images of a repository but those to keep (digests) and answers how many; `busy`, and none, when a build
   * has run there since the moment, for it may have pushed what nobody needed before.
   */
  collect(
    order: { readonly repository: string; readonly keep: readonly string[]; readonly moment: string },
    signal: AbortSignal,
  ): Promise<number | 'busy'>;
  /** Frees the disk of what was deleted and answers how many layers went; `busy` when pushes took too long. */
  sweep(signal: AbortSignal): Promise<number | 'busy'>;
}
