-- A pipeline has one name in the whole platform, as an app has, so that a name in a path means one pipeline.
DROP INDEX "Pipeline_ownerId_name_key";
CREATE UNIQUE INDEX "Pipeline_name_key" ON "Pipeline"("name");
CREATE INDEX "Pipeline_ownerId_idx" ON "Pipeline"("ownerId");

-- It belongs to a team, or to the person who made it; of a team that is gone, to that person again.
ALTER TABLE "Pipeline" ADD COLUMN "teamId" UUID;
ALTER TABLE "Pipeline" ADD CONSTRAINT "Pipeline_teamId_fkey" FOREIGN KEY ("teamId") REFERENCES "Team"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- What becomes of a promotion on each app is written down step by step, so that whoever starts next goes on from there.
CREATE TYPE "PromotionStatus" AS ENUM ('pending', 'succeeded', 'failed');
ALTER TABLE "PipelinePromotionTarget" ADD COLUMN "status" "PromotionStatus" NOT NULL DEFAULT 'pending';
-- The image in the repository of the app, as soon as it is there.
ALTER TABLE "PipelinePromotionTarget" ADD COLUMN "image" JSONB;
ALTER TABLE "PipelinePromotionTarget" ADD COLUMN "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;
CREATE INDEX "PipelinePromotionTarget_appId_idx" ON "PipelinePromotionTarget"("appId");
CREATE INDEX "PipelinePromotionTarget_pending_idx" ON "PipelinePromotionTarget"("id") WHERE "status" = 'pending';

-- An app that is being made of a source and its app.json.
CREATE TABLE "AppSetup" (
  "id" UUID NOT NULL,
  "appId" UUID NOT NULL,
  "userId" UUID NOT NULL,
  "status" "PromotionStatus" NOT NULL DEFAULT 'pending',
  -- Where the source is from; the overrides may hold secrets, so they are sealed.
  "source" JSONB NOT NULL,
  "sealedOverrides" BYTEA NOT NULL,
  -- What was read from app.json, once it was.
  "manifest" JSONB,
  "manifestErrors" JSONB NOT NULL DEFAULT '[]',
  "prepared" BOOLEAN NOT NULL DEFAULT false,
  "buildId" UUID,
  "runId" TEXT,
  -- What the program of app.json printed, which may be anything.
  "sealedPostdeploy" BYTEA,
  "failure" TEXT,
  "successUrl" TEXT,
  "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT "AppSetup_pkey" PRIMARY KEY ("id"),
  CONSTRAINT "AppSetup_appId_fkey" FOREIGN KEY ("appId") REFERENCES "App"("id") ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX "AppSetup_appId_idx" ON "AppSetup"("appId");
CREATE INDEX "AppSetup_pending_idx" ON "AppSetup"("id") WHERE "status" = 'pending';
