/** Wakes whoever drains an app's builds. A hint: the database is the queue, and losing every hint costs a second. */
export interface BuildQueue {
  /** Never throws; a queue that is away is only slower. */
  wake(appId: string): void;
}
