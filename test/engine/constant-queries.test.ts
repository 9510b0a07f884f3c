import { randomBytes, randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { quietLog } from '../../lib/log.ts';
import type { Secret } from '../../lib/secret.ts';
import { createApps } from '../../server/adapters/postgres/apps.ts';
import { createBuilds } from '../../server/adapters/postgres/builds.ts';
import { createControllerState } from '../../server/adapters/postgres/controller-state.ts';
import { openDatabase } from '../../server/adapters/postgres/database.ts';
import { createDomains } from '../../server/adapters/postgres/domains.ts';
import { createCollaborators } from '../../server/adapters/postgres/membership.ts';
import { createReleases } from '../../server/adapters/postgres/releases.ts';
import { newMasterKey } from '../../server/adapters/secrets/master-key.ts';
import { createSealer } from '../../server/adapters/secrets/sealer.ts';
import type { App } from '../../server/domain/app.ts';
import { countPostgres } from '../support/counted-postgres.ts';
import { migratedPostgres } from '../support/migrated-postgres.ts';
import { insertUser, patient, PUSH, SUPERSEDED } from '../support/stores.ts';

const createDatabase = migratedPostgres();

async function open() {
  const direct = await createDatabase();
  const counted = await countPostgres(direct);
  const clock = { now: () => new Date() };
  const sealer = createSealer({ keys: [newMasterKey()] });
  const db = openDatabase({ url: counted.url, log: quietLog(), connections: 5 });
  const [ann, admin] = [await insertUser(direct, false), await insertUser(direct, true)];
  const apps = createApps({ db, sealer, clock });
  const builds = createBuilds({ db, clock });
  const releases = createReleases({ db, sealer, clock });
  const domains = createDomains({ db });
  const collaborators = createCollaborators({ db });
  const addApp = async (): Promise<App> => {
    const [id, name] = [randomUUID(), `app-${randomBytes(4).toString('hex')}`];
    return apps.create({ id, name, ownerId: ann.userId, deployBranch: null }, patient);
  };
  return {
    ...{ ann, admin, apps, builds, releases, addApp, domains, collaborators },
    controller: createControllerState({ db, sealer, clock }),
    /** How many statements each takes, once connections and prepared statements are there. */
    async inTurn(lists: readonly (() => Promise<unknown>)[]): Promise<number[]> {
      const counts: number[] = [];
      for (const list of lists) {
        await list();
        counts.push(await counted.during(list));
      }
      return counts;
    },
    async build(app: App): Promise<void> {
      const order = { id: randomUUID(), appId: app.id, userId: ann.userId, push: PUSH };
      await builds.submit(order, SUPERSEDED, patient);
    },
    async release(app: App): Promise<void> {
      const { version: base } = await releases.latest(app.id, patient);
      const same = { image: null, config: new Map<string, Secret>(), commit: null, buildId: null };
      const draft = { base, description: 'Set A', userId: ann.userId, formation: app.formation, ...same };
      await releases.create(app, draft, patient);
    },
    async domain(app: App): Promise<void> {
      const id = randomUUID();
      await domains.add({ id, app, hostname: `${id}.example.com`, certificateId: null }, patient);
    },
    async collaborator(app: App): Promise<void> {
      const { userId } = await insertUser(direct, false);
      await collaborators.put(app.id, userId, 'view', patient);
    },
    async [Symbol.asyncDispose]() {
      await db[Symbol.asyncDispose]();
      await counted[Symbol.asyncDispose]();
    },
  };
}

describe('a list takes as many statements of fifty as of one', () => {
  it('of apps, to whoever asks, and of what the controller looks at', async () => {
    await using rig = await open();
    const lists = [
      () => rig.apps.list(rig.ann, patient),
      () => rig.apps.list(rig.admin, patient),
      () => rig.builds.lastDeploys(patient),
      () => rig.controller.desired(patient),
    ];
    await rig.addApp();
    const ofOne = await rig.inTurn(lists);
    for (let nth = 1; nth < 50; nth += 1) await rig.build(await rig.addApp());
    expect(await rig.apps.list(rig.ann, patient)).toHaveLength(50);
    expect(ofOne).toEqual([1, 1, 1, 1]);
    expect(await rig.inTurn(lists)).toEqual(ofOne);
  });

  it('of the builds, releases, domains and collaborators of an app', async () => {
    await using rig = await open();
    const app = await rig.addApp();
    const lists = [
      () => rig.builds.list(app.id, patient),
      () => rig.releases.list(app.id, patient),
      () => rig.domains.list(app.id, patient),
      () => rig.collaborators.list(app.id, patient),
    ];
    const addEach = async (): Promise<void> => {
      await rig.build(app);
      await rig.release(app);
      await rig.domain(app);
      await rig.collaborator(app);
    };
    await addEach();
    const ofOne = await rig.inTurn(lists);
    for (let nth = 1; nth < 50; nth += 1) await addEach();
    const [builds, , ...others] = await Promise.all(lists.map((list) => list()));
    for (const rows of [builds, ...others]) expect(rows).toHaveLength(50);
    expect(await rig.inTurn(lists)).toEqual(ofOne);
  });
});
