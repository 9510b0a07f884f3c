import type { Health } from '../../server/ports/health.ts';
import type { FakeEngine } from './fake-engine.ts';

/** Health checks in the simulated world of a fake engine. */
export function createFakeHealth(engine: Pick<FakeEngine, 'answer'>): Health {
  return {
    async check({ address, port, path }, _timeoutMs, signal) {
      signal.throwIfAborted();
      await Promise.resolve();
      const status = engine.answer(address, port);
      if (status === null) return { ready: false, reason: `nothing listens on port ${port}` };
      if (path === null || (status >= 200 && status < 400)) return { ready: true };
      return { ready: false, reason: `GET ${path} answered ${status}` };
    },
  };
}
