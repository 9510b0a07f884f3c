import type { Builder, BuildNews, BuildOrder } from '../../server/ports/builder.ts';

/** A builder that does what it is told beforehand. */
export interface FakeBuilder extends Builder {
  /** The course of the next build of an app; a function is asked when the build begins, and may throw or wait. */
  expect(appId: string, course: readonly BuildNews[] | Course): void;
  readonly orders: readonly BuildOrder[];
  readonly forgotten: readonly string[];
  /** Apps whose next build begins with an empty cache. */
  readonly renewed: readonly string[];
  /** Copies that were made: `from → to@digest`. */
  readonly copies: string[];
  /** What the next copies answer: false for an image that is not there, or a failure; then they work. */
  readonly mishaps: (false | Error)[];
  /** Builds that were left before their last word. */
  readonly cancelled: readonly string[];
}

type Course = (order: BuildOrder, signal: AbortSignal) => AsyncIterable<BuildNews>;

export function createFakeBuilder(): FakeBuilder {
  const courses = new Map<string, Course[]>();
  const orders: BuildOrder[] = [];
  const forgotten: string[] = [];
  const renewed: string[] = [];
  const cancelled: string[] = [];
  const copies: string[] = [];
  const mishaps: (false | Error)[] = [];
  return {
    copies,
    mishaps,
    orders,
    forgotten,
    renewed,
    cancelled,
    expect(appId, course) {
      const one = typeof course === 'function' ? course : () => inTurn(course);
      courses.set(appId, [...(courses.get(appId) ?? []), one]);
    },
    async *build(order, signal) {
      const course = courses.get(order.appId)?.shift();
      if (course === undefined) throw new Error(`fake builder: nobody expected a build of ${order.appId}`);
      orders.push(order);
      let over = false;
      try {
        for await (const news of course(order, signal)) {
          signal.throwIfAborted();
          over = news.kind === 'built' || news.kind === 'failed';
          yield news;
          if (over) return;
        }
      } finally {
        if (!over) cancelled.push(order.id);
      }
    },
    async lendStack(_token, signal) {
      signal.throwIfAborted();
      return Promise.resolve();
    },
    async copy({ from, to, digest }, signal) {
      signal.throwIfAborted();
      await Promise.resolve();
      const mishap = mishaps.shift();
      if (mishap instanceof Error) throw mishap;
      copies.push(`${from} → ${to}@${digest}`);
      return mishap ?? true;
    },
    async renewCache(appId, signal) {
      signal.throwIfAborted();
      await Promise.resolve();
      renewed.push(appId);
    },
    async forget(appId, signal) {
      signal.throwIfAborted();
      await Promise.resolve();
      forgotten.push(appId);
    },
  };
}

async function* inTurn(course: readonly BuildNews[]): AsyncGenerator<BuildNews> {
  for (const news of course) {
    await Promise.resolve();
    yield news;
  }
}
