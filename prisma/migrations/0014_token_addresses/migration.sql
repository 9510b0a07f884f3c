-- The networks a token may be used from; none: from anywhere.
ALTER TABLE "Token" ADD COLUMN "addresses" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[];
