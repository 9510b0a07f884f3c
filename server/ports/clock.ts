/** The time, given so that tests can choose it. */
export interface Clock {
  now(): Date;
}
