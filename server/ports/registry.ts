/** Tokens for the image registry; each may do one thing to one repository for a short time. */
export interface RegistryTokens {
  pushToken(repository: string): string;
  pullToken(repository: string): string;
}

/** Housekeeping in the registry itself. */
export interface ImageRegistry {
  /** Deletes a manifest; absent is fine. */
  deleteImage(repository: string, digest: string, signal: AbortSignal): Promise<void>;
}
