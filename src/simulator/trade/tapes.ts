import { BookLevel, type BookChanges } from '../book/book.js';
import { unitsFromText } from '../book/number-text.js';
import type { Random } from '../random.js';
import type { SimulatedMarket } from '../simulator.js';
import { fillsOf, ordersBetween, take } from './order.js';
import { Tape } from './tape.js';
import {
  TRADE_FAULTS,
  type SentTrade,
  type ShownTrade,
  type TakerSide,
  type Trade,
  type TradeFault,
  type TradeLedger,
  type TradePace,
  type TradeTally,
} from './trade.js';

/** What an exchange defines about its trades. */
export interface TradeRules {
  /** Least and greatest age of a trade when its frame goes out, ms. */
  readonly ageMs: readonly [least: number, greatest: number];
  /** The most trades that may have the same time. Default: any number. */
  readonly perMs?: number;
  /**
   * Share of trades whose frame comes after those of later ones, while books change by themselves.
   * Default 0.
   */
  readonly late?: number;
}

/** What the tapes need of their exchange. */
export interface TradeWire<M> {
  readonly rules: TradeRules;
  /** Time that the sockets show for a trade at `ms`, Unix ms. */
  moment(ms: number): number;
  /** Id on the sockets of the trade number `n` (from 0) at `ms`; called once for each. */
  id(market: M, ms: number, n: number): string;
  /** Id by REST. */
  restId(trade: { id: string; ms: number }): string;
  /** Sends the trades of one order to all subscribers of the market's trades. */
  send(market: M, trades: readonly Trade[]): void;
  /** Runs `task` once in `ms`. */
  later(ms: number, task: () => void): void;
}

/** Trades in the simulated past of a market whose trades are first requested; a thin one has none. */
const HISTORY = 30;
/** Greatest time between two of them, ms. */
const HISTORY_GAP_MS = 600_000;
/** How long a late frame waits for another to overtake it, ms. */
const LATE_MS = 250;
/** How far the ids of `idLeap` and `idBack` are from the right ones. */
const LEAP = 10_000_000n;
/** How much older `wildTime` is. */
const WILD_MS = 20 * 365 * 86_400_000;

/**
 * The trades of a simulator, derived from its books before these go out: what the best levels lose
 * was taken. A market has none until a client asks.
 */
export class Tapes<M extends SimulatedMarket> implements TradeLedger {
  /** Probability that a trade goes to no socket (0 to 1). */
  dropChance = 0;
  readonly #tapes = new Map<string, Tape>();
  readonly #faults = new Map<string, { kind: TradeFault; left: number }[]>();
  readonly #wire: TradeWire<M>;
  readonly #pace: TradePace;
  readonly #random: Random;
  readonly #lateShare: number;

  /** @param alive books change by themselves, so frames may be late by themselves too */
  constructor(wire: TradeWire<M>, pace: TradePace, random: Random, alive: boolean) {
    this.#wire = wire;
    this.#pace = pace;
    this.#random = random;
    this.#lateShare = alive ? (wire.rules.late ?? 0) : 0;
  }

