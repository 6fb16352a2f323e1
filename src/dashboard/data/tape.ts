import { signal } from '@preact/signals';
import {
  TapeDocument,
  TapePastDocument,
  type TapePastQuery,
  type TapeSubscription,
} from '../gql/graphql.js';
import { ask, follow } from './connection.js';
import { addTraded, barsOf, type TradeBar, type TradedAt } from './trade-bars.js';
import { exchangeOrder } from './exchanges.js';
import { keyOf, type MarketId, markets } from './markets.js';
import type { Pair } from './pair.js';
import { serverNow, withNextFrame } from './paint.js';

/** A trade of the tape. */
export type TapeTrade = TapeSubscription['trades'];

/** Trades that are shown, and so kept. */
const TAPE_ROWS = 30;
/** How far back the tape begins when it is opened, ms. */
const PAST_MS = 60_000;
/** Pages of it that are asked for at most, of 200 trades each. */
const PAST_PAGES = 25;
/** Length of a bar of trades, ms. */
export const BAR_MS = 5_000;
/** Bars that are kept. */
const BARS = 61;

const timeOf = ({ exchangeTimestamp, timestamp }: TapeTrade): number =>
  Date.parse(exchangeTimestamp ?? timestamp);

/**
 * The newest trades, the newest first, once some have come. A trade that is backfilled late stands where it
 * happened, or no longer at all.
 * @param shown the newest first
 */
function withTrades(shown: readonly TapeTrade[], come: readonly TapeTrade[]): readonly TapeTrade[] {
  const known = new Set(shown.map(({ sequence }) => sequence));
  const fresh = come.filter(({ sequence }) => !known.has(sequence));
  if (fresh.length === 0) return shown;
  return [...shown, ...fresh]
    .sort((a, b) => timeOf(b) - timeOf(a) || Number(BigInt(b.sequence) - BigInt(a.sequence)))
    .slice(0, TAPE_ROWS);
}

/** Follows the trades of a pair on all exchanges. */
export class Tape {
  /** The newest trades, the newest first; as many as are shown. */
  readonly trades = signal<readonly TapeTrade[]>([]);
  /** What was traded of late, for a chart. */
  readonly bars = signal<readonly TradeBar[]>([]);
  /**
   * From this moment on, Unix ms, every trade comes live, for the stream stands by then; what was
   * before is for the store to say.
   */
  readonly liveFrom = (Math.floor(serverNow() / BAR_MS) + 2) * BAR_MS;
  #newest: readonly TapeTrade[] = [];
  #past: TradedAt = new Map();
  readonly #live = new Map<number, { readonly buy: string; readonly sell: string }>();
  readonly #leave: () => void;
  #closed = false;
  readonly #show = (): void => {
    this.trades.value = this.#newest;
    const oldest = serverNow() - BARS * BAR_MS;
    const bars = barsOf(new Map([...this.#live, ...this.#past]), BAR_MS);
    this.bars.value = bars.filter(({ until }) => until > oldest);
  };

  constructor(pair: Pair) {
    this.#leave = follow(TapeDocument, { ...pair }, ({ trades }) => {
      const { side, volume } = trades;
      const part = Math.floor(timeOf(trades) / BAR_MS) * BAR_MS;
      addTraded(this.#live, part, side === 'BUY' ? 'buy' : 'sell', volume);
      if (this.#live.size > 2 * BARS) this.#forget();
      this.#take([trades]);
    });
  }

  /** Takes what the store has of the time before {@link liveFrom}, or of some of it. */
  setPast(past: TradedAt): void {
    this.#past = past;
    withNextFrame(this.#show);
  }

  #forget(): void {
    const oldest = serverNow() - BARS * BAR_MS;
    for (const part of this.#live.keys()) if (part < oldest) this.#live.delete(part);
  }

  /** Asks for the last trades that are stored, where they are recorded. */
  async loadPast(pair: Pair): Promise<void> {
    const from = new Date(serverNow() - PAST_MS).toISOString();
    const recorded = exchangeOrder
      .peek()
      .filter((exchange) => markets.get(keyOf({ exchange, ...pair }))?.state != null);
    await Promise.all(
      recorded.map(async (exchange) => {
        try {
          this.#take(await this.#newestSince(from, { exchange, ...pair }));
        } catch {
          // The tape then begins with what comes live.
        }
      }),
    );
  }

  /**
   * The newest stored trades of a market. The oldest come first, and none may be missing between them and those
   * that come live: there are none where that takes too many pages.
   */
  async #newestSince(from: string, market: MarketId): Promise<readonly TapeTrade[]> {
    let newest: TapeTrade[] = [];
    let after: string | null = null;
    for (let pages = 0; pages < PAST_PAGES && !this.#closed; pages++) {
      const page: TapePastQuery = await ask(TapePastDocument, { ...market, from, after });
      const { edges, pageInfo } = page.trades;
      newest = [...newest, ...edges.map(({ node }) => node)].slice(-TAPE_ROWS);
      if (!pageInfo.hasNextPage) return newest;
      after = pageInfo.endCursor ?? null;
    }
    return [];
  }

  close(): void {
    this.#closed = true;
    this.#leave();
  }

  #take(trades: readonly TapeTrade[]): void {
    this.#newest = withTrades(this.#newest, trades);
    withNextFrame(this.#show);
  }
}
