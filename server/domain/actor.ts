/** Whoever asks: a person (by token or SSH key) after authentication. */
export interface Actor {
  readonly userId: string;
  readonly email: string;
  /** Sees and may change every app. */
  readonly admin: boolean;
}
