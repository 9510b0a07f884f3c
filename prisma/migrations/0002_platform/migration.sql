-- Which platform this database belongs to: one row, written by the first server that uses it.
CREATE TABLE "Platform" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "platformId" TEXT NOT NULL,

    CONSTRAINT "Platform_pkey" PRIMARY KEY ("id")
);
