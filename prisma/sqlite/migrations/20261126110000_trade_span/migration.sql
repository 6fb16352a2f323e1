-- What is known of the completeness of a market's trades, a row for each span of time
-- (src/market/trade-span.ts). Spans of a market do not overlap. All times are Unix milliseconds, of the
-- exchange's clock where its history was asked ("checked" = 1), else of this program's.
CREATE TABLE "trade_span" (
    "market_id" INTEGER NOT NULL,
    "start" BIGINT NOT NULL,
    "end" BIGINT NOT NULL,
    "completeness" TEXT NOT NULL,
    "cause" TEXT,
    "detail" TEXT,
    "checked" INTEGER NOT NULL,
    PRIMARY KEY ("market_id", "start"),
    CONSTRAINT "trade_span_market_id_fkey" FOREIGN KEY ("market_id") REFERENCES "market" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT
) WITHOUT ROWID;

CREATE INDEX "trade_span_end_idx" ON "trade_span"("end");
