import { showDeployBranch } from '../../../server/contract/endpoints/apps.ts';
import { listCollaborators } from '../../../server/contract/endpoints/collaborators.ts';
import { listDomains } from '../../../server/contract/endpoints/domains.ts';
import { showAppCoupling } from '../../../server/contract/endpoints/pipelines.ts';
import type { PipelineCouplingResource } from '../../../server/contract/pipeline-resources.ts';
import type {
  AppResource,
  CollaboratorResource,
  DomainResource,
  FormationResource,
} from '../../../server/contract/resources.ts';
import { ApiError } from '../../../server/contract/transport.ts';
import { roleOf } from '../../access-table.ts';
import type { Run } from '../../command.ts';
import { bytesText } from '../../bytes.ts';
import { printTable } from '../../table.ts';
import { when } from '../../time.ts';

interface Info {
  readonly app: AppResource;
  readonly formation: readonly FormationResource[];
  readonly domains: readonly DomainResource[];
  readonly collaborators: readonly CollaboratorResource[];
  readonly deploy_branch: string | null;
  /** Null: it is in none that the caller may see. */
  readonly coupling: PipelineCouplingResource | null;
}

export const run: Run = async ({ terminal, client, app: meant, result, options, signal, now }, [name]) => {
  const api = await client();
  const app = await api.app(name ?? (await meant()), signal);
  const params = { app: app.id };
  const [formation, domains, collaborators, { branch }, coupling] = await Promise.all([
    api.formation(app.id, signal),
    api.call(listDomains, { params }, signal),
    api.call(listCollaborators, { params }, signal),
    api.call(showDeployBranch, { params }, signal),
    api.call(showAppCoupling, { params }, signal).catch((err: unknown) => {
      if (err instanceof ApiError && err.status === 404) return null;
      throw err;
    }),
  ]);
  const info: Info = { app, formation, domains, collaborators, deploy_branch: branch, coupling };
  result(info, () => {
    if (options.flag('shell')) for (const [key, value] of shellPairs(info)) terminal.print(`${key}=${value}`);
    else printTable(terminal, rowsOf(info, now()), { whole: [0, 1] });
  });
};

function rowsOf(info: Info, now: Date): readonly (readonly string[])[] {
  const { app, formation, domains, collaborators, coupling } = info;
  const custom = domains.filter(({ kind }) => kind === 'custom');
  const others = collaborators.filter(({ role }) => role !== 'owner');
  return [
    ['Name', app.name],
    ['URL', app.web_url ?? ''],
    ...(custom.length === 0 ? [] : [['Domains', custom.map(({ hostname }) => hostname).join(', ')]]),
    ['Git', app.git_url],
    ['Branch', info.deploy_branch ?? 'main or master'],
    ['Owner', app.team === null ? app.owner.email : `team ${app.team.name}${app.locked ? ' (locked)' : ''}`],
    ...(others.length === 0
      ? []
      : [['Shared', others.map((one) => `${one.user.email} (${roleOf(one)})`).join(', ')]]),
    ...(coupling === null ? [] : [['Pipeline', `${coupling.pipeline.name} (${coupling.stage})`]]),
    ['Processes', formation.map(({ type, quantity }) => `${type}=${quantity}`).join(' ') || 'none yet'],
    ['Stack', nextStack(app)],
    ['Region', app.region.name],
    ...sizes(app, { slug: 'Slug size', repo: 'Repo size' }),
    ...(app.maintenance ? [['Maintenance', 'on: visitors are told that it is being worked on']] : []),
    ...(app.acm ? [['Certificates', 'to be got by the platform']] : []),
    ['Created', when(app.created_at, now)],
    ['Released', app.released_at === null ? 'never' : when(app.released_at, now)],
  ];
}

/** Those that are known, each by its name. */
function sizes(
  { slug_size: slug, repo_size: repo }: AppResource,
  names: { readonly slug: string; readonly repo: string },
): readonly (readonly [string, string])[] {
  return [
    ...(slug === null ? [] : [[names.slug, bytesText(slug)] as const]),
    ...(repo === null ? [] : [[names.repo, bytesText(repo)] as const]),
  ];
}

function nextStack({ stack, build_stack: next }: AppResource): string {
  return next.name === stack.name ? stack.name : `${stack.name}; the next build is on ${next.name}`;
}

/** As clients of the Platform API print them for shells. */
function shellPairs({ app, formation, coupling }: Info): readonly (readonly [string, string])[] {
  return [
    ['name', app.name],
    ['id', app.id],
    ['owner', app.owner.email],
    ['region', app.region.name],
    ['dynos', JSON.stringify(Object.fromEntries(formation.map(({ type, quantity }) => [type, quantity])))],
    ['stack', app.stack.name],
    ['git_url', app.git_url],
    ['web_url', app.web_url ?? ''],
    ['auto_cert_mgmt', String(app.acm)],
    ['maintenance', String(app.maintenance)],
    ['locked', String(app.locked)],
    ...sizes(app, { slug: 'slug_size', repo: 'repo_size' }),
    ...(coupling === null ? [] : [['pipeline', `${coupling.pipeline.name}:${coupling.stage}`] as const]),
  ];
}
