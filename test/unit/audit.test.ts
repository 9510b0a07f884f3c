import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ENDPOINTS } from '../../server/contract/endpoints/all.ts';
import { allRoutes } from '../../server/http/routes/all.ts';
import { createWorld } from '../support/world.ts';
import { TIME } from '../support/fake-app.ts';
import { openTestCli, type TestCli } from '../support/test-cli.ts';

let cli: TestCli;
beforeEach(async () => {
  cli = await openTestCli();
});
afterEach(() => cli[Symbol.asyncDispose]());

const pathOf = (path: string) =>
  path.replace(':app', 'demo').replaceAll(/[:*]\w+/g, '00000000-0000-4000-8000-000000000000');

/** Writes by their method that change nothing. */
const HARMLESS = ['POST /apps/:app/log-sessions', 'POST /filters/apps'];

describe('the audit trail [S-API-13]', () => {
  const writes = ENDPOINTS.filter(({ method }) => method !== 'GET').map(
    ({ method, path, needs }) => [`${method} ${path}`, method, path, needs] as const,
  );

  it.each(writes.filter(([name]) => !HARMLESS.includes(name)))(
    'has every call of %s, whether it was done or refused',
    async (name, method, path, needs) => {
      const { door } = cli;
      // Whatever it wants in its body: what is not understood is refused before anything is tried.
      for (const body of [
        {},
        { name: 'fresh' },
        { updates: [{ type: 'web', quantity: 1 }] },
        { branch: null },
      ])
        await door.call(method, pathOf(path), { body });
      const trail = (await door.call('GET', '/gantry/audit')).body as { action: string; actor: unknown }[];
      const understood = trail.filter(({ action }) => action === name);
      const done = door.world.writes.length > 0;
      expect(done && understood.length === 0).toBe(false);
      // Of what needs nobody in particular, nobody is the actor, whoever called.
      const actor = { email: needs === 'open' ? '' : 'admin@example.com' };
      for (const entry of understood) expect(entry).toMatchObject({ door: 'api', actor, ip: '127.0.0.1' });
    },
  );

  it('is left out only by routes that say they change nothing', () => {
    const { services } = createWorld();
    const place = { domain: 'localhost', httpPort: 80, sshPort: 22, rendezvousPort: 7002 };
    const routes = allRoutes({
      services,
      outputs: {} as never,
      sources: {} as never,
      place,
      now: () => TIME,
      version: '0',
    });
    const left = routes
      .filter(({ endpoint, options }) => endpoint.method !== 'GET' && options.changesNothing)
      .map(({ endpoint: { method, path } }) => `${method} ${path}`);
    expect(left).toEqual(HARMLESS);
  });

  it('has who has read config vars, and who has tried to [S-SEC-04]', async () => {
    const { door } = cli;
    const reads = ENDPOINTS.filter(({ needs, method }) => method === 'GET' && needs === 'app:secrets');
    expect(reads.map(({ path }) => path)).toEqual([
      '/apps/:app/config-vars',
      '/apps/:app/releases/:release/config-vars',
    ]);
    const { token } = door.world.addUser('stranger@example.com');
    for (const { path } of reads) {
      const one = path.replace(':app', 'demo').replace(':release', '2');
      expect(await door.call('GET', one)).toMatchObject({ status: 200 });
      expect(await door.call('GET', one, { token })).toMatchObject({ status: 404 });
    }
    const trail = await door.call('GET', '/gantry/audit');
    const entry = (action: string, by: string, error: string | null) => ({
      ...{ action: `GET ${action}`, actor: { email: `${by}@example.com` }, ip: '127.0.0.1' },
      ...{ outcome: error === null ? 'succeeded' : 'refused', error, target: { app: 'demo' }, changes: [] },
    });
    expect(trail.body).toMatchObject(
      reads
        .flatMap(({ path }) => [entry(path, 'admin', null), entry(path, 'stranger', 'not_found')])
        .reverse(),
    );
  });

  it('is for those who manage the app, and as a whole for administrators', async () => {
    const { otherToken } = cli.door.world;
    const foreign = await cli.door.call('GET', '/gantry/apps/demo/audit', { token: otherToken });
    expect(foreign).toMatchObject({ status: 404 });
    for (const path of ['/gantry/audit', '/gantry/audit/verify'])
      expect(await cli.door.call('GET', path, { token: otherToken })).toMatchObject({
        status: 403,
        body: { id: 'forbidden_platform' },
      });
  });

  it('hides the password of a URL in a path', async () => {
    await cli.door.call('DELETE', `/account/keys/${encodeURIComponent('https://me:pw@example.com/x')}`);
    const trail = await cli.door.call('GET', '/gantry/audit');
    expect(trail.text).toContain('https://[redacted]@example.com/x');
    expect(trail.text).not.toContain('pw');
  });
});

describe('gantry audit', () => {
  it('shows what was done with an app, and how it ended', async () => {
    await cli.gantry(['config:set', 'A=secret', '-a', 'demo', '--no-wait']);
    await cli.gantry(['scale', 'nothing=2', '-a', 'demo']);
    const { code, out } = await cli.gantry(['audit', '-a', 'demo']);
    expect(code).toBe(0);
    expect(out).toMatch(
      /3 .* admin@example.com {2}PATCH \/apps\/:app\/formation .*refused: process_type_not_found/,
    );
    expect(out).toMatch(/2 .* admin@example.com {2}PATCH \/apps\/:app\/config-vars/);
    expect(out).toMatch(/1 .* admin@example.com {2}GET \/apps\/:app\/config-vars/); // to tell what it changes
    expect(out).not.toContain('secret');
    const only = JSON.parse(
      (await cli.gantry(['audit', '--all', '--before', '2', '--json'])).out,
    ) as unknown[];
    expect(only).toMatchObject([{ seq: 1, outcome: 'succeeded' }]);
  });

  it('says whether the trail is whole', async () => {
    expect(await cli.gantry(['audit:verify'])).toMatchObject({
      code: 0,
      out: 'The audit trail is whole: 0 rows.\n',
    });
    const { audit } = cli.door.world.services;
    Object.assign(audit, {
      verify: () => Promise.resolve({ rows: 1, fault: { seq: 2, problem: 'row 2 was changed' } }),
    });
    const found = await cli.gantry(['audit:verify']);
    expect(found).toMatchObject({ code: 1 });
    expect(found.err).toContain('row 2 was changed');
  });
});
