import { type Pair, pairText } from '../../../market/market.js';
import { type Feed, type FeedContext, type FeedHost, NO_HOST } from '../../feed.js';

/**
 * Polled books, with trades over sockets. The sockets also carry books, as a sign of life; the
 * state of the connections determines how trades are covered, and the polls how books are.
 */
export class PolledWithTrades implements Feed {
  readonly #polled: Feed;
  readonly #sockets: Feed;

  /** @param createSockets creates the feed of sockets */
  constructor(context: FeedContext, polled: Feed, createSockets: (context: FeedContext) => Feed) {
    this.#polled = polled;
    this.#sockets = createSockets({ ...context, host: tradesOnly(context.host) });
  }

  add(pairs: readonly Pair[]): void {
    this.#polled.add(pairs);
    this.#sockets.add(pairs);
  }

  remove(pairs: readonly Pair[]): void {
    this.#polled.remove(pairs);
    this.#sockets.remove(pairs);
  }

  resync(pairs: readonly Pair[], detail: string): void {
    this.#polled.resync(pairs, detail);
  }

  standstill(): void {
    this.#polled.standstill();
    this.#sockets.standstill();
  }

  async close(): Promise<void> {
    await Promise.all([this.#polled.close(), this.#sockets.close()]);
  }
}

function tradesOnly(host: FeedHost): FeedHost {
  /** Pairs whose socket is down. */
  const lost = new Set<string>();
  return {
    ...NO_HOST,
    trades: (...trades) => host.trades(...trades),
    unaskedTrades: (count) => host.unaskedTrades(count),
    unreadableTrade: (...failure) => host.unreadableTrade(...failure),
    log: (event, pair, params) => host.log(event, pair, params),
    book: (pair) => {
      if (lost.size > 0 && lost.delete(pairText(pair))) host.tradesDown([pair], null);
    },
    down: (pairs, outage) => {
      const all = [...pairs];
      for (const pair of all) lost.add(pairText(pair));
      host.tradesDown(all, outage);
    },
  };
}
