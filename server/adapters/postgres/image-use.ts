import { z } from 'zod';
import { isBuilding, outdatedImages, type ImageHistory } from '../../domain/image-use.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ImageUse } from '../../ports/image-use.ts';
import { reignsStill, type Database, type Tables } from './database.ts';
import { lockLivingApp } from './supersede.ts';

const history = z.object({
  appId: z.string(),
  releases: z.array(z.object({ image: z.string(), status: z.enum(['pending', 'succeeded', 'failed']) })),
  deployed: z.array(z.string()),
  building: z.array(z.string().nullable()),
  lastBuild: z.int().nullable(),
  promotions: z.int(),
}) satisfies z.ZodType<ImageHistory>;

export function createImageUse({ db, clock }: { readonly db: Database; readonly clock: Clock }): ImageUse {
  return {
    histories: (signal) => db.run((tables) => readHistories(tables, null), signal),

    retire: (appId, keep, epoch, signal) =>
      db.transaction(async (tables) => {
        // Under the app's lock no release is made, so none can be made of what is given up here.
        if (!(await reignsStill(tables, epoch)) || !(await lockLivingApp(tables, appId))) return null;
        const [found] = await readHistories(tables, appId);
        if (!found || isBuilding(found)) return null;
        const outdated = outdatedImages(found, keep);
        for (const image of outdated)
          await tables.release.updateMany({
            where: { appId, image: { path: ['digest'], equals: image.slice(image.indexOf('@') + 1) } },
            data: { collectedAt: clock.now() },
          });
        return { ...found, releases: found.releases.filter(({ image }) => !outdated.includes(image)) };
      }, signal),
  };
}

async function readHistories(tables: Tables, appId: string | null): Promise<ImageHistory[]> {
  const rows = await tables.$queryRaw<unknown[]>`
    WITH named AS (
      SELECT id, "appId", version, status, (image->>'repository') || '@' || (image->>'digest') AS image
      FROM "Release" WHERE image->>'repository' IS NOT NULL AND image->>'digest' IS NOT NULL AND "collectedAt" IS NULL)
    SELECT a.id AS "appId",
      (SELECT max(b.position) FROM "Build" b WHERE b."appId" = a.id) AS "lastBuild",
      (SELECT count(*)::int FROM "PipelinePromotionTarget" t WHERE t."appId" = a.id) AS promotions,
      coalesce((
        SELECT json_agg(json_build_object('image', r.image, 'status', r.status) ORDER BY r.version DESC)
        FROM named r WHERE r."appId" = a.id), '[]') AS releases,
      coalesce((
        SELECT json_agg(DISTINCT r.image) FROM named r
        WHERE r.id IN (
          SELECT d."releaseId" FROM "Deployment" d
          WHERE d.id = a."currentId" OR (d."appId" = a.id AND d.status IN ('pending', 'rolling')))
        OR r.id IN (
          SELECT p."sourceReleaseId" FROM "PipelinePromotion" p
          JOIN "PipelinePromotionTarget" t ON t."promotionId" = p.id
          WHERE p."sourceAppId" = a.id AND t.status = 'pending' AND t.image IS NULL)), '[]') AS deployed,
      coalesce((
        SELECT json_agg((b.image->>'repository') || '@' || (b.image->>'digest') ORDER BY b.position)
        FROM (
          SELECT image, position FROM "Build" WHERE "appId" = a.id AND status = 'building'
          UNION ALL
          SELECT image, NULL FROM "PipelinePromotionTarget" WHERE "appId" = a.id AND status = 'pending'
        ) b), '[]') AS building
    FROM "App" a
    WHERE a."deletedAt" IS NULL AND (${appId}::uuid IS NULL OR a.id = ${appId}::uuid)
    ORDER BY a.id`;
  return rows.map((row) => history.parse(row));
}
