import { randomUUID } from 'node:crypto';
import type { Actor } from '../../server/domain/actor.ts';
import type { SeenApp } from '../../server/domain/app.ts';
import type { Instance } from '../../server/domain/instance.ts';
import type { BuiltImage, Release } from '../../server/domain/release.ts';

/** An app and its releases, as values. */
interface FakeApp {
  app: SeenApp;
  releases: Release[];
}

export const TIME = new Date('2026-11-21T10:00:00.000Z');

export const IMAGE: BuiltImage = {
  repository: 'apps/x',
  digest: `sha256:${'a'.repeat(64)}`,
  storedBytes: 1,
  builder: 'nodejs',
  processes: {
    web: { command: 'node server.js', argv: ['node', 'server.js'] },
    worker: { command: 'node worker.js', argv: ['node', 'worker.js'] },
  },
  port: null,
  checks: {},
};

function appOf(name: string, owner: Actor): SeenApp {
  return {
    id: randomUUID(),
    name,
    owner: { id: owner.userId, email: owner.email },
    team: null,
    standing: { owner: true, team: null, collaborator: null },
    locked: false,
    network: 1,
    deployBranch: null,
    formation: new Map(),
    maintenance: false,
    acm: false,
    createdAt: TIME,
    updatedAt: TIME,
    releasedAt: null,
    slugBytes: null,
    repositoryBytes: null,
    revision: 0,
  };
}

function releaseOf(app: FakeApp, user: Actor, part: Partial<Release> & { description: string }): Release {
  return {
    id: randomUUID(),
    appId: app.app.id,
    version: app.releases.length + 1,
    status: 'succeeded',
    current: false,
    image: null,
    collectedAt: null,
    commit: null,
    user: { id: user.userId, email: user.email },
    failure: null,
    createdAt: TIME,
    updatedAt: TIME,
    ...part,
  };
}

/** A new app with its first release, which has nothing to run. */
export function emptyApp(name: string, owner: Actor): FakeApp {
  const made: FakeApp = { app: appOf(name, owner), releases: [] };
  made.releases.push(releaseOf(made, owner, { description: 'Initial release', current: true }));
  return made;
}

/** An app with one deployed release v2 and `web` at 1. */
export function deployedApp(name: string, owner: Actor): FakeApp {
  const made = emptyApp(name, owner);
  const formation = new Map([
    ['web', 1],
    ['worker', 0],
  ]);
  made.app = { ...made.app, formation, releasedAt: TIME, slugBytes: IMAGE.storedBytes, repositoryBytes: 2 };
  made.releases = made.releases.map((one) => ({ ...one, current: false }));
  made.releases.push(
    releaseOf(made, owner, { description: 'Deploy 1a2b3c4', image: IMAGE, current: true, commit: '1a2b3c4' }),
  );
  return made;
}

export function instanceOf(appId: string, type: string, number: number, version: number): Instance {
  return {
    id: `${appId}/${type}.${number}`,
    appId,
    seq: 1,
    release: version,
    type,
    number,
    attempt: 0,
    host: 'local',
    address: '10.0.0.2',
    port: 5000,
    state: 'ready',
    startedAt: TIME,
    endedAt: null,
    exit: null,
  };
}
