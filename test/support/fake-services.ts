import { randomUUID } from 'node:crypto';
import { pause } from '../../lib/deadline.ts';
import { Secret } from '../../lib/secret.ts';
import { EVERYTHING, type Actor } from '../../server/domain/actor.ts';
import { instancesOf, MOST_INSTANCES } from '../../server/domain/app.ts';
import { settled } from '../../server/domain/build.ts';
import { describeChange, shadowed, type ConfigChange } from '../../server/domain/config-vars.ts';
import { decided, type Deployment } from '../../server/domain/deployment.ts';
import { PlatformError } from '../../server/domain/errors.ts';
import { instanceName } from '../../server/domain/instance.ts';
import { rollbackTarget, type ConfigVars, type Release } from '../../server/domain/release.ts';
import { appName, branch } from '../../server/domain/names.ts';
import type { Services } from '../../server/http/services.ts';
import type { Key } from '../../server/ports/accounts.ts';
import type { LogLine } from '../../server/ports/engine.ts';
import { deployedApp, emptyApp, fillInstances, releaseOf, TIME, type FakeApp } from './fake-app.ts';

export interface World {
  readonly services: Services;
  readonly admin: Actor;
  readonly adminToken: string;
  /** Somebody else, who may see nothing of the admin's. */
  readonly otherToken: string;
  readonly apps: Map<string, FakeApp>;
  readonly transcripts: Map<string, string[]>;
  /** How every deployment that begins from now on ends; `never` leaves it pending. */
  outcome: 'succeeded' | 'failed' | 'never';
  /** Calls of services that changed something, in order. */
  readonly writes: string[];
  /** The answers kept by request id. */
  readonly kept: Map<string, { readonly status: number; readonly body: unknown }>;
  /** An app with one deployed release v2 and `web` at 1. */
  deployed(name: string): FakeApp;
  decide(app: FakeApp, deployment: Deployment, status: Deployment['status'], failure: string | null): void;
}

