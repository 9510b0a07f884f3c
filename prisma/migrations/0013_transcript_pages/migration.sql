-- What builds and deployments print is kept in pages of many lines: a row for each line took fifteen times the room of what
-- it said. What is there already of the newest builds and deployments of each app goes over with its beginning and its end;
-- the rest goes with the old table, which gives its room back to the disk at once.
CREATE TABLE "TranscriptPage" (
    "stream" UUID NOT NULL,
    "position" BIGSERIAL NOT NULL,
    "text" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "TranscriptPage_pkey" PRIMARY KEY ("stream", "position")
);

-- When what it printed was taken away; null while it is kept. The first look after this migration marks what is older.
ALTER TABLE "Build" ADD COLUMN "transcriptPrunedAt" TIMESTAMPTZ(3);
ALTER TABLE "Deployment" ADD COLUMN "transcriptPrunedAt" TIMESTAMPTZ(3);
CREATE INDEX "Build_transcript_idx" ON "Build"("appId", "position") WHERE "transcriptPrunedAt" IS NULL;
CREATE INDEX "Deployment_transcript_idx" ON "Deployment"("appId", "seq") WHERE "transcriptPrunedAt" IS NULL;

-- Positions go on, and order the lines of a build among those of its deployment: a page holds neighbours only.
WITH build AS (
    SELECT b.id FROM "App" a CROSS JOIN LATERAL (
        SELECT id FROM "Build" WHERE "appId" = a.id ORDER BY position DESC LIMIT 20) b
), kept AS (
    SELECT id AS stream FROM build
    UNION
    SELECT d.id FROM "App" a CROSS JOIN LATERAL (
        SELECT id FROM "Deployment" WHERE "appId" = a.id ORDER BY seq DESC LIMIT 20) d
    UNION
    SELECT d.id FROM build JOIN "Release" r ON r."buildId" = build.id CROSS JOIN LATERAL (
        SELECT id FROM "Deployment" WHERE "releaseId" = r.id ORDER BY seq LIMIT 1) d
), line AS (
    SELECT kept.stream, l.position, l.text, l.at,
        row_number() OVER (PARTITION BY kept.stream ORDER BY l.position) AS nth
    FROM kept CROSS JOIN LATERAL (
        (SELECT position, text, at FROM "TranscriptLine" WHERE stream = kept.stream ORDER BY position LIMIT 2500)
        UNION
        (SELECT position, text, at FROM "TranscriptLine" WHERE stream = kept.stream ORDER BY position DESC LIMIT 2500)) l
), gap AS (
    SELECT line.stream, line.position + 1 AS position, line.at, count.lines - 5000 AS lines
    FROM line CROSS JOIN LATERAL (
        SELECT count(*) AS lines FROM "TranscriptLine" l WHERE l.stream = line.stream) count
    WHERE line.nth = 2500 AND count.lines > 5000
)
INSERT INTO "TranscriptPage" (stream, position, text, at)
SELECT stream, min(position), string_agg(text, E'\n' ORDER BY position), min(at)
FROM line GROUP BY stream, position - nth, nth / 200
UNION ALL
SELECT stream, position, format(' !     [%s lines of output left out here]', lines), at FROM gap;

SELECT setval('"TranscriptPage_position_seq"', (SELECT coalesce(max(position), 0) + 1 FROM "TranscriptLine"), false);
DROP TABLE "TranscriptLine";
