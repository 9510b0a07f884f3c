import type { LoginRequestDraft, LoginRequests } from '../../server/ports/login-requests.ts';
import { storable, type MemoryWorld } from './memory-world.ts';

export function createMemoryLoginRequests(world: MemoryWorld): LoginRequests {
  const kept: (LoginRequestDraft & { status: string; userId: string | null })[] = [];
  const living = (which: Partial<LoginRequestDraft>) =>
    kept.find(
      (one) =>
        one.expiresAt > world.clock.now() &&
        (one.pageHash === which.pageHash || one.clientHash === which.clientHash),
    );
  return {
    async create(draft) {
      kept.push({ ...draft, description: storable(draft.description), status: 'pending', userId: null });
      return Promise.resolve();
    },
    async find(pageHash) {
      const found = living({ pageHash });
      return Promise.resolve(found?.status === 'pending' ? shown(found) : undefined);
    },
    async decide(pageHash, verdict) {
      const found = living({ pageHash });
      if (found?.status !== 'pending') return Promise.resolve(false);
      Object.assign(found, verdict);
      return Promise.resolve(true);
    },
    async collect(clientHash) {
      const found = living({ clientHash });
      if (found?.status === 'pending' || found?.status === 'denied') return Promise.resolve(found.status);
      if (found?.status !== 'approved' || found.userId === null) return Promise.resolve(undefined);
      found.status = 'collected';
      return Promise.resolve({ userId: found.userId, request: shown(found) });
    },
  };
}

function shown({ id, description, ip, createdAt }: LoginRequestDraft) {
  return { id, description, ip, createdAt };
}