/** An in-memory platform behind the HTTP door, as strict as the real services in what it refuses. */
export function createWorld(): World {
  const admin: Actor = { userId: randomUUID(), email: 'admin@example.com', admin: true, scopes: EVERYTHING };
  const other: Actor = { userId: randomUUID(), email: 'other@example.com', admin: false, scopes: EVERYTHING };
  const tokens = new Map([
    ['gantry_admin', admin],
    ['gantry_other', other],
  ]);
  const apps = new Map<string, FakeApp>();
  const keys: Key[] = [];
  const transcripts = new Map<string, string[]>();
  const writes: string[] = [];
  const kept: World['kept'] = new Map();

  function reach(actor: Actor, nameOrId: string): FakeApp {
    // What the database would say; the door must never let it come to that.
    if (nameOrId.includes('\0')) throw new Error('invalid byte sequence for encoding "UTF8": 0x00');
    const found = [...apps.values()].find(({ app }) => app.name === nameOrId || app.id === nameOrId);
    if (found === undefined || !(actor.admin || found.app.owner.id === actor.userId)) {
      throw PlatformError.of('not_found', { resource: 'app', name: nameOrId });
    }
    return found;
  }

  function findRelease(app: FakeApp, which: string): Release {
    const found = app.releases.find((one) =>
      [`v${one.version}`, String(one.version), one.id].includes(which),
    );
    if (found === undefined) throw PlatformError.of('not_found', { resource: 'release', name: which });
    return found;
  }

  function current(app: FakeApp): Release | undefined {
    return app.releases.find((one) => one.current);
  }

  function latest(app: FakeApp): Release | undefined {
    return app.releases.toReversed().find((one) => one.status !== 'failed');
  }

  function deploy(app: FakeApp, of: Release): Deployment {
    const deployment: Deployment = {
      id: randomUUID(),
      appId: app.app.id,
      seq: app.deployments.length + 1,
      releaseId: of.id,
      releaseVersion: of.version,
      status: 'pending',
      failure: null,
      ledger: null,
      createdAt: TIME,
      startedAt: null,
      finishedAt: null,
    };
    app.deployments.push(deployment);
    transcripts.set(deployment.id, [`Starting v${of.version} …`]);
    if (world.outcome !== 'never') {
      const { outcome } = world;
      const failure = outcome === 'failed' ? 'web.1 exited with status 1.' : null;
      setTimeout(() => world.decide(app, deployment, outcome, failure), 5);
    }
    return deployment;
  }

  function undecided(app: FakeApp): void {
    const running = app.deployments.find((one) => !decided(one));
    if (running !== undefined) {
      throw PlatformError.of('deploy_in_progress', { app: app.app.name, version: running.releaseVersion });
    }
  }

  function counts(app: FakeApp) {
    return Object.entries(latest(app)?.image?.processes ?? {}).map(([type, { command }]) => ({
      type,
      command,
      quantity: app.app.formation.get(type) ?? 0,
    }));
  }

  const services: Services = {
    accounts: {
      authenticate(token) {
        const actor = tokens.get(token);
        return actor === undefined
          ? Promise.reject(PlatformError.of('unauthorized', {}))
          : Promise.resolve(actor);
      },
      me: (actor) => Promise.resolve({ id: actor.userId, email: actor.email, createdAt: TIME }),
      async addKey(actor, publicKey) {
        const [type = '', blob = '', comment = ''] = publicKey.split(' ');
        if (!type.startsWith('ssh-')) {
          throw PlatformError.of('invalid_params', { field: 'The key', problem: 'is not a public key' });
        }
        const fingerprint = `SHA256:${blob.slice(-10)}`;
        if (keys.some((key) => key.fingerprint === fingerprint))
          throw PlatformError.of('key_taken', { fingerprint });
        const { userId, email } = actor;
        const key = { id: randomUUID(), userId, email, fingerprint, publicKey, comment, createdAt: TIME };
        keys.push(key);
        writes.push('addKey');
        return Promise.resolve(key);
      },
      keys: (actor) => Promise.resolve(keys.filter((key) => key.userId === actor.userId)),
      async removeKey(actor, which) {
        const at = keys.findIndex(
          (key) => key.userId === actor.userId && [key.id, key.fingerprint, key.comment].includes(which),
        );
        const [key] = at < 0 ? [] : keys.splice(at, 1);
        if (key === undefined) throw PlatformError.of('not_found', { resource: 'key', name: which });
        return Promise.resolve(key);
      },
    },
    apps: {
      async create(actor, input) {
        const parsed = appName.safeParse(input.name ?? `calm-river-${apps.size + 1}`);
        if (!parsed.success) {
          const problem = parsed.error.issues[0]?.message ?? '';
          throw PlatformError.of('invalid_params', { field: 'Name', problem });
        }
        if (apps.has(parsed.data)) throw PlatformError.of('name_taken', { name: parsed.data });
        const made = emptyApp(parsed.data, actor);
        apps.set(parsed.data, made);
        writes.push('create');
        return Promise.resolve(made.app);
      },
      list: (actor) =>
        Promise.resolve(
          [...apps.values()]
            .map(({ app }) => app)
            .filter((app) => actor.admin || app.owner.id === actor.userId),
        ),
      find: async (actor, name) => Promise.resolve(reach(actor, name).app),
      operable: async (actor, name) => Promise.resolve(reach(actor, name).app),
      async setDeployBranch(actor, name, wanted) {
        const found = reach(actor, name);
        const problem = wanted === null ? undefined : branch.safeParse(wanted).error?.issues[0]?.message;
        if (problem !== undefined) throw PlatformError.of('invalid_params', { field: 'branch', problem });
        const app = { ...found.app, deployBranch: wanted };
        apps.set(app.name, { ...found, app });
        writes.push('setDeployBranch');
        return Promise.resolve(app);
      },
      async destroy(actor, name) {
        const { app } = reach(actor, name);
        apps.delete(app.name);
        writes.push('destroy');
        return Promise.resolve(app);
      },
    },
    configVars: {
      async get(actor, name) {
        const app = reach(actor, name);
        return Promise.resolve(app.configs.get(latest(app)?.id ?? '') ?? new Map());
      },
      async ofRelease(actor, name, which) {
        const app = reach(actor, name);
        return Promise.resolve(app.configs.get(findRelease(app, which).id) ?? new Map());
      },
      async change(actor, name, change) {
        const app = reach(actor, name);
        undecided(app);
        const before = app.configs.get(latest(app)?.id ?? '') ?? new Map<string, Secret>();
        const config = changed(before, change, latest(app)?.image?.builder ?? null);
        const same = [...change].every(([key, value]) => (before.get(key)?.reveal() ?? null) === value);
        if (same) return Promise.resolve({ config, release: null });
        const image = latest(app)?.image ?? null;
        const next = releaseOf(app, actor, {
          description: describeChange(change),
          image,
          status: image === null ? 'succeeded' : 'pending',
        });
        app.releases.push(next);
        app.configs.set(next.id, config);
        writes.push('change');
        if (image !== null) deploy(app, next);
        return Promise.resolve({ config, release: next });
      },
    },
    releases: {
      list: async (actor, name) => Promise.resolve(reach(actor, name).releases.toReversed()),
      find: async (actor, name, which) => Promise.resolve(findRelease(reach(actor, name), which)),
      async rollback(actor, name, which) {
        const app = reach(actor, name);
        undecided(app);
        const to =
          which === null
            ? app.releases.toReversed().find((one) => rollbackTarget(one) && !one.current)
            : findRelease(app, which);
        if (to === undefined || !rollbackTarget(to) || to.current) {
          const wanted = to === undefined ? 'an earlier release' : `v${to.version}`;
          throw PlatformError.of('no_rollback_target', { app: app.app.name, wanted });
        }
        const next = releaseOf(app, actor, {
          description: `Rollback to v${to.version}`,
          image: to.image,
          status: 'pending',
        });
        app.releases.push(next);
        app.configs.set(next.id, app.configs.get(to.id) ?? new Map());
        writes.push('rollback');
        return Promise.resolve({ release: next, deployment: deploy(app, next) });
      },
      deploymentOf: async (actor, name, id) =>
        Promise.resolve(reach(actor, name).deployments.findLast((one) => one.releaseId === id)),
    },
    formations: {
      list: async (actor, name) => Promise.resolve(counts(reach(actor, name))),
      async scale(actor, name, changes) {
        const app = reach(actor, name);
        const formation = new Map(app.app.formation);
        const known = counts(app).map(({ type }) => type);
        for (const [type, change] of changes) {
          if (!known.includes(type)) throw PlatformError.of('process_type_not_found', { type, known });
          const count = 'set' in change ? change.set : (formation.get(type) ?? 0) + change.by;
          if (count < 0) {
            const problem = 'must be between 0 and 30';
            throw PlatformError.of('invalid_params', { field: `Quantity of ${type}`, problem });
          }
          formation.set(type, count);
        }
        const wanted = instancesOf(formation);
        if (wanted > MOST_INSTANCES) {
          const limit = MOST_INSTANCES;
          throw PlatformError.of('too_many_instances', { app: app.app.name, wanted, limit });
        }
        app.app = { ...app.app, formation };
        fillInstances(app);
        writes.push('scale');
        return Promise.resolve(counts(app));
      },
    },
    instances: {
      list: async (actor, name) => Promise.resolve(reach(actor, name).instances),
      async restart(actor, name, { type, number }) {
        const app = reach(actor, name);
        const known = app.instances.some(
          (one) => (type ?? one.type) === one.type && (number ?? one.number) === one.number,
        );
        if (type !== undefined && !known) {
          const there = app.instances.map(instanceName);
          const name = number === undefined ? type : `${type}.${number}`;
          throw PlatformError.of('instance_not_found', { app: app.app.name, name, there });
        }
        undecided(app);
        const now = current(app);
        writes.push('restart');
        return Promise.resolve(now?.image ? deploy(app, now) : undefined);
      },
    },
    builds: {
      list: async (actor, name) => Promise.resolve(reach(actor, name).builds),
      async find(actor, name, id) {
        const found = reach(actor, name).builds.find((build) => build.id === id);
        if (found === undefined) throw PlatformError.of('not_found', { resource: 'build', name: id });
        return Promise.resolve(found);
      },
    },
    logs: {
      async read(actor, name, { lines, follow, type, number }, signal) {
        const app = reach(actor, name);
        const place = number === undefined ? type : `${type ?? ''}.${number}`;
        const wanted = (line: LogLine) =>
          place === undefined || line.instance === place || line.instance.startsWith(`${place}.`);
        async function* all(): AsyncGenerator<LogLine> {
          let seen = Math.max(0, app.lines.length - lines);
          for (;;) {
            for (const line of app.lines.slice(seen).filter(wanted)) yield line;
            seen = app.lines.length;
            if (!follow) return;
            await pause(5, signal);
          }
        }
        return Promise.resolve(all());
      },
    },
    transcripts: {
      async *follow(stream, signal) {
        let seen = 0;
        for (;;) {
          const lines = transcripts.get(stream);
          if (lines === undefined) throw PlatformError.of('not_found', { resource: 'stream', name: stream });
          const over = [...apps.values()].every(
            (app) =>
              app.deployments.every((one) => one.id !== stream || decided(one)) &&
              app.builds.every((one) => one.id !== stream || settled(one)),
          );
          for (const line of lines.slice(seen)) yield line;
          seen = lines.length;
          if (over) return;
          await pause(5, signal);
        }
      },
    },
    idempotency: {
      find: (userId, requestId) => Promise.resolve(kept.get(`${userId} ${requestId}`)),
      remember(userId, requestId, answer) {
        // As the database would: what cannot be written as JSON is lost.
        kept.set(`${userId} ${requestId}`, JSON.parse(JSON.stringify(answer)) as typeof answer);
        return Promise.resolve();
      },
    },
  };

  const world: World = {
    services,
    admin,
    adminToken: 'gantry_admin',
    otherToken: 'gantry_other',
    apps,
    transcripts,
    outcome: 'succeeded',
    writes,
    kept,
    deployed(name) {
      const made = deployedApp(name, admin);
      apps.set(name, made);
      return made;
    },
    decide(app, deployment, status, failure) {
      app.deployments = app.deployments.map((one) =>
        one.id === deployment.id ? { ...one, status, failure, finishedAt: TIME } : one,
      );
      const live = status === 'succeeded';
      app.releases = app.releases.map((one) => {
        if (one.id !== deployment.releaseId) return live ? { ...one, current: false } : one;
        if (one.status !== 'pending') return one;
        return { ...one, status: live ? 'succeeded' : 'failed', current: live, failure };
      });
      transcripts.get(deployment.id)?.push(live ? 'Live.' : 'Failed.');
    },
  };
  return world;
}

function changed(before: ConfigVars, change: ConfigChange, builder: string | null): ConfigVars {
  const config = new Map(before);
  for (const [key, value] of change) {
    const problem = value === null ? undefined : shadowed(key, builder);
    if (problem !== undefined)
      throw PlatformError.of('invalid_params', { field: `Config var ${JSON.stringify(key)}`, problem });
    if (value === null) config.delete(key);
    else config.set(key, new Secret(value));
  }
  return config;
}
