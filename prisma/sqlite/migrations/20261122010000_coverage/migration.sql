-- By minute first: a minute's records of all markets are written together, so they lie together.
-- WITHOUT ROWID: the rows themselves are kept in the order of the key, which then is stored once.
-- CreateTable
CREATE TABLE "coverage" (
    "minute" BIGINT NOT NULL,
    "market_id" INTEGER NOT NULL,
    "frames" INTEGER NOT NULL,
    "changed" INTEGER NOT NULL,
    "repeats" INTEGER NOT NULL,
    "longest_silence_ms" BIGINT NOT NULL,

    PRIMARY KEY ("minute", "market_id"),
    CONSTRAINT "coverage_market_id_fkey" FOREIGN KEY ("market_id") REFERENCES "market" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT
) WITHOUT ROWID;

-- CreateTable
CREATE TABLE "recording_span" (
    "market_id" INTEGER NOT NULL,
    "start" BIGINT NOT NULL,
    "end" BIGINT,

    PRIMARY KEY ("market_id", "start"),
    CONSTRAINT "recording_span_market_id_fkey" FOREIGN KEY ("market_id") REFERENCES "market" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT
);

-- What is known of earlier recordings: from the first to the newest book, or still going on.
INSERT INTO "recording_span" ("market_id", "start", "end")
SELECT m."id",
       (SELECT b."timestamp" FROM "book" b WHERE b."market_id" = m."id" ORDER BY b."sequence" LIMIT 1),
       CASE WHEN m."recording" THEN NULL ELSE
       (SELECT b."timestamp" FROM "book" b WHERE b."market_id" = m."id" ORDER BY b."sequence" DESC LIMIT 1) END
  FROM "market" m
 WHERE EXISTS (SELECT 1 FROM "book" b WHERE b."market_id" = m."id");
