-- Names that are compared and sorted by bytes, as SQLite does, whatever the server's language.
-- CreateTable
CREATE TABLE "exchange" (
    "name" TEXT COLLATE "C" NOT NULL,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "listed_at" BIGINT,

    CONSTRAINT "exchange_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "market" (
    "id" SERIAL NOT NULL,
    "exchange" TEXT COLLATE "C" NOT NULL,
    "symbol" TEXT COLLATE "C" NOT NULL,
    "currency" TEXT COLLATE "C" NOT NULL,
    "code" TEXT,
    "korean_name" TEXT,
    "english_name" TEXT,
    "listed" BOOLEAN NOT NULL DEFAULT false,
    "wanted" BOOLEAN,
    "recording" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "market_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "market_exchange_fkey" FOREIGN KEY ("exchange") REFERENCES "exchange" ("name") ON DELETE RESTRICT ON UPDATE RESTRICT
);

-- CreateTable
CREATE TABLE "wanted_pattern" (
    "id" SERIAL NOT NULL,
    "exchange" TEXT,
    "symbol" TEXT,
    "currency" TEXT,
    "wanted" BOOLEAN,

    CONSTRAINT "wanted_pattern_pkey" PRIMARY KEY ("id")
);

-- One row per recorded whole book or change. By hand, not by Prisma, which knows no partitions. They
-- are ranges of sequence, made by the recorder and cut where a UTC day of receipt begins
-- (src/store/engine/postgresql/partitions.ts), so that a day goes by DROP TABLE. No reference to
-- "market": every number that is inserted was read from it, and no market is ever deleted.
CREATE TABLE "book" (
    "sequence" BIGINT NOT NULL,
    "market_id" INTEGER NOT NULL,
    "timestamp" BIGINT NOT NULL,
    "exchange_timestamp" BIGINT,
    "base" BIGINT NOT NULL,
    "asks" TEXT NOT NULL,
    "bids" TEXT NOT NULL,

    CONSTRAINT "book_pkey" PRIMARY KEY ("sequence")
) PARTITION BY RANGE ("sequence");

CREATE INDEX "book_market_id_idx" ON "book"("market_id", "sequence");

-- Rows lie in order of time but where a clock was set back: a thousandth of the room of an ordinary index.
CREATE INDEX "book_timestamp_idx" ON "book" USING brin ("timestamp") WITH (pages_per_range = 32);

-- Recorded trades, a row each; partitioned as the books. The columns are those that SQLite has
-- (src/store/trades/codec.ts).
CREATE TABLE "trade_recent" (
    "sequence" BIGINT NOT NULL,
    "market_id" INTEGER NOT NULL,
    "time" BIGINT NOT NULL,
    "received" BIGINT NOT NULL,
    "message_time" BIGINT,
    "flags" INTEGER NOT NULL,
    "trade_id" TEXT NOT NULL,
    "price" TEXT NOT NULL,
    "volume" TEXT NOT NULL,

    CONSTRAINT "trade_recent_pkey" PRIMARY KEY ("sequence")
) PARTITION BY RANGE ("sequence");

CREATE INDEX "trade_recent_market_id_idx" ON "trade_recent"("market_id", "time");

-- Pages of packed trades, as SQLite has them. Here it stays empty: to delete rows that were packed costs
-- more than a page saves.
CREATE TABLE "trade_block" (
    "low" BIGINT NOT NULL,
    "high" BIGINT NOT NULL,
    "market_id" INTEGER NOT NULL,
    "from_time" BIGINT NOT NULL,
    "to_time" BIGINT NOT NULL,
    "base_id" BIGINT NOT NULL,
    "slope" INTEGER NOT NULL,
    "data" TEXT NOT NULL,

    CONSTRAINT "trade_block_pkey" PRIMARY KEY ("low")
);

-- What is known of the completeness of a market's trades, a row for each span of time
-- (src/market/trade-span.ts). Spans of a market do not overlap.
CREATE TABLE "trade_span" (
    "market_id" INTEGER NOT NULL,
    "start" BIGINT NOT NULL,
    "end" BIGINT NOT NULL,
    "completeness" TEXT NOT NULL,
    "cause" TEXT,
    "detail" TEXT,
    "checked" INTEGER NOT NULL,

    CONSTRAINT "trade_span_pkey" PRIMARY KEY ("market_id", "start"),
    CONSTRAINT "trade_span_market_id_fkey" FOREIGN KEY ("market_id") REFERENCES "market" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT
);

CREATE INDEX "trade_span_end_idx" ON "trade_span"("end");

-- CreateTable
CREATE TABLE "clock_step" (
    "sequence" BIGINT NOT NULL,
    "from_ms" BIGINT NOT NULL,
    "to_ms" BIGINT NOT NULL,

    CONSTRAINT "clock_step_pkey" PRIMARY KEY ("sequence")
);

