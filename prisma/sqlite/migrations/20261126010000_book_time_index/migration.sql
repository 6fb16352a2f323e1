-- A market's books by time, for questions to the view "orderbook" about a window. The condition, which
-- always holds, keeps SQLite from this index where no time is asked for: there rows have to come in
-- order of sequence, out of "book_market_id_idx", also where the clock was set back.
-- CreateIndex
CREATE INDEX "book_market_id_timestamp_idx" ON "book"("market_id", "timestamp") WHERE "timestamp" IS NOT NULL;
