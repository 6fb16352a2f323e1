import { type Market, marketKey } from '../market/market.js';
import type { Trade } from '../market/trade.js';

/** Gives each trade an id in the log that is the same on every node that hears of it. */
export class TradeIds {
  /** Trades that are written again, since earlier ones were lost, have other ids. */
  #refill = '';
  /** Until when trades of the log were lost, Unix ms; 0 = none were. */
  #lostUntil = 0;
  /** How often trades came in the newest answer of a history that gives equal trades of a moment one id. */
  readonly #equal = { at: 0, times: new Map<string, number>() };

  /** @see ExchangePublisher.refillAfter */
  refillAfter(end: number): void {
    this.#refill = ` after ${end}`;
    this.#lostUntil = Math.max(this.#lostUntil, end);
  }

  /** Id of a trade. */
  of(trade: Trade): string {
    const { tradeId, exchangeTimestamp, price, volume, side, origin } = trade;
    // One node may receive it live, another in the snapshot of a new connection or in the history: it is one trade,
    // unless the first may have been lost.
    const again = origin !== 'LIVE' && exchangeTimestamp < this.#lostUntil ? this.#refill : '';
    const own = `${tradeId} ${exchangeTimestamp} ${price} ${volume} ${side}${again}`;
    return trade.idKind === 'REST' ? this.#counted(trade.market, own, trade.timestamp) : own;
  }

  /** Tells apart equal trades of one answer, received at one time, in the same way on every node. */
  #counted(market: Market, id: string, receivedAt: number): string {
    const { at, times } = this.#equal;
    if (at !== receivedAt) times.clear();
    this.#equal.at = receivedAt;
    const key = `${marketKey(market)} ${id}`;
    const before = times.get(key) ?? 0;
    times.set(key, before + 1);
    return before === 0 ? id : `${id} ${before}`;
  }
}
