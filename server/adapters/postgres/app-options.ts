import { z } from 'zod';
import type { AppOptions } from '../../ports/app-options.ts';
import type { Database, Tables } from './database.ts';
import { lockLivingApp } from './supersede.ts';

const buildpacks = z.array(z.string());
const features = z.record(
  z.string(),
  z.iso.datetime().transform((text) => new Date(text)),
);

export function createAppOptions({ db }: { readonly db: Database }): AppOptions {
  const read = (appId: string, signal: AbortSignal) =>
    db.run((tables) => tables.appOptions.findUnique({ where: { appId } }), signal);

  /** Changes what there is, one change at a time; a destroyed app keeps what it had. */
  async function change(
    appId: string,
    next: (before: Awaited<ReturnType<typeof read>>) => Parameters<Tables['appOptions']['create']>[0]['data'],
    signal: AbortSignal,
  ): Promise<void> {
    await db.transaction(async (tables) => {
      if (!(await lockLivingApp(tables, appId))) return;
      const data = next(await tables.appOptions.findUnique({ where: { appId } }));
      await tables.appOptions.upsert({ where: { appId }, create: data, update: data });
    }, signal);
  }

  return {
    async buildpacks(appId, signal) {
      return buildpacks.parse((await read(appId, signal))?.buildpacks ?? []);
    },
    setBuildpacks: (appId, names, signal) => change(appId, () => ({ appId, buildpacks: [...names] }), signal),
    async features(appId, signal) {
      return new Map(Object.entries(features.parse((await read(appId, signal))?.features ?? {})));
    },
    setFeature: (appId, feature, since, signal) =>
      change(
        appId,
        (before) => {
          const on = new Map(Object.entries(features.parse(before?.features ?? {})));
          if (since === null) on.delete(feature);
          else if (!on.has(feature)) on.set(feature, since);
          return {
            appId,
            features: Object.fromEntries([...on].map(([name, at]) => [name, at.toISOString()])),
          };
        },
        signal,
      ),
  };
}
