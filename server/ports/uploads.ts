/** Sources that were sent without git; each is kept until it is too old. */
export interface Uploads {
  /**
   * Takes in what is sent, whole or not at all; sent again, the later one counts. Answers its size in bytes.
   * Throws `upload_too_large`, `uploads_full`.
   */
  put(upload: UploadName, content: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<number>;
  /** What was sent; undefined when nothing was, or it is gone already. */
  read(
    upload: UploadName,
    signal: AbortSignal,
  ): Promise<{ readonly bytes: number; readonly content: AsyncIterable<Uint8Array> } | undefined>;
  /**
   * Checks what was sent as a pushed tree is checked, and writes it as the source archive at `archive`. Undefined when
   * nothing was sent. Throws `source_refused`.
   */
  unpack(upload: UploadName, archive: string, signal: AbortSignal): Promise<Unpacked | undefined>;
  /** Removes what is older than that. */
  tidy(olderThanMs: number, signal: AbortSignal): Promise<number>;
}

export interface Unpacked {
  /** SHA-256 of what was sent. */
  readonly checksum: string;
  /** The first bytes of the app.json at its root, one more than may be in one at most; null when there is none. */
  readonly manifest: Uint8Array | null;
}

export interface UploadName {
  readonly id: string;
  /** Who asked for it: what each may keep here is bounded. */
  readonly userId: string;
}
