import { marketKey } from '../../market/market.js';
import type { MarketSelection } from '../../market/market-selection.js';
import type { Trade } from '../../market/trade.js';
import type { StoreReader } from '../../store/reader-types.js';
import type { SequenceState } from '../../store/store-types.js';
import { delivery } from '../delivery.js';
import { type OwnFeed, OwnSource } from '../source.js';
import type { TradeTail } from '../trade-tail.js';
import { ExactFeed } from './exact-feed.js';

/** Trades per page from the store. */
const PAGE_TRADES = 500;

/** Sources of live trades. */
interface TradeSources {
  readonly reader: StoreReader;
  readonly tail: TradeTail;
  readonly sequences: () => SequenceState;
}

/** Every trade from now on, or after a sequence, each exactly once, in order of receipt. */
export class ExactTrades extends OwnSource<Trade> {
  override readonly sharesRenderings = true;
  readonly #sources: TradeSources;
  readonly #selection: MarketSelection;
  readonly #since: number | undefined;

  /** @param since undefined = only new trades */
  constructor(sources: TradeSources, selection: MarketSelection, since: number | undefined) {
    super();
    this.#sources = sources;
    this.#selection = selection;
    this.#since = since;
  }

  override open(wake: () => void): OwnFeed {
    const { reader, tail, sequences } = this.#sources;
    const selection = this.#selection;
    return new ExactFeed<Trade>(
      {
        tail,
        settled: () => sequences().settled,
        page: async (after) => {
          const { patterns } = selection;
          const page = await reader.tradesAfter({ patterns, after, limit: PAGE_TRADES });
          const items = page.items.map((trade) =>
            delivery(marketKey(trade.market), trade.sequence, trade),
          );
          return { ...page, items };
        },
        wants: ({ market }) => selection.matches(market),
      },
      this.#since ?? sequences().newest,
      wake,
    );
  }
}
