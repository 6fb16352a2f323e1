-- CreateTable
CREATE TABLE "exchange" (
    "name" TEXT NOT NULL PRIMARY KEY,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "listed_at" BIGINT
);

-- CreateTable
CREATE TABLE "market" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "exchange" TEXT NOT NULL,
    "symbol" TEXT NOT NULL,
    "currency" TEXT NOT NULL,
    "korean_name" TEXT,
    "english_name" TEXT,
    "listed" BOOLEAN NOT NULL DEFAULT false,
    "wanted" BOOLEAN,
    "recording" BOOLEAN NOT NULL DEFAULT false,
    CONSTRAINT "market_exchange_fkey" FOREIGN KEY ("exchange") REFERENCES "exchange" ("name") ON DELETE RESTRICT ON UPDATE RESTRICT
);

-- One row per recorded whole book or change. By hand, not by Prisma, so that "sequence" is SQLite's
-- own row number: no second index, and rows lie in order of time. The index on "market_id" carries
-- the row number as its second part.
CREATE TABLE "book" (
    "sequence" INTEGER NOT NULL PRIMARY KEY,
    "market_id" INTEGER NOT NULL,
    "timestamp" INTEGER NOT NULL,
    "exchange_timestamp" INTEGER,
    "base" INTEGER NOT NULL,
    "asks" TEXT NOT NULL,
    "bids" TEXT NOT NULL,
    CONSTRAINT "book_market_id_fkey" FOREIGN KEY ("market_id") REFERENCES "market" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT
);

-- CreateTable
CREATE TABLE "clock_step" (
    "sequence" BIGINT NOT NULL PRIMARY KEY,
    "from_ms" BIGINT NOT NULL,
    "to_ms" BIGINT NOT NULL
);

-- CreateTable
CREATE TABLE "gap" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "market_id" INTEGER NOT NULL,
    "start" BIGINT NOT NULL,
    "end" BIGINT,
    "cause" TEXT NOT NULL,
    "detail" TEXT,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    CONSTRAINT "gap_market_id_fkey" FOREIGN KEY ("market_id") REFERENCES "market" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT
);

-- CreateTable
CREATE TABLE "log" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "timestamp" BIGINT NOT NULL,
    "level" TEXT NOT NULL,
    "event" TEXT NOT NULL,
    "exchange" TEXT,
    "symbol" TEXT,
    "currency" TEXT,
    "message" TEXT NOT NULL
);

-- CreateTable
CREATE TABLE "state" (
    "key" TEXT NOT NULL PRIMARY KEY,
    "value" BIGINT NOT NULL
);

-- CreateIndex
CREATE UNIQUE INDEX "market_exchange_symbol_currency_key" ON "market"("exchange", "symbol", "currency");

-- CreateIndex
CREATE INDEX "book_market_id_idx" ON "book"("market_id");

-- CreateIndex
CREATE UNIQUE INDEX "gap_market_id_start_key" ON "gap"("market_id", "start");

-- What was recorded, one row per stored level, in order of sequence, asks then bids. The last volume
-- at each price of a market is its book; volume '0' = the level vanished. CROSS JOIN keeps SQLite
-- from reordering, so every market's rows come in order of time without ORDER BY.
CREATE VIEW "orderbook" AS
SELECT m."exchange" AS "exchange",
       m."symbol" AS "symbol",
       m."currency" AS "currency",
       b."timestamp" AS "timestamp",
       s."value" AS "side",
       json_extract(l."value", '$[0]') AS "price",
       json_extract(l."value", '$[1]') AS "volume"
  FROM "book" b
  JOIN "market" m ON m."id" = b."market_id"
 CROSS JOIN json_each('["ask","bid"]') s
 CROSS JOIN json_each(CASE s."value" WHEN 'ask' THEN b."asks" ELSE b."bids" END) l;
