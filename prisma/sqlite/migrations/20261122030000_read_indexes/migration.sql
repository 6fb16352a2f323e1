-- Each of these carries the row number as its second part: rows of one value come in order of id.
-- CreateIndex
CREATE INDEX "gap_market_id_idx" ON "gap"("market_id");

-- CreateIndex
CREATE INDEX "gap_end_idx" ON "gap"("end");

-- CreateIndex
CREATE INDEX "log_level_idx" ON "log"("level");

-- CreateIndex
CREATE INDEX "log_event_idx" ON "log"("event");

-- CreateIndex
CREATE INDEX "log_exchange_idx" ON "log"("exchange");

-- CreateIndex
CREATE INDEX "log_symbol_idx" ON "log"("symbol");
