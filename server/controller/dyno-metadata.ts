import type { Deployment } from '../domain/deployment.ts';
import { instanceName } from '../domain/instance.ts';
import type { AppPlace } from '../ports/engine.ts';
import type { ReleaseFacts } from '../ports/controller-state.ts';

/** What the feature `runtime-dyno-metadata` tells a process about itself, by the names that programs look for. */
export function dynoMetadata(
  {
    app,
    host,
    deployment,
    told,
  }: {
    readonly app: Pick<AppPlace, 'id' | 'name'>;
    readonly host: string;
    readonly deployment: Pick<Deployment, 'id' | 'releaseVersion'>;
    readonly told: ReleaseFacts;
  },
  step: { readonly type: string; readonly number: number },
): [string, string][] {
  const { commit, description, createdAt } = told;
  const ofCommit: [string, string][] =
    commit === null
      ? []
      : [
          ['HEROKU_SLUG_COMMIT', commit],
          ['HEROKU_BUILD_COMMIT', commit],
        ];
  return [
    ['HEROKU_APP_ID', app.id],
    ['HEROKU_APP_NAME', app.name],
    ['HEROKU_APP_DEFAULT_DOMAIN_NAME', host],
    ['HEROKU_DYNO_ID', `${deployment.id}.${instanceName(step)}`],
    ['HEROKU_RELEASE_VERSION', `v${deployment.releaseVersion}`],
    ['HEROKU_RELEASE_CREATED_AT', createdAt.toISOString()],
    ['HEROKU_SLUG_DESCRIPTION', description],
    ['HEROKU_BUILD_DESCRIPTION', description],
    ...ofCommit,
  ];
}
