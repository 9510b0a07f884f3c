import { createAppSetup, showAppSetup } from '../../contract/endpoints/app-setups.ts';
import type { AppSetupResource } from '../../contract/setup-resources.ts';
import { PlatformError } from '../../domain/errors.ts';
import type { Outputs } from '../outputs.ts';
import { route, type Call, type CallOf, type Route } from '../route.ts';
import type { Services } from '../services.ts';
import { BUILD_STATUS, mustBeOurs, wireTime } from '../shapes.ts';
import type { Sources } from '../sources.ts';

type Seen = Awaited<ReturnType<Services['appSetups']['find']>>;

/** Apps made of a source and its app.json. */
export function appSetupRoutes(
  setups: Services['appSetups'],
  { outputs, sources }: { readonly outputs: Outputs; readonly sources: Sources },
): readonly Route[] {
  return [
    route(createAppSetup, async (call) => {
      const { actor, body, signal } = call;
      const { url, checksum, version } = body.source_blob;
      const upload = sources.uploadAt(url);
      const wish = {
        ...wantedApp(body.app ?? {}),
        ...wantedOverrides(body.overrides ?? {}),
        ...{ checksum: checksum ?? null, version: version || null },
        source: upload ? { upload } : { url },
      };
      return { body: shape(outputs, call, await setups.create(actor, wish, signal)) };
    }),

    route(showAppSetup, async (call) => ({
      body: shape(outputs, call, await setups.find(call.actor, call.params.setup, call.signal)),
    })),
  ];
}

type Body = CallOf<typeof createAppSetup>['body'];

function wantedApp({ name, team, organization, locked, personal, stack, region }: NonNullable<Body['app']>) {
  mustBeOurs('stack', stack);
  mustBeOurs('region', region);
  const owner = team ?? organization ?? undefined;
  if (personal === true && owner !== undefined)
    throw PlatformError.of('invalid_params', {
      field: 'app.personal',
      problem: 'cannot be true for an app of a team',
    });
  return { name: name ?? undefined, team: owner, locked: locked ?? undefined };
}

function wantedOverrides({ env, buildpacks }: NonNullable<Body['overrides']>) {
  return {
    env: new Map(Object.entries(env ?? {})),
    buildpacks: buildpacks?.map((one) => one.url ?? one.name ?? '') ?? null,
  };
}

function shape(
  outputs: Outputs,
  call: Pick<Call, 'actor' | 'origin'>,
  { setup, app, build }: Seen,
): AppSetupResource {
  const { id, status, failure, manifestErrors, postdeploy, successUrl, createdAt, updatedAt } = setup;
  return {
    ...{ id, status, app: { id: app.id, name: app.name } },
    failure_message: setup.formerApp === null ? failure : withoutApp(failure, setup.formerApp),
    manifest_errors: [...manifestErrors],
    build: build && {
      id: build.id,
      status: BUILD_STATUS[build.status],
      output_stream_url: outputs.ofTranscript(call, app, build.id),
    },
    postdeploy: postdeploy && { output: postdeploy.output, exit_code: postdeploy.exitCode },
    resolved_success_url: successUrl,
    created_at: wireTime(createdAt),
    updated_at: wireTime(updatedAt),
  };
}

function withoutApp(failure: string | null, name: string): string {
  return `${failure ?? 'It failed'}. ${name} was removed again, because nothing of it was ever built`;
}
