import { Router } from 'express';
import { z } from 'zod';
import { configKey, configValue, type ConfigChange } from '../../domain/config-vars.ts';
import { PlatformError } from '../../domain/errors.ts';
import type { Answering } from '../answer.ts';
import { actorOf, identityOf } from '../context.ts';
import type { Services } from '../services.ts';
import { shapeConfig } from '../shapes.ts';

export function configVarRoutes(configVars: Services['configVars'], { read, write }: Answering): Router {
  return Router()
    .get(
      '/apps/:app/config-vars',
      read(async (req, res, signal) => ({
        body: shapeConfig(await configVars.get(actorOf(res), identityOf(req, 'app', 'app'), signal)),
      })),
    )
    .patch(
      '/apps/:app/config-vars',
      write(
        async (req, res, signal) => {
          const app = identityOf(req, 'app', 'app');
          const { config, release } = await configVars.change(
            actorOf(res),
            app,
            parseChange(req.body),
            signal,
          );
          const headers = release === null ? {} : { 'Gantry-Release': String(release.version) };
          return { headers, body: shapeConfig(config) };
        },
        {
          // Config is kept encrypted; an answer that repeats it must not lie beside it in plain text.
          replay: async (req, res, signal) => ({
            body: shapeConfig(await configVars.get(actorOf(res), identityOf(req, 'app', 'app'), signal)),
          }),
        },
      ),
    )
    .get(
      '/apps/:app/releases/:release/config-vars',
      read(async (req, res, signal) => {
        const app = identityOf(req, 'app', 'app');
        const release = identityOf(req, 'release', 'release');
        return { body: shapeConfig(await configVars.ofRelease(actorOf(res), app, release, signal)) };
      }),
    );
}

const body = z.looseObject({}, { error: 'must be an object of names and values' });
const value = z.union([configValue, z.null()], { error: 'must be a string, or null to remove it' });

/** By hand, because `__proto__` and the like must be seen and refused, not lost on the way into an object. */
function parseChange(input: unknown): ConfigChange {
  body.parse(input);
  const change = new Map<string, string | null>();
  for (const [name, given] of Object.entries(input as object) as [string, unknown][]) {
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
