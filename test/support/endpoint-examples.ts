import type { Endpoint } from '../../server/contract/endpoint.ts';
import { ENDPOINTS } from '../../server/contract/endpoints/all.ts';
import { TIME } from './fake-app.ts';
import { sampleKey } from './sample-keys.ts';

/** What stands for the names in paths: things that are there in the world of `openCast`, where it matters. */
const PARAMS: Readonly<Record<string, string>> = {
  team: 'acme',
  release: '2',
  dyno: 'web.1',
  type: 'web',
  user: '~',
  collaborator: 'colleague@example.com',
  member: 'colleague@example.com',
  feature: 'team-invite-acceptance',
  stack: 'gantry',
  region: 'local',
  size: 'small',
};

/** The pipeline of each app of `openCast`, and the id of the app's place in it. */
export const PIPELINES: Readonly<Record<string, { readonly pipeline: string; readonly coupling: string }>> = {
  demo: { pipeline: 'demo-pipe', coupling: '00000000-0000-4000-8000-0000000000d1' },
  shop: { pipeline: 'shop-pipe', coupling: '00000000-0000-4000-8000-0000000000d2' },
};
const pipelineOf = (app: string): string => PIPELINES[app]?.pipeline ?? 'none';

/** Of names without a row, an id that nothing has: who may ask is told that this is not there. */
const NOTHING = '00000000-0000-4000-8000-000000000000';

const PERMISSIONS = { permissions: ['view'] };
const MEMBER = { email: 'colleague@example.com', role: 'member' };
const CERTIFICATE = { certificate_chain: 'x', private_key: 'x' };

/** Bodies by endpoint, where `{}` is none that could be meant. Whoever adds an endpoint that needs one adds a line. */
const BODIES: Readonly<Record<string, (app: string) => unknown>> = {
  'POST /account/keys': () => ({ public_key: sampleKey('matrix') }),
  'PUT /gantry/apps/:app/deploy-branch': () => ({ branch: 'live' }),
  'POST /apps/:app/builds': () => ({ source_blob: { url: 'https://example.com/x.tgz' } }),
  'POST /app-setups': () => ({ source_blob: { url: 'https://example.com/x.tgz' } }),
  'POST /apps/:app/slugs': () => ({ process_types: { web: 'run' } }),
  'POST /apps/:app/sni-endpoints': () => CERTIFICATE,
  'PATCH /apps/:app/sni-endpoints/:sni_endpoint': () => CERTIFICATE,
  'POST /apps/:app/collaborators': () => ({ user: 'colleague@example.com' }),
  'PATCH /apps/:app/collaborators/:collaborator': () => PERMISSIONS,
  'PATCH /apps/:app/config-vars': () => ({ A: '1' }),
  'POST /apps/:app/domains': () => ({ hostname: 'www.example.com' }),
  'PATCH /apps/:app/domains/:domain': () => ({ sni_endpoint: null }),
  'PUT /api/v2/:dyno': () => ({ client_key: sampleKey('exec') }),
  'PATCH /apps/:app/formation': () => ({ updates: [{ type: 'web', quantity: 1 }] }),
  'PATCH /apps/:app/formation/:type': () => ({ quantity: 1 }),
  'PATCH /oauth/authorizations/:authorization': () => ({ description: 'x' }),
  'POST /gantry/invitations/accept': () => ({ token: 'x', password: 'correct horse battery' }),
  'PUT /gantry/account/password': () => ({ new_password: 'correct horse battery' }),
  'PATCH /gantry/users/:user': () => ({ admin: true }),
  'POST /gantry/account/two-factor/confirm': () => ({ code: '123456' }),
  'DELETE /gantry/account/two-factor': () => ({ code: '123456' }),
  'POST /gantry/users': () => ({ email: 'new@example.com' }),
  'PUT /apps/:app/buildpack-installations': () => ({ updates: [{ buildpack: 'gantry/nodejs' }] }),
  'PATCH /apps/:app/features/:feature': () => ({ enabled: true }),
  'POST /apps/:app/webhooks': () => ({
    ...{ url: 'https://example.com/hook', level: 'notify', include: ['api:release'] },
  }),
  'POST /apps/:app/log-drains': () => ({ url: 'syslog://logs.example.com:514' }),
  'POST /apps/:app/releases': () => ({ release: null }),
  'POST /apps/:app/dynos': () => ({ command: 'true' }),
  'POST /teams/apps/:app/collaborators': () => ({ user: 'colleague@example.com' }),
  'PATCH /teams/apps/:app/collaborators/:collaborator': () => PERMISSIONS,
  'PATCH /teams/apps/:app': () => ({ locked: true }),
  'POST /teams': () => ({ name: 'fresh' }),
  'POST /teams/:team/members': () => MEMBER,
  'PUT /teams/:team/members': () => MEMBER,
  'PATCH /teams/:team/members': () => MEMBER,
  'PUT /teams/:team/invitations': () => MEMBER,
  'POST /account/app-transfers': (app) => ({ app, recipient: 'colleague@example.com' }),
  'POST /pipelines': () => ({ name: 'fresh-pipe' }),
  'POST /pipeline-couplings': (app) => ({ app, pipeline: pipelineOf(app), stage: 'staging' }),
  'POST /pipeline-promotions': (app) => ({
    ...{ pipeline: { id: pipelineOf(app) }, source: { app: { id: app } }, targets: [{ app: { id: app } }] },
  }),
  'POST /pipeline-transfers': (app) => ({
    ...{ pipeline: { id: pipelineOf(app) }, new_owner: { id: 'colleague@example.com', type: 'user' } },
  }),
  'POST /filters/apps': () => ({ in: { id: [] } }),
  'PATCH /account/app-transfers/:transfer': () => ({ state: 'accepted' }),
};

export interface Example {
  readonly path: string;
  readonly body: unknown;
}

export const nameOf = ({ method, path }: Endpoint): string => `${method} ${path}`;

/** A call that could be meant, about this app. Throws for an endpoint whose body needs an example and has none. */
export function exampleOf(
  endpoint: Endpoint,
  app: string,
  params: Readonly<Record<string, string>> = {},
): Example {
  const given: Readonly<Record<string, string>> = { ...PARAMS, ...PIPELINES[app], app, ...params };
  const path = endpoint.path.replaceAll(/[:*](\w+)/g, (_, name: string) =>
    encodeURIComponent(given[name] ?? NOTHING),
  );
  const body = BODIES[nameOf(endpoint)]?.(app) ?? (endpoint.body && {});
  const problem = endpoint.body?.safeParse(body).error;
  if (problem) {
    const why = problem.issues.map(({ path: at, message }) => `${at.join('.')} ${message}`).join('; ');
    throw new Error(
      `${nameOf(endpoint)} needs a line in BODIES of test/support/endpoint-examples.ts: ${why}`,
    );
  }
  return { path, body };
}

/** A body in which all is well but for a name too many, or else a value; undefined where anything is taken. */
export function wrongBodyOf(endpoint: Endpoint, app: string): unknown {
  if (endpoint.method === 'GET') return undefined;
  const right = exampleOf(endpoint, app).body;
  const all = [{ ...(right ?? {}), nobody_asked: ['for', 'this'] }, { A: {} }];
  return all.find((body) => endpoint.body === undefined || !endpoint.body.safeParse(body).success);
}

/** Lines that no endpoint has any more. */
export function staleExamples(): readonly string[] {
  const known = ENDPOINTS.map(nameOf);
  return Object.keys(BODIES).filter((name) => !known.includes(name));
}

export const LONG_AGO = new Date(TIME.getTime() - 1_000);
