import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sendJson, serveLocal } from '../lib/local-http.ts';
import { createDocker } from './docker.ts';

let home: string;
beforeEach(async () => void (home = await mkdtemp(join(tmpdir(), 'docker-'))));
afterEach(() => rm(home, { recursive: true }));

it('removes the images of the repositories that it is given, and none that only stand beside them in a registry', async () => {
  const removed: string[] = [];
  const socket = join(home, 'engine.sock');
  const digest = `@sha256:${'a'.repeat(64)}`;
  await using engine = await serveLocal(socket, (req, res) => {
    const url = decodeURIComponent(req.url ?? '');
    if (req.method === 'DELETE') removed.push(url.slice('/images/'.length));
    sendJson(res, 200, [
      { Id: '1', RepoDigests: [`r:1/apps/ours${digest}`, `r:1/apps/theirs${digest}`], RepoTags: null },
      { Id: '2', RepoDigests: [`r:1/apps/ours-too${digest}`, `r:2/apps/ours${digest}`] },
      { Id: '3', RepoDigests: null, RepoTags: ['r:1/apps/ours:theirs', 'r:1/base:latest'] },
    ]);
    return Promise.resolve();
  });
  expect(engine).toBeDefined();
  const signal = new AbortController().signal;
  await createDocker(`unix://${socket}`).removeImagesOf(new Set(['r:1/apps/ours']), signal);
  expect(removed).toEqual([`r:1/apps/ours${digest}`]);
});
