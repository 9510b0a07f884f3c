import { EVERYTHING } from '../domain/actor.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deployedApp, emptyApp, IMAGE, instanceOf, TIME } from '../../test/support/fake-app.ts';
import * as resources from '../contract/resources.ts';
import type { Build, BuildStatus } from '../domain/build.ts';
import type { Deployment } from '../domain/deployment.ts';
import type { InstanceState } from '../domain/instance.ts';
import type { Release } from '../domain/release.ts';
import {
  isOurs,
  OURS,
  shapeApp,
  shapeBuild,
  shapeConfig,
  shapeDeployment,
  shapeDyno,
  shapeRelease,
  shapeSize,
  shapeStack,
  uuidOf,
  wireTime,
} from './shapes.ts';
import { Secret } from '../../lib/secret.ts';

const ann = { userId: 'u', email: 'ann@example.com', admin: false, scopes: EVERYTHING };
const { app, releases } = deployedApp('hello', ann);
const PLACE = { domain: 'apps.example', httpPort: 80, sshPort: 22, rendezvousPort: 7002 };
const LATER = new Date(TIME.getTime() + 90_000);

describe('ids that are made up', () => {
  it('are UUIDs, the same for the same text and others for others', () => {
    const seen = new Map<string, string>();
    fc.assert(
      fc.property(fc.string(), (text) => {
        const id = uuidOf(text);
        expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(uuidOf(text)).toBe(id);
        expect(seen.get(id) ?? text).toBe(text);
        seen.set(id, text);
      }),
    );
  });
});

it('writes time without fractions', () => {
  expect(wireTime(new Date('2026-11-21T10:00:00.987Z'))).toBe('2026-11-21T10:00:00Z');
});

describe('an app', () => {
  it('has URLs that leave out the usual port of the web and no other', () => {
    expect(shapeApp(app, PLACE)).toMatchObject({
      web_url: 'http://hello.apps.example/',
      git_url: 'ssh://git@apps.example:22/hello.git',
    });
    expect(shapeApp(app, { ...PLACE, httpPort: 8080 }).web_url).toBe('http://hello.apps.example:8080/');
  });

  it('was released when its release went live, if it ever did', () => {
    expect(shapeApp(app, PLACE).released_at).toBe('2026-11-21T10:00:00Z');
    expect(shapeApp(emptyApp('new', ann).app, PLACE).released_at).toBeNull();
  });

  it('tells the sizes of its image and its repository, and null where there is none', () => {
    const sizes = { slugBytes: 23_400_000, repositoryBytes: 51_200 };
    expect(shapeApp({ ...app, ...sizes }, PLACE)).toMatchObject({ slug_size: 23_400_000, repo_size: 51_200 });
    expect(shapeApp(emptyApp('new', ann).app, PLACE)).toMatchObject({ slug_size: null, repo_size: null });
  });
});

it('opens config where it leaves the process', () => {
  expect(shapeConfig(new Map([['A', new Secret('1')]]))).toEqual({ A: '1' });
});

describe('a release', () => {
  it('has a slug only when it has something that runs', () => {
    const [first, second] = releases.map((release) => shapeRelease(release, app, 'http://x/stream'));
    expect(first).toMatchObject({ slug: null, eligible_for_rollback: false });
    expect(second).toMatchObject({ eligible_for_rollback: true });
    expect(second?.slug?.id).toMatch(/^[0-9a-f-]{36}$/);
    expect(resources.release.safeParse(second).error).toBeUndefined();
  });
});

describe('the output of a release', () => {
  const [empty, plain] = releases;
  const processes = { ...IMAGE.processes, release: { command: 'migrate', argv: null } };
  const shapeOf = (release: Release | undefined) => release && shapeRelease(release, app, 'http://x/stream');

  it('is that of its release command, for which clients wait', () => {
    const migrates = plain && { ...plain, image: { ...IMAGE, processes } };
    expect(shapeOf(migrates)?.output_stream_url).toBe('http://x/stream');
  });

  it('is why it failed, of one that did', () => {
    expect(shapeOf(plain && { ...plain, status: 'failed' })?.output_stream_url).toBe('http://x/stream');
  });

  it('is none where there is no such command, however much of it was rolled out', () => {
    expect(shapeOf(plain)?.output_stream_url).toBeNull();
    expect(shapeOf(empty)?.output_stream_url).toBeNull();
  });
});

