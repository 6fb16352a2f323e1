-- Recorded trades. New ones are rows of "trade_recent"; whenever a market has enough of them to fill a
-- page, they become one row of "trade_block", in which a trade takes a third of the room. By hand, not
-- by Prisma, so that the keys are SQLite's own row numbers. What "flags" and "data" hold is written in
-- src/store/trades/codec.ts. All times are Unix milliseconds.
CREATE TABLE "trade_recent" (
    "sequence" INTEGER NOT NULL PRIMARY KEY,
    "market_id" INTEGER NOT NULL,
    "time" INTEGER NOT NULL,
    "received" INTEGER NOT NULL,
    "message_time" INTEGER,
    "flags" INTEGER NOT NULL,
    "trade_id" TEXT NOT NULL,
    "price" TEXT NOT NULL,
    "volume" TEXT NOT NULL,
    CONSTRAINT "trade_recent_market_id_fkey" FOREIGN KEY ("market_id") REFERENCES "market" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT
);

CREATE INDEX "trade_recent_market_id_idx" ON "trade_recent"("market_id", "time");

CREATE TABLE "trade_block" (
    "low" INTEGER NOT NULL PRIMARY KEY,
    "high" INTEGER NOT NULL,
    "market_id" INTEGER NOT NULL,
    "from_time" INTEGER NOT NULL,
    "to_time" INTEGER NOT NULL,
    "base_id" INTEGER NOT NULL,
    "slope" INTEGER NOT NULL,
    "data" TEXT NOT NULL,
    CONSTRAINT "trade_block_market_id_fkey" FOREIGN KEY ("market_id") REFERENCES "market" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT
);

CREATE INDEX "trade_block_market_id_idx" ON "trade_block"("market_id", "from_time", "to_time");
CREATE INDEX "trade_block_high_idx" ON "trade_block"("high");

-- What was recorded, one row a trade; in no certain order. Within a block times are differences to the
-- trade before, so they are summed up; `->` gives a number as it stands in the JSON, digit for digit.
CREATE VIEW "trade" AS
SELECT m."exchange" AS "exchange",
       m."symbol" AS "symbol",
       m."currency" AS "currency",
       t."received" AS "timestamp",
       t."side" AS "side",
       t."price" AS "price",
       t."volume" AS "volume",
       t."trade_id" AS "trade_id"
  FROM (SELECT "market_id",
               "time" + (value ->> 2) AS "received",
               CASE WHEN substr(value -> 4, 1, 1) = '-' THEN 'sell' ELSE 'buy' END AS "side",
               value -> 3 AS "price",
               ltrim(value -> 4, '-') AS "volume",
               CASE json_type(value, '$[6]')
                    WHEN 'text' THEN substr(value ->> 6, 3)
                    ELSE CAST("base_id" + ("time" - "from_time") * "slope" + coalesce(value ->> 6, 0) AS TEXT)
                END AS "trade_id"
          FROM (SELECT b."market_id", b."from_time", b."base_id", b."slope", e.value AS value,
                       b."from_time" + sum(e.value ->> 0) OVER (PARTITION BY b."low" ORDER BY e.key) AS "time"
                  FROM "trade_block" b CROSS JOIN json_each(b."data") e)
         UNION ALL
        SELECT "market_id", "received", CASE WHEN "flags" & 1 THEN 'sell' ELSE 'buy' END,
               "price", "volume", "trade_id"
          FROM "trade_recent") t
  JOIN "market" m ON m."id" = t."market_id";
