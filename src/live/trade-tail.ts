import type { Bus } from '../bus.js';
import { marketKey } from '../market/market.js';
import type { Trade } from '../market/trade.js';
import { delivery } from './delivery.js';
import { Tail } from './tail.js';

/** The newest published trades of all markets. */
export class TradeTail extends Tail<Trade> {
  /** @param newest the highest sequence assigned so far. @param length number of trades it holds */
  constructor(bus: Bus, newest: () => number, length?: number) {
    super(
      (take) =>
        bus.trades.on((trade) => take(delivery(marketKey(trade.market), trade.sequence, trade))),
      newest,
      length,
    );
  }
}
