import { describe, expect, it } from 'vitest';
import { deployedApp, IMAGE, instanceOf, TIME } from '../../test/support/fake-app.ts';
import { issue } from '../../test/support/certificates.ts';
import { Secret } from '../../lib/secret.ts';
import * as contract from '../contract/resources.ts';
import { EVERYTHING } from '../domain/actor.ts';
import type { Build } from '../domain/build.ts';
import type { Release } from '../domain/release.ts';
import type { Thing } from '../domain/webhook-news.ts';
import { createLinks } from './links.ts';
import { createOutputs } from './outputs.ts';
import { shapeDyno, shapeRelease, slugIdOf, uuidOf } from './shapes.ts';
import { createWire } from './wire.ts';

const ann = { userId: 'ann-id', email: 'ann@example.com', admin: true, scopes: EVERYTHING };
const { app, releases } = deployedApp('shop', ann);
const processes = { ...IMAGE.processes, release: { command: 'migrate', argv: null } };
const release = { ...releases[1], image: { ...IMAGE, processes } } as Release;
const times = { createdAt: TIME, updatedAt: TIME };
const build: Build = {
  ...{ id: 'b', appId: app.id, userId: 'ann-id', status: 'building', attempt: 1, createdAt: TIME },
  ...{ push: { ref: 'refs/heads/main', commit: 'c0ffee', from: null }, upload: null, buildpacks: null },
  ...{ failure: null, image: IMAGE, releaseId: release.id, deploymentId: null, finishedAt: null },
};
const links = createLinks(new Secret('a key of the tests'));
const wire = createWire({
  place: { domain: 'apps.example', httpPort: 8080, sshPort: 22, rendezvousPort: 7002 },
  outputs: createOutputs(links, () => TIME),
  origin: 'http://api.apps.example:8080',
});
const dataOf = (thing: Thing) => wire.resourcesOf({ now: thing, was: null }).data;

describe('what a webhook is told of a thing is the resource that the API shows, and no more', () => {
  const things = {
    app: [{ kind: 'app', app }, contract.app],
    release: [{ kind: 'release', app, release }, contract.release],
    build: [{ kind: 'build', app, build, email: 'ann@example.com' }, contract.build],
    formation: [
      { kind: 'formation', app, count: { type: 'web', quantity: 2, command: 'run' } },
      contract.formation,
    ],
    domain: [
      {
        kind: 'domain',
        app,
        domain: { id: 'd', appId: app.id, hostname: 'a.example', certificate: null, ...times },
      },
      contract.domain,
    ],
    collaborator: [
      {
        kind: 'collaborator',
        byTeam: false,
        app,
        collaborator: { id: 'c', user: { id: 'u', email: 'bob@example.com' }, role: 'deploy', ...times },
      },
      contract.collaborator,
    ],
    instance: [
      {
        kind: 'instance',
        app,
        instance: instanceOf(app.id, 'web', 1, 2),
        from: { command: 'run', releaseId: release.id },
      },
      contract.dyno,
    ],
  } as const;

  it.each(Object.entries(things))('for %s', (_name, [thing, resource]) => {
    const data = dataOf(thing);
    expect(Object.keys(data).toSorted()).toEqual(Object.keys(resource.shape).toSorted());
    expect(resource.strict().parse(data)).toEqual(data);
  });

  it('for a certificate', async () => {
    const { certificate: chain } = await issue({ names: ['a.example'] });
    const certificate = {
      id: 'x',
      appId: app.id,
      name: 'tokyo',
      chain,
      digest: 'd',
      domains: ['1'],
      ...times,
    };
    const data = dataOf({ kind: 'certificate', app, certificate });
    expect(contract.sniEndpoint.strict().parse(data)).toEqual(data);
    expect(data).toMatchObject({ certificate_chain: chain, ssl_cert: { cert_domains: ['a.example'] } });
  });

  it('with the ids, the release and the times of the API', () => {
    const instance = instanceOf(app.id, 'web', 1, 2);
    const from = { command: 'run', releaseId: release.id };
    expect(dataOf({ kind: 'instance', app, instance, from })).toEqual(shapeDyno(instance, app, from));
    expect(dataOf({ kind: 'instance', app, instance, from })).toMatchObject({
      ...{ id: uuidOf(`instance:${instance.id}`), size: 'small', release: { id: release.id, version: 2 } },
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as unknown,
    });
    const { output_stream_url: output, ...rest } = dataOf({ kind: 'release', app, release });
    const shaped = shapeRelease(release, app, String(output));
    expect({ ...rest, output_stream_url: output }).toEqual(shaped);
    expect(rest).toMatchObject({ current: true, slug: { id: slugIdOf(IMAGE) } });
  });

  it('and not a column that a row has besides', () => {
    const rows = { ...release, config: 'c2VhbGVk', secretNote: 'psst' };
    expect(JSON.stringify(dataOf({ kind: 'release', app, release: rows }))).not.toMatch(/config|psst/);
  });
});

describe('what it was', () => {
  it('is made in the same way, so that only what is shown can be different', () => {
    const now: Thing = { kind: 'release', app, release };
    const was: Thing = { kind: 'release', app, release: { ...release, status: 'pending' } };
    const told = wire.resourcesOf({ now, was });
    expect(told.was).toEqual({ ...told.data, status: 'pending', eligible_for_rollback: false });
  });
});

describe('the link to a transcript', () => {
  const target = (url: unknown) => {
    const [, text = ''] = /^http:\/\/api\.apps\.example:8080\/streams\/(.+)$/.exec(String(url)) ?? [];
    return links.open(text, TIME);
  };

  it('opens what the person whose build it is may read, and nothing that only an administrator may', () => {
    const data = dataOf({ kind: 'build', app, build, email: 'ann@example.com' });
    expect(target(data['output_stream_url'])).toEqual({
      ...{ kind: 'transcript', app: app.id, stream: 'b' },
      actor: { userId: 'ann-id', email: 'ann@example.com', admin: false, scopes: ['read'] },
    });
  });

  it('of a release leads to that of its deployment, and is none where no command ran for it', () => {
    expect(target(dataOf({ kind: 'release', app, release })['output_stream_url'])).toMatchObject({
      ...{ kind: 'release', app: app.id, release: release.id },
    });
    const first = releases[0] as Release;
    expect(dataOf({ kind: 'release', app, release: first })['output_stream_url']).toBeNull();
  });
});
