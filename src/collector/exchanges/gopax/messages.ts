import type { Json } from '../../wire/quoted-json.js';
import { compareDecimal, decimalFromWire } from '../../../market/decimal.js';
import { marketName, type Pair, pairText } from '../../../market/market.js';
import type { ReadTrade } from '../../../market/trade.js';
import { readTrade, sideByFlag } from '../../wire/wire-trade.js';
import { ownText } from '../../../market/own-text.js';
import { applySide, type Level, type Side, type Sides } from '../../../market/order-book.js';
import { aboutPair, unreadable } from '../../exchange-error.js';
import { believedTime, exchangeTime } from '../../wire/exchange-time.js';
import { readSide, wireArray, wireObject, type WireObject, wireText } from '../../wire/wire.js';

/** Removed levels remembered per side, so that a late older entry does not revive one. */
const MAX_TOMBSTONES = 1000;

/** Updates of one level that are farther apart than this are not a late delivery, ms. */
const FAR_MS = 60_000;
/** Most entries that wait for a snapshot; they come within a second of it. */
const MAX_EARLY = 20_000;

/**
 * The requests for a book alone, and for a book with the trades of its pair; both are answered with
 * the book (`gopax.trade-subscribe.pair-message-reply-whole-order`).
 */
export const BOOK_REQUEST = 'SubscribeToOrderBook';
export const PAIR_REQUEST = 'SubscribeToTradingPair';

/** Asks for the book of a pair, whose name the answer repeats (`gopax.subscribe.request-pair-message`). */
export function bookRequest(pair: Pair, trades = false): string {
  const code = pairText(pair);
  return JSON.stringify({
    i: code,
    n: trades ? PAIR_REQUEST : BOOK_REQUEST,
    o: { tradingPairName: pair.code ?? code },
  });
}

/** Whether a message, a JSON string, is the server's heartbeat (`gopax.ws.ping-text`). */
export function isHeartbeat(message: string): boolean {
  return message.startsWith('primus::ping::');
}

/** The answer to a heartbeat: it repeats its number, quotes included (`gopax.ws.pong-echo`). */
export function pongTo(heartbeat: string): string {
  return JSON.stringify(heartbeat.replace('ping', 'pong'));
}

/** When and in which order a level was last changed. */
interface Stamp {
  /** Unix ms; null when it is not credible. */
  readonly updatedAt: number | null;
  /** Exchange-wide counter. */
  readonly entryId: number;
}

/** One entry of a snapshot or delta. */
interface Entry extends Stamp {
  readonly price: string;
  readonly volume: string;
}

/** The changes of one message. */
interface Delta {
  readonly asks: readonly Entry[];
  readonly bids: readonly Entry[];
}

/** One side: its levels best first, and the stamp of each price. */
class BookSide {
  levels: readonly Level[] = [];
  stamps = new Map<string, Stamp>();
  /** Stamps of removed levels, oldest first. */
  readonly #tombstones = new Map<string, Stamp>();

  constructor(readonly side: Side) {}

  /** @param levels those of `entries`, read before anything is changed */
  replace(entries: readonly Entry[], levels: readonly Level[]): void {
    this.levels = levels;
    this.stamps = new Map(entries.map((e) => [e.price, e]));
    this.#tombstones.clear();
  }

  apply(entries: readonly Entry[]): void {
    const changes = new Map<string, Level>();
    for (const entry of entries) {
      const known = this.stamps.get(entry.price) ?? this.#tombstones.get(entry.price);
      if (entry.price === '0' || (known !== undefined && !isNewer(entry, known))) continue;
      changes.set(entry.price, [entry.price, entry.volume]);
      if (entry.volume === '0') {
        this.stamps.delete(entry.price);
        this.#bury(entry);
      } else {
        this.stamps.set(entry.price, entry);
        this.#tombstones.delete(entry.price);
      }
    }
    const sorted = [...changes.values()].sort((a, b) =>
      this.side === 'ask' ? compareDecimal(a[0], b[0]) : compareDecimal(b[0], a[0]),
    );
    this.levels = applySide(this.side, this.levels, sorted);
  }

