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
  /** How often each was written, by subject and contents. */
  readonly #counts = new Map<string, number>();
  readonly #order: { readonly key: string; readonly at: number }[] = [];
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
    const key = `${marketSubject('trade', market)} ${contents}`;
    const count = this.#counts.get(key) ?? 0;
    if (count > 0) this.#counts.set(key, count - 1);
    return count > 0;
  }

  /** Ends it. */
  close(): void {
    this.#subscription.unsubscribe();
  }

  #add(key: string): void {
    const at = performance.now();
    while (this.#order.length > 0 && this.#order[0]!.at < at - KEEP_MS)
      this.#counts.delete(this.#order.shift()!.key);
    this.#order.push({ key, at });
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }
}

function readable(data: Uint8Array): TradeMessage | null {
  try {
    return ifOurs(() => shaped('trade', decodeMessage<TradeMessage>(data)));
  } catch {
    return null;
  }
}