-- CreateTable
CREATE TABLE "gap" (
    "id" SERIAL NOT NULL,
    "market_id" INTEGER NOT NULL,
    "start" BIGINT NOT NULL,
    "end" BIGINT,
    "cause" TEXT NOT NULL,
    "detail" TEXT,
    "attempts" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "gap_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "gap_market_id_fkey" FOREIGN KEY ("market_id") REFERENCES "market" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT
);

-- By minute first: a minute's records of all markets are written together.
-- CreateTable
CREATE TABLE "coverage" (
    "minute" BIGINT NOT NULL,
    "market_id" INTEGER NOT NULL,
    "frames" INTEGER NOT NULL,
    "changed" INTEGER NOT NULL,
    "repeats" INTEGER NOT NULL,
    "longest_silence_ms" BIGINT NOT NULL,
    "audits" INTEGER NOT NULL DEFAULT 0,
    "audit_differences" INTEGER NOT NULL DEFAULT 0,
    "late_books" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "coverage_pkey" PRIMARY KEY ("minute", "market_id"),
    CONSTRAINT "coverage_market_id_fkey" FOREIGN KEY ("market_id") REFERENCES "market" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT
);

-- CreateTable
CREATE TABLE "recording_span" (
    "market_id" INTEGER NOT NULL,
    "start" BIGINT NOT NULL,
    "end" BIGINT,

    CONSTRAINT "recording_span_pkey" PRIMARY KEY ("market_id", "start"),
    CONSTRAINT "recording_span_market_id_fkey" FOREIGN KEY ("market_id") REFERENCES "market" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT
);

-- CreateTable
CREATE TABLE "log" (
    "id" SERIAL NOT NULL,
    "timestamp" BIGINT NOT NULL,
    "level" TEXT NOT NULL,
    "event" TEXT NOT NULL,
    "exchange" TEXT,
    "symbol" TEXT,
    "currency" TEXT,
    "message" TEXT NOT NULL,
    "params" TEXT,

    CONSTRAINT "log_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "size_sample" (
    "at" BIGINT NOT NULL,
    "bytes" BIGINT NOT NULL,

    CONSTRAINT "size_sample_pkey" PRIMARY KEY ("at")
);

-- CreateTable
CREATE TABLE "state" (
    "key" TEXT COLLATE "C" NOT NULL,
    "value" BIGINT NOT NULL,

    CONSTRAINT "state_pkey" PRIMARY KEY ("key")
);

-- CreateIndex
CREATE UNIQUE INDEX "market_exchange_symbol_currency_key" ON "market"("exchange", "symbol", "currency");

-- CreateIndex
CREATE UNIQUE INDEX "gap_market_id_start_key" ON "gap"("market_id", "start");

-- The second part lets the rows of one value come in order of id.
-- CreateIndex
CREATE INDEX "gap_market_id_idx" ON "gap"("market_id", "id");

-- CreateIndex
CREATE INDEX "gap_end_idx" ON "gap"("end", "id");

-- CreateIndex
CREATE INDEX "log_level_idx" ON "log"("level", "id");

-- CreateIndex
CREATE INDEX "log_event_idx" ON "log"("event", "id");

-- CreateIndex
CREATE INDEX "log_exchange_idx" ON "log"("exchange", "id");

-- CreateIndex
CREATE INDEX "log_symbol_idx" ON "log"("symbol", "id");

-- What was recorded, one row per stored level, in order of sequence, asks then bids. The last volume
-- at each price of a market is its book; volume '0' = the level vanished.
CREATE VIEW "orderbook" AS
SELECT m."exchange" AS "exchange",
       m."symbol" AS "symbol",
       m."currency" AS "currency",
       b."timestamp" AS "timestamp",
       s."side" AS "side",
       l."value" ->> 0 AS "price",
       l."value" ->> 1 AS "volume"
  FROM "book" b
  JOIN "market" m ON m."id" = b."market_id"
 CROSS JOIN LATERAL (VALUES ('ask', b."asks"), ('bid', b."bids")) s("side", "levels")
 CROSS JOIN LATERAL json_array_elements(s."levels"::json) WITH ORDINALITY l("value", "place")
 ORDER BY b."sequence", s."side", l."place";

-- What was recorded, one row a trade; in no certain order.
CREATE VIEW "trade" AS
SELECT m."exchange" AS "exchange",
       m."symbol" AS "symbol",
       m."currency" AS "currency",
       t."received" AS "timestamp",
       CASE WHEN t."flags" & 1 = 1 THEN 'sell' ELSE 'buy' END AS "side",
       t."price" AS "price",
       t."volume" AS "volume",
       t."trade_id" AS "trade_id"
  FROM "trade_recent" t
  JOIN "market" m ON m."id" = t."market_id";
