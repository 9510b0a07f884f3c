/** A login that a program asked for and its person has to approve in a browser. */
export interface LoginRequest {
  readonly id: string;
  readonly description: string;
  /** Where the program is. */
  readonly ip: string;
  readonly createdAt: Date;
}

export interface LoginRequestDraft extends LoginRequest {
  readonly pageHash: string;
  readonly clientHash: string;
  readonly expiresAt: Date;
}

/** What a program that waits finds: nobody has decided, it was denied, or who approved it. */
type LoginVerdict = 'pending' | 'denied' | { readonly userId: string; readonly request: LoginRequest };

/** Each is there for a short time, decided once and collected once. */
export interface LoginRequests {
  create(draft: LoginRequestDraft, signal: AbortSignal): Promise<void>;
  /** One that nobody has decided yet. */
  find(pageHash: string, signal: AbortSignal): Promise<LoginRequest | undefined>;
  /** True for the first who decides. */
  decide(
    pageHash: string,
    verdict: { readonly status: 'approved' | 'denied'; readonly userId: string | null },
    signal: AbortSignal,
  ): Promise<boolean>;
  /** Undefined for one that is over or was collected before. */
  collect(clientHash: string, signal: AbortSignal): Promise<LoginVerdict | undefined>;
}
