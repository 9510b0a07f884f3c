/** Wakes whoever drains an app's builds. A hint: the database is the queue, and losing every hint costs a second. */
export interface BuildQueue {
  /** Never throws; a queue that is away is only slower. */
  wake(appId: string): void;
}

/** The queue's name, by which both of its ends find it; platforms may share a Redis. */
export function buildQueueName(platformId: string): string {
  return `gantry-${platformId}-builds`;
}
