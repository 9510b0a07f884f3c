-- When the image of a release was given up: from then on nothing can be rolled back to it.
ALTER TABLE "Release" ADD COLUMN "collectedAt" TIMESTAMPTZ(3);
