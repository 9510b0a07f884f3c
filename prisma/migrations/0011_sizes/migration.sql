-- What the image of the current release takes in the registry, and what the repository takes on disk, so that no list has to
-- ask for either. Of what there is already nobody knows.
ALTER TABLE "App" ADD COLUMN "slugBytes" BIGINT;
ALTER TABLE "App" ADD COLUMN "repositoryBytes" BIGINT;
