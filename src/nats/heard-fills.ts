import type { Subscription } from '@nats-io/transport-node';
import type { Exchange } from '../market/exchange.js';
import type { Market } from '../market/market.js';
import { tradeContents } from '../market/trade.js';
import type { BusConnection } from './connection.js';
import { decodeMessage, ifOurs, type TradeMessage } from './messages.js';
import { shaped } from './message-shapes.js';
import { marketSubject } from './subjects.js';

/** How long a fill is remembered, ms: longer than a standby keeps what it receives. */
const KEEP_MS = 120_000;
/** Occurs in the message of a trade whose id exists in the history only. */
const OF_HISTORY = Buffer.from('"REST"');

/**
 * Trades that another node writes from the history of an exchange whose stream has other ids (Bithumb): a
 * standby that received them live cannot recognize them by their ids when it takes over.
 */
export class HeardFills {
  /** How often each was written, and last when (monotonic ms), by subject and contents; the oldest first. */
  readonly #known = new Map<string, { count: number; readonly at: number }>();
  readonly #subscription: Subscription;

  /** @param wanted whether another node writes now */
  constructor(bus: BusConnection, exchange: Exchange, wanted: () => boolean) {
    this.#subscription = bus.nc.subscribe(`trade.${exchange}.>`, {
      callback: (error, { subject, data }) => {
        if (
          error !== null ||
          !wanted() ||
          !Buffer.from(data.buffer, data.byteOffset, data.length).includes(OF_HISTORY)
        )
          return;
        // The recorder reports what cannot be read.
        const trade = readable(data);
        if (trade?.idKind === 'REST') this.#add(`${subject} ${tradeContents(trade)}`);
      },
    });
  }

  /** Takes one out. @param contents see {@link tradeContents} @returns whether there was one */
  take(market: Market, contents: string): boolean {
    const known = this.#known.get(`${marketSubject('trade', market)} ${contents}`);
    if (known === undefined || known.count === 0) return false;
    known.count--;
    return true;
  }

  /** Ends it. */
  close(): void {
    this.#subscription.unsubscribe();
  }

  #add(key: string): void {
    const at = performance.now();
    for (const [oldest, known] of this.#known) {
      if (known.at >= at - KEEP_MS) break;
      this.#known.delete(oldest);
    }
    const count = (this.#known.get(key)?.count ?? 0) + 1;
    this.#known.delete(key);
    this.#known.set(key, { count, at });
  }
}

function readable(data: Uint8Array): TradeMessage | null {
  try {
    return ifOurs(() => shaped('trade', decodeMessage<TradeMessage>(data)));
  } catch {
    return null;
  }
}
