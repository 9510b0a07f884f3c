-- A build may have no push: its source came as an archive.
ALTER TABLE "Build" ALTER COLUMN "ref" DROP NOT NULL;
ALTER TABLE "Build" ALTER COLUMN "commit" DROP NOT NULL;
ALTER TABLE "Build" ADD COLUMN "upload" JSONB;
-- The buildpacks asked for with this build; null: those of the app.
ALTER TABLE "Build" ADD COLUMN "buildpacks" JSONB;
ALTER TABLE "Build" ADD CONSTRAINT "Build_source" CHECK (("upload" IS NULL) = ("ref" IS NOT NULL AND "commit" IS NOT NULL));

-- What the owner of an app has chosen: its buildpacks, in order, and the features that are on, each since when.
CREATE TABLE "AppOptions" (
  "appId" UUID NOT NULL,
  "buildpacks" JSONB NOT NULL DEFAULT '[]',
  "features" JSONB NOT NULL DEFAULT '{}',
  "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT "AppOptions_pkey" PRIMARY KEY ("appId"),
  CONSTRAINT "AppOptions_appId_fkey" FOREIGN KEY ("appId") REFERENCES "App"("id") ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE TYPE "Stage" AS ENUM ('test', 'review', 'development', 'staging', 'production');

CREATE TABLE "Pipeline" (
  "id" UUID NOT NULL,
  "name" TEXT NOT NULL,
  "ownerId" UUID NOT NULL,
  "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "updatedAt" TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT "Pipeline_pkey" PRIMARY KEY ("id"),
  CONSTRAINT "Pipeline_ownerId_fkey" FOREIGN KEY ("ownerId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX "Pipeline_ownerId_name_key" ON "Pipeline"("ownerId", "name");

CREATE TABLE "PipelineCoupling" (
  "id" UUID NOT NULL,
  "pipelineId" UUID NOT NULL,
  "appId" UUID NOT NULL,
  "stage" "Stage" NOT NULL,
  "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "updatedAt" TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT "PipelineCoupling_pkey" PRIMARY KEY ("id"),
  CONSTRAINT "PipelineCoupling_pipelineId_fkey" FOREIGN KEY ("pipelineId") REFERENCES "Pipeline"("id") ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT "PipelineCoupling_appId_fkey" FOREIGN KEY ("appId") REFERENCES "App"("id") ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX "PipelineCoupling_appId_key" ON "PipelineCoupling"("appId");
CREATE INDEX "PipelineCoupling_pipelineId_idx" ON "PipelineCoupling"("pipelineId");

-- One act of promoting, and what became of it on each target.
CREATE TABLE "PipelinePromotion" (
  "id" UUID NOT NULL,
  "pipelineId" UUID NOT NULL,
  "sourceAppId" UUID NOT NULL,
  "sourceReleaseId" UUID NOT NULL,
  "userId" UUID NOT NULL,
  "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT "PipelinePromotion_pkey" PRIMARY KEY ("id"),
  CONSTRAINT "PipelinePromotion_pipelineId_fkey" FOREIGN KEY ("pipelineId") REFERENCES "Pipeline"("id") ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX "PipelinePromotion_pipelineId_idx" ON "PipelinePromotion"("pipelineId");

CREATE TABLE "PipelinePromotionTarget" (
  "id" UUID NOT NULL,
  "promotionId" UUID NOT NULL,
  "appId" UUID NOT NULL,
  "releaseId" UUID,
  "failure" TEXT,
  CONSTRAINT "PipelinePromotionTarget_pkey" PRIMARY KEY ("id"),
  CONSTRAINT "PipelinePromotionTarget_promotionId_fkey" FOREIGN KEY ("promotionId") REFERENCES "PipelinePromotion"("id") ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX "PipelinePromotionTarget_promotionId_idx" ON "PipelinePromotionTarget"("promotionId");
