/** What a pushed tree may be at most. */
export interface SourceLimits {
  /** Files, folders and links together. */
  readonly entries: number;
  /** Sum of the sizes of all files, unpacked. */
  readonly bytes: number;
  readonly pathBytes: number;
  readonly depth: number;
  readonly links: number;
}

export const SOURCE_LIMITS: SourceLimits = {
  entries: 100_000,
  bytes: 1024 * 1024 * 1024,
  pathBytes: 1024,
  depth: 64,
  links: 10_000,
};

/** What a repository may hold, packed as git keeps it: all that its branches and tags lead to. */
export const REPOSITORY_BYTES = 1024 * 1024 * 1024;
