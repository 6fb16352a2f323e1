import type { IncomingHttpHeaders } from 'node:http';
import type { Exchange } from '../../market/exchange.js';
import type { BookLevel } from '../book/book.js';
import type { SentBook, Simulator } from '../simulator.js';

/** The most levels that the ledger holds, whatever the number of its books; bounds its memory. */
const MAX_LEVELS = 20_000_000;

/** Entries of the other lists kept. */
const MAX_ENTRIES = 100_000;

/** What went out of a simulator and what came in, bounded. */
export class Ledger {
  readonly sent: SentBook[] = [];
  readonly received: Simulator['received'] = [];
  readonly upgrades: Simulator['upgrades'] = [];
  readonly requests: Simulator['requests'] = [];
  readonly #exchange: Exchange;
  readonly #maxBooks: number;
  readonly #listeners = new Set<(book: SentBook) => void>();
  #levels = 0;

  /** @param maxBooks books kept in `sent`. */
  constructor(exchange: Exchange, maxBooks: number) {
    this.#exchange = exchange;
    this.#maxBooks = maxBooks;
  }

  /** See {@link Simulator.onSent}. */
  onSent(listener: (book: SentBook) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Enters a book that went out. `connection` 0 is REST. */
  book(
    market: { symbol: string; currency: string },
    exchangeTimestamp: number | null,
    asks: readonly BookLevel[],
    bids: readonly BookLevel[],
    connection: number,
  ): void {
    if (this.#maxBooks === 0 && this.#listeners.size === 0) return;
    const entry: SentBook = {
      exchange: this.#exchange,
      symbol: market.symbol,
      currency: market.currency,
      exchangeTimestamp,
      asks: canonical(asks),
      bids: canonical(bids),
      via: connection === 0 ? 'rest' : 'ws',
      connection,
      at: Date.now(),
    };
    this.sent.push(entry);
    this.#levels += entry.asks.length + entry.bids.length;
    if (this.sent.length > this.#maxBooks || this.#levels > MAX_LEVELS) this.#trimBooks();
    for (const listener of this.#listeners) listener(entry);
  }

  /** Enters a client's message. */
  message(connection: number, text: string): void {
    push(this.received, { connection, text });
  }

  /** Enters an upgrade request and the status that answered it. */
  upgrade(url: string, headers: IncomingHttpHeaders, status: number): void {
    push(this.upgrades, { at: Date.now(), headers, url, status });
  }

  /** Enters a REST request; its status is filled in when it is answered. */
  request(url: string): { at: number; url: string; status: number } {
    const entry = { at: Date.now(), url, status: 0 };
    push(this.requests, entry);
    return entry;
  }

  /** Drops the oldest tenth at once, because dropping one by one would move the array each time. */
  #trimBooks(): void {
    for (const book of this.sent.splice(0, Math.max(1, Math.ceil(this.sent.length / 10)))) {
      this.#levels -= book.asks.length + book.bids.length;
    }
  }
}

function push<E>(list: E[], entry: E): void {
  if (list.length >= MAX_ENTRIES) list.splice(0, MAX_ENTRIES / 10);
  list.push(entry);
}

/** Texts of the real levels. The pairs are shared between books, to save memory. */
function canonical(levels: readonly BookLevel[]): [string, string][] {
  const texts: [string, string][] = [];
  for (const level of levels) {
    if (level.price > 0n && level.volume > 0n) texts.push(level.text as [string, string]);
  }
  return texts;
}