describe('a deployment', () => {
  const deployment: Deployment = {
    id: 'd',
    appId: app.id,
    seq: 1,
    releaseId: 'r',
    releaseVersion: 2,
    status: 'rolling',
    failure: null,
    ledger: null,
    createdAt: TIME,
    startedAt: null,
    finishedAt: null,
  };

  it('tells its times and its ledger once it has them', () => {
    expect(shapeDeployment(deployment, app, 'u')).toMatchObject({
      ledger: null,
      started_at: null,
      finished_at: null,
    });
    const ledger = { bootMs: 1, switchMs: 2, requests: 3, dropped: 4 };
    const over = shapeDeployment({ ...deployment, ledger, startedAt: TIME, finishedAt: LATER }, app, 'u');
    expect(over).toMatchObject({
      ledger: { boot_ms: 1, switch_ms: 2, requests: 3, dropped: 4 },
      started_at: '2026-11-21T10:00:00Z',
      finished_at: '2026-11-21T10:01:30Z',
    });
    expect(resources.deployment.safeParse(over).error).toBeUndefined();
  });
});

describe('an instance', () => {
  const from = { command: 'run', releaseId: 'r' };

  it.each<[InstanceState, string]>([
    ['created', 'starting'],
    ['starting', 'starting'],
    ['ready', 'up'],
    ['stopping', 'down'],
    ['crashed', 'crashed'],
  ])('that is %s is told as %s', (state, told) => {
    expect(shapeDyno({ ...instanceOf('a', 'web', 1, 2), state }, app, from).state).toBe(told);
  });

  it('is since its last change', () => {
    const one = instanceOf('a', 'web', 1, 2);
    expect(shapeDyno({ ...one, endedAt: LATER }, app, from)).toMatchObject({
      name: 'web.1',
      release: { id: 'r', version: 2 },
      created_at: '2026-11-21T10:00:00Z',
      updated_at: '2026-11-21T10:01:30Z',
    });
    expect(shapeDyno({ ...one, startedAt: null }, app, from).created_at).toBe(wireTime(app.updatedAt));
  });
});

describe('a build', () => {
  const build: Build = {
    id: 'b',
    appId: app.id,
    userId: 'u',
    status: 'queued',
    push: { ref: 'refs/heads/main', commit: 'c0ffee', from: null },
    upload: null,
    buildpacks: null,
    attempt: 1,
    failure: null,
    image: null,
    releaseId: null,
    deploymentId: null,
    createdAt: TIME,
    finishedAt: null,
  };

  it.each<[BuildStatus, string]>([
    ['queued', 'pending'],
    ['building', 'pending'],
    ['succeeded', 'succeeded'],
    ['failed', 'failed'],
    ['superseded', 'failed'],
  ])('that is %s is told as %s', (status, told) => {
    const shaped = shapeBuild({ ...build, status }, app, 'ann@example.com', 'u');
    expect(shaped.status).toBe(told);
    expect(resources.build.safeParse(shaped).error).toBeUndefined();
  });

  it('names its release once it made one, and was changed last when it ended', () => {
    const shaped = shapeBuild({ ...build, releaseId: 'r', finishedAt: LATER }, app, 'e', 'u');
    expect(shaped).toMatchObject({ release: { id: 'r' }, updated_at: '2026-11-21T10:01:30Z' });
    expect(shapeBuild(build, app, 'e', 'u')).toMatchObject({
      release: null,
      updated_at: '2026-11-21T10:00:00Z',
    });
  });
});

it('knows its one stack, region and size by name and by id', () => {
  for (const word of [OURS.stack, shapeStack().id]) expect(isOurs.stack(word)).toBe(true);
  for (const word of [OURS.size, shapeSize().id]) expect(isOurs.size(word)).toBe(true);
  expect([isOurs.stack('cedar-14'), isOurs.region('eu'), isOurs.size('gantry'), isOurs.size('')]).toEqual([
    false,
    false,
    false,
    false,
  ]);
});
