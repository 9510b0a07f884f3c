import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { pack } from 'tar-stream';
import { afterAll, beforeAll } from 'vitest';
import { createBuilds } from '../../builder/build.ts';
import type { BuildEvent, BuildRequest } from '../../builder/contract.ts';
import { createPushes } from '../../builder/pushes.ts';
import { createFakeBuildEngine } from './fake-build-engine.ts';

const patient = new AbortController().signal;

/** For a suite: makes builders whose engine builds nothing, with a folder of buildpacks that holds only their names. */
export function buildsRig(): () => ReturnType<typeof createRig> {
  let home = '';
  beforeAll(() => {
    home = mkdtempSync(join(tmpdir(), 'gantry-build-'));
    for (const file of ['driver/build', 'nodejs/detect', 'static/detect']) {
      mkdirSync(join(home, file, '..'), { recursive: true });
      writeFileSync(join(home, file), '#!/bin/sh\n');
    }
  });
  afterAll(() => rmSync(home, { recursive: true, force: true }));
  return () => createRig(home);
}

let sources = 0;
async function archiveOf(home: string, files: Readonly<Record<string, string>>): Promise<string> {
  const tar = pack();
  for (const [name, text] of Object.entries(files)) tar.entry({ name }, text);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  const path = join(home, `${(sources += 1)}.tar`);
  writeFileSync(path, Buffer.concat(chunks));
  return path;
}

function createRig(home: string) {
  const engine = createFakeBuildEngine();
  const pushes = createPushes();
  const stackAsked: string[] = [];
  const lent: string[] = [];
  const weighed: string[] = [];
  const stored: { bytes: number | Error } = { bytes: 12_340_000 };
  const complaints: string[] = [];
  const builds = createBuilds({
    ...{ engine, pushes, registry: '10.9.8.7:7001', registries: ['10.9.8.7'] },
    stack: {
      ensure: (say) => {
        say('the stack is there');
        stackAsked.push('ensure');
        return Promise.resolve({ reference: 'gantry/stack:abc', digest: 'sha256:stack' });
      },
      current: () => Promise.resolve('sha256:stack'),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    },
    layers: {
      publish: () => Promise.resolve(),
      lend: ({ repository }) => Promise.resolve(void lent.push(repository)),
      forget: () => undefined,
    },
    images: {
      storedBytes(repository, digest, token) {
        weighed.push(`${repository}@${digest} with ${token}`);
        return stored.bytes instanceof Error ? Promise.reject(stored.bytes) : Promise.resolve(stored.bytes);
      },
    },
    caches: {
      nameOf: (key) => Promise.resolve(`${key}.3`),
      renew: () => Promise.resolve(),
      forget: () => Promise.resolve(),
    },
    folder: home,
    settings: () => Promise.resolve({ npm_config_registry: 'https://npm.example/' }),
    cacheBytes: 777,
    log: pino({ level: 'error' }, { write: (text) => void complaints.push(text) }),
  });
  return {
    ...{ engine, pushes, builds, stackAsked, lent, weighed, stored, complaints },
    /** What is told of a build of these files, in order. */
    async run(
      files: Readonly<Record<string, string>>,
      change: Partial<BuildRequest> = {},
      signal = patient,
    ): Promise<BuildEvent[]> {
      const request: BuildRequest = {
        ...{
          id: 'build-1',
          cacheKey: 'tenant',
          archive: await archiveOf(home, files),
          env: { KEY: 'value' },
        },
        ...{
          buildpack: null,
          sourceVersion: 'abcdef0',
          limits: { seconds: 60, outputBytes: 1024, outputLines: 100 },
        },
        target: { repository: 'apps/one', token: 'secret token' },
        ...change,
      };
      const events: BuildEvent[] = [];
      await builds.run(request, (event) => events.push(event), signal);
      return events;
    },
  };
}

/** What a person sees of a build. */
export const linesOf = (events: readonly BuildEvent[]): string[] =>
  events.flatMap((event) => (event.kind === 'line' ? [event.text] : []));

export const DOCKERFILE = { Dockerfile: 'FROM node:22\n', Procfile: 'web: node a.js\nclock: sleep 1\n' };
