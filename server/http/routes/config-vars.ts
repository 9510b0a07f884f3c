import { z } from 'zod';
import {
  changeConfigVars,
  showConfigVars,
  showReleaseConfigVars,
} from '../../contract/endpoints/config-vars.ts';
import { configKey, configValue, type ConfigChange } from '../../domain/config-vars.ts';
import { PlatformError } from '../../domain/errors.ts';
import type { Release } from '../../domain/release.ts';
import { route, type Route } from '../route.ts';
import type { Services } from '../services.ts';
import { shapeConfig } from '../shapes.ts';

export function configVarRoutes(configVars: Services['configVars']): readonly Route[] {
  return [
    route(
      showConfigVars,
      async ({ actor, params, signal }) => ({
        body: shapeConfig(await configVars.get(actor, params.app, signal)),
      }),
      { tellsSecrets: true },
    ),

    route(
      changeConfigVars,
      async ({ actor, params, sent, signal }) => {
        const change = parseChange(sent);
        const { config, release } = await configVars.change(actor, params.app, change, signal);
        const headers = release === null ? {} : releaseHeaders(release);
        return { headers, body: shapeConfig(config) };
      },
      {
        // Config is kept encrypted; an answer that repeats it must not lie beside it in plain text.
        replay: async ({ actor, params, signal }) => ({
          body: shapeConfig(await configVars.get(actor, params.app, signal)),
        }),
      },
    ),

    route(
      showReleaseConfigVars,
      async ({ actor, params, signal }) => ({
        body: shapeConfig(await configVars.ofRelease(actor, params.app, params.release, signal)),
      }),
      { tellsSecrets: true },
    ),
  ];
}

/** Its ids too: by the time somebody asks for it, the name of its app may be another's. */
function releaseHeaders({ id, appId, version }: Release): Readonly<Record<string, string>> {
  return { 'Gantry-Release': String(version), 'Gantry-Release-Id': id, 'Gantry-App-Id': appId };
}

const value = z.union([configValue, z.null()], { error: 'must be a string, or null to remove it' });

/** By hand, because `__proto__` and the like must be seen and refused, not lost on the way into an object. */
function parseChange(input: unknown): ConfigChange {
  const change = new Map<string, string | null>();
  for (const [name, given] of Object.entries(input ?? {}) as [string, unknown][]) {
    const key = configKey.safeParse(name);
    if (!key.success) throw invalid(name, key.error);
    const parsed = value.safeParse(given);
    if (!parsed.success) throw invalid(name, parsed.error);
    change.set(key.data, parsed.data);
  }
  return change;
}

function invalid(name: string, error: z.ZodError): Error {
  const problem = error.issues[0]?.message ?? 'is not valid';
  return PlatformError.of('invalid_params', { field: name.slice(0, 100), problem });
}