  #bury(entry: Entry): void {
    this.#tombstones.delete(entry.price);
    this.#tombstones.set(entry.price, entry);
    if (this.#tombstones.size > MAX_TOMBSTONES) {
      this.#tombstones.delete(this.#tombstones.keys().next().value!);
    }
  }
}

/** Newer by `(updatedAt, entryId)` (`gopax.delta.order`); without a time, by the counter. */
function isNewer(entry: Stamp, than: Stamp): boolean {
  if (entry.updatedAt === null || than.updatedAt === null) return entry.entryId > than.entryId;
  const laterMs = entry.updatedAt - than.updatedAt;
  // One absurd time must not freeze its level forever: that far apart, the counter decides.
  if (laterMs === 0 || Math.abs(laterMs) > FAR_MS) return entry.entryId > than.entryId;
  return laterMs > 0;
}

/**
 * The book of one GOPAX pair on one connection, kept as `gopax.book.rules` says: deltas before the
 * snapshot wait for it; entries up to the snapshot's `maxEntryId` and entries not newer than the
 * known level are skipped; volume 0 removes. A lost delta cannot be seen from the ids, for the
 * counter is exchange-wide.
 */
export class GopaxBook {
  readonly #asks = new BookSide('ask');
  readonly #bids = new BookSide('bid');
  #maxEntryId: number | null = null;
  #newestEntryId = -1;
  #newestChangeId = -1;
  #early: Delta[] = [];
  #earlyEntries = 0;
  readonly #clock: () => number;

  /** @param clock receive clock, Unix ms: times far from it are not credible */
  constructor(clock: () => number = Date.now) {
    this.#clock = clock;
  }

  /** Whether the snapshot has come. */
  get complete(): boolean {
    return this.#maxEntryId !== null;
  }

  /** Greatest entry id that it holds or has seen; -1 before the snapshot. */
  get newestEntryId(): number {
    return this.#newestEntryId;
  }

  /** Greatest entry id among the deltas seen, without the snapshot; -1 before the first. */
  get newestChangeId(): number {
    return this.#newestChangeId;
  }