  /** The tape of a market; the first call begins it, with some past trades. */
  tape(market: M): Tape {
    let tape = this.#tapes.get(market.pair);
    if (tape === undefined) {
      tape = new Tape(market.book.still(), this.#pace.kept);
      this.#tapes.set(market.pair, tape);
      this.#makeHistory(market, tape);
    }
    return tape;
  }

  /** A book is about to be published: the trades that led to it happen. */
  follow(market: M): void {
    const tape = this.#tapes.get(market.pair);
    if (tape === undefined) return;
    const before = tape.seen;
    tape.seen = market.book.still();
    if (before === tape.seen || this.#pace.fills === 0) return;
    for (const { side, taken } of ordersBetween(before, tape.seen)) {
      this.#happen(market, tape, side, fillsOf(taken, this.#pace.fills, this.#random));
    }
  }

  /** A book was set by hand: what it lost was not taken. */
  skip(market: M): void {
    const tape = this.#tapes.get(market.pair);
    if (tape !== undefined) tape.seen = market.book.still();
  }

  /**
   * An order takes these volumes (decimal text), each a trade; default: half of the best level.
   * Returns what it changed in the book.
   * @throws {Error} when less rests in the book
   */
  take(market: M, side: TakerSide, volumes?: readonly string[]): BookChanges {
    const levels = this.#resting(market, side);
    const half = [(levels[0]!.volume + 1n) / 2n];
    return this.#take(market, side, volumes?.map(unitsFromText) ?? half);
  }

  /** An order of `count` equal trades at the best price, in one ms where so many may share one. */
  burst(market: M, count: number): BookChanges {
    const side = this.#random.chance(0.5) ? 'buy' : 'sell';
    const part = this.#resting(market, side)[0]!.volume / BigInt(count + 1);
    const volume = part > 0n ? part : 1n;
    return this.#take(market, side, new Array<bigint>(count).fill(volume));
  }

  /** The next `count` trades of a market have that fault. @throws {Error} for an unknown one */
  plan(market: M, kind: string, count: number): void {
    if (!Object.hasOwn(TRADE_FAULTS, kind)) {
      const kinds = Object.keys(TRADE_FAULTS).join(', ');
      throw new Error(`no trade fault ${JSON.stringify(kind)}; one of: ${kinds}`);
    }
    const planned = this.#faults.get(market.pair) ?? [];
    planned.push({ kind: kind as TradeFault, left: count });
    this.#faults.set(market.pair, planned);
  }

  /** A trade as the sockets show it. */
  onSocket(trade: Trade): ShownTrade {
    const { side } = trade;
    if (trade.fault !== 'wrongSide' || side === null) return trade;
    return { ...trade, side: side === 'buy' ? 'sell' : 'buy' };
  }

  /** A trade as REST shows it. */
  byRest(trade: Trade): ShownTrade {
    const { price, volume } = trade.level;
    const disagrees = trade.fault === 'restDisagrees';
    const level = disagrees ? new BookLevel(price, volume * 2n) : trade.level;
    const ms = trade.fault === 'wildTime' ? trade.ms - WILD_MS : trade.ms;
    return { ...trade, id: this.#wire.restId(trade), ms, level };
  }

  of(pair: string): SentTrade[] {
    return (this.#tapes.get(pair)?.trades ?? []).map((trade) => {
      const { id, ms, side, history, fault, live, rest } = trade;
      const [price, volume] = trade.level.text;
      const restId = this.#wire.restId(trade);
      return { id, restId, ms, side, price, volume, history, fault, live, rest };
    });
  }

  markets(): ReadonlyMap<string, TradeTally> {
    return new Map([...this.#tapes].map(([pair, tape]) => [pair, tape.tally]));
  }

  #resting(market: M, side: TakerSide): readonly BookLevel[] {
    this.tape(market);
    this.follow(market);
    const levels = side === 'buy' ? market.book.asks : market.book.bids;
    if (levels.length === 0) throw new Error('nothing rests on this side of the book');
    return levels;
  }

  #take(market: M, side: TakerSide, volumes: readonly bigint[]): BookChanges {
    const { fills, left } = take(this.#resting(market, side), volumes);
    const tape = this.tape(market);
    this.#happen(market, tape, side, fills);
    const { book } = market;
    const changes =
      side === 'buy' ? book.set(left, [...book.bids]) : book.set([...book.asks], left);
    tape.seen = book.still();
    return changes;
  }

  #happen(market: M, tape: Tape, side: TakerSide, fills: readonly BookLevel[]): void {
    const at = Date.now() - this.#random.int(...this.#wire.rules.ageMs);
    const trades = fills.map((level) => this.#make(market, tape, at, side, level, false));
    this.#deliver(market, tape, trades);
  }

  #make(
    market: M,
    tape: Tape,
    at: number,
    side: TakerSide,
    level: BookLevel,
    history: boolean,
  ): Trade {
    const { ms, n } = tape.moment(this.#wire.moment(at), this.#wire.rules.perMs ?? Infinity);
    const right = this.#wire.id(market, ms, n);
    const fault = history ? null : this.#nextFault(market);
    let id = right;
    if (fault === 'idLeap') id = `${BigInt(right) + LEAP}`;
    else if (fault === 'idBack') id = `${BigInt(right) - LEAP}`;
    else if (fault === 'idReuse') id = tape.last?.id ?? right;
    const trade: Trade = {
      id,
      ms,
      side: fault === 'unknownSide' ? null : side,
      level: fault === 'priceZero' ? new BookLevel(0n, level.volume) : level,
      history,
      fault,
      live: 0,
      rest: false,
    };
    tape.add(trade);
    return trade;
  }

  #nextFault(market: M): TradeFault | null {
    const planned = this.#faults.get(market.pair);
    const first = planned?.[0];
    if (planned === undefined || first === undefined) return null;
    first.left -= 1;
    if (first.left === 0) planned.shift();
    return first.kind;
  }

  /** Sends new trades, except those that are lost or late; then those that were late before. */
  #deliver(market: M, tape: Tape, trades: readonly Trade[]): void {
    const due: Trade[] = [];
    const late: Trade[] = [];
    for (const trade of trades) {
      const { fault } = trade;
      if (fault === 'hole' || fault === 'unreported') continue;
      if (this.dropChance > 0 && this.#random.chance(this.dropChance)) continue;
      const isLate = this.#lateShare > 0 && this.#random.chance(this.#lateShare);
      if (fault === 'late' || isLate) late.push(trade);
      else due.push(trade);
      if (fault === 'duplicate') due.push(trade);
    }
    if (due.length > 0) {
      this.#wire.send(market, due);
      this.#release(market, tape);
    }
    if (late.length === 0) return;
    tape.held.push(...late);
    this.#wire.later(LATE_MS, () => this.#release(market, tape));
  }

  #release(market: M, tape: Tape): void {
    const { held } = tape;
    if (held.length === 0) return;
    tape.held = [];
    this.#wire.send(market, held);
  }

  #makeHistory(market: M, tape: Tape): void {
    const { profile, book } = market;
    // There are markets that have never traded.
    if (profile.thin) return;
    const usual = Math.min(HISTORY_GAP_MS, 4000 / profile.changesPerSecond);
    const gaps = Array.from({ length: HISTORY }, () =>
      Math.ceil(Math.min(HISTORY_GAP_MS, this.#random.exponential(usual))),
    );
    let at = Date.now() - 1000 - gaps.reduce((sum, gap) => sum + gap, 0);
    for (const gap of gaps) {
      at += gap;
      const side = this.#random.chance(0.5) ? 'buy' : 'sell';
      const price = (side === 'buy' ? book.asks : book.bids)[0]?.price ?? profile.price;
      const share = BigInt(this.#random.int(1, 200));
      const volume = (profile.typicalVolume * share) / 100n || 1n;
      this.#make(market, tape, at, side, new BookLevel(price, volume), true);
    }
  }
}
