/** Whose call a change is part of. */
export interface Cause {
  /** Names the call in the audit trail. */
  readonly call: string;
  /** Empty for nobody in particular. */
  readonly userId: string;
  readonly email: string;
}