  /** Both sides, best first; empty before the snapshot. */
  get sides(): Sides {
    return { asks: this.#asks.levels, bids: this.#bids.levels };
  }

  /** Takes the reply's whole book, then earlier deltas. @throws {ExchangeError}, nothing changed */
  snapshot(payload: WireObject): void {
    const receivedAt = this.#clock();
    const maxEntryId = counter(payload['maxEntryId'], 'maxEntryId');
    const asks = entriesOf(payload['ask'], 'ask', receivedAt);
    const bids = entriesOf(payload['bid'], 'bid', receivedAt);
    // All of it is parsed before any of it is kept.
    const askLevels = levelsOf('ask', asks);
    const bidLevels = levelsOf('bid', bids);
    this.#asks.replace(asks, askLevels);
    this.#bids.replace(bids, bidLevels);
    this.#maxEntryId = maxEntryId;
    this.#newestEntryId = maxEntryId;
    const early = this.#early;
    this.#early = [];
    for (const delta of early) this.#apply(delta, maxEntryId);
  }

  /**
   * Takes a delta.
   * @returns the newest `updatedAt` among its entries (Unix ms); null when it had to wait for the
   * snapshot or had no entry; undefined when none of its times is credible
   * @throws {ExchangeError} when it is malformed; nothing of it is applied
   */
  delta(payload: WireObject): number | null | undefined {
    const receivedAt = this.#clock();
    // Parsed even if it has to wait, so that its errors are not blamed on the snapshot.
    const delta = {
      asks: entriesOf(payload['ask'], 'ask', receivedAt),
      bids: entriesOf(payload['bid'], 'bid', receivedAt),
    };
    if (this.#maxEntryId !== null) return this.#apply(delta, this.#maxEntryId);
    // The size of one message is bounded; the number that come without a snapshot is not.
    this.#earlyEntries += delta.asks.length + delta.bids.length + 1;
    if (this.#earlyEntries > MAX_EARLY) {
      this.#early = [];
      throw unreadable(`more than ${MAX_EARLY} changes came without a snapshot before them`);
    }
    this.#early.push(delta);
    return null;
  }

  #apply({ asks, bids }: Delta, maxEntryId: number): number | null | undefined {
    this.#asks.apply(asks.filter((e) => e.entryId > maxEntryId));
    this.#bids.apply(bids.filter((e) => e.entryId > maxEntryId));
    let newest: number | null = null;
    for (const { updatedAt, entryId } of [...asks, ...bids]) {
      if (updatedAt !== null && (newest === null || updatedAt > newest)) newest = updatedAt;
      if (entryId > this.#newestEntryId) this.#newestEntryId = entryId;
      if (entryId > this.#newestChangeId) this.#newestChangeId = entryId;
    }
    return newest ?? (asks.length + bids.length > 0 ? undefined : null);
  }
}

/** A parsed GOPAX trade. */
export interface GopaxTrade {
  /** The pair as `BTC-KRW`. */
  readonly code: string;
  readonly trade: ReadTrade;
}

/**
 * Reads a trade:
 * `{"tradeId":75021,"baseAmount":0.01,"quoteAmount":1,"price":100,"isBuy":true,"occurredAt":1609756772,"tradingPairName":"BCH-KRW"}`.
 * That `isBuy` is the taker's side is presumed, not documented (`gopax.trade-side.taker`); its time is in
 * seconds, possibly with a fraction.
 * @throws {ExchangeError} naming the pair when it could be read
 */
export function readGopaxTrade(payload: WireObject): GopaxTrade {
  const code = marketName(wireText(payload['tradingPairName'], 'tradingPairName'));
  const dash = code.lastIndexOf('-');
  const pair = { symbol: code.slice(0, dash), currency: code.slice(dash + 1) };
  return aboutPair(pair, () => ({
    code,
    trade: readTrade({
      id: payload['tradeId'],
      side: sideByFlag(payload['isBuy'], 'isBuy'),
      price: payload['price'],
      volume: payload['baseAmount'],
      time: payload['occurredAt'],
    }),
  }));
}

/**
 * Reads a row of `/trading-pairs/{pair}/trades`, whose time has whole seconds:
 * `{"time":"2020-12-19T12:17:43.000Z","date":1608380263,"id":23903608,"price":25155000,"amount":0.0505,"side":"sell"}`.
 * @throws {ExchangeError} when it is not a trade
 */
export function readGopaxRow(value: Json): ReadTrade {
  const row = wireObject(value, 'the trade');
  const side = wireText(row['side'], 'side');
  if (side !== 'buy' && side !== 'sell')
    throw unreadable(`side is ${JSON.stringify(side)}; expected buy or sell`);
  const { id, price, amount: volume, date: time } = row;
  return readTrade({ id, side, price, volume, time });
}

/** `[{"entryId":84469259,"price":117020000,"volume":0.00000858,"updatedAt":1790130106.866},…]` */
function entriesOf(value: Json | undefined, what: string, receivedAt: number): Entry[] {
  return wireArray(value, what).map((item) => {
    const entry = wireObject(item, `an entry of ${what}`);
    return {
      entryId: counter(entry['entryId'], 'entryId'),
      price: ownText(decimalFromWire(wireText(entry['price'], 'price'))),
      volume: ownText(decimalFromWire(wireText(entry['volume'], 'volume'))),
      updatedAt: believedTime(exchangeTime(entry['updatedAt']), receivedAt) ?? null,
    };
  });
}

function levelsOf(side: Side, entries: readonly Entry[]): Level[] {
  return readSide(
    side,
    entries.map((e) => [e.price, e.volume] as const),
  );
}

function counter(value: Json | undefined, what: string): number {
  const text = wireText(value, what);
  if (!/^\d{1,15}$/.test(text)) throw unreadable(`${what} is "${text}"; expected a whole number`);
  return Number(text);
}
