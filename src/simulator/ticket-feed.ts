import { BookFrame, HOLE } from './book-frame.js';
import { sameLevels, type StillBook } from './book.js';
import { BookLevel } from './book-level.js';
import { SimulatorServer } from './simulator-server.js';
import { type SimulatedMarket, type Timing } from './simulator.js';
import { type SimulatedSocket } from './socket.js';

/** Intervals of the ticket protocol, ms; `0` switches off or means at once. */
export interface FeedTiming extends Timing {
  /** Between a first text `PING` and the first `{"status":"UP"}`. */
  upFirstMs: number;
  /** Between later `UP` messages. `0`: none. */
  upIntervalMs: number;
  /** How long the replaced subscription still delivers after a new request. */
  replaceMs: number;
  /** Between one batch of SNAPSHOT frames and the next. */
  snapshotStepMs: number;
}

/** Which part of a book a subscription shows. */
export interface View {
  /** Levels a side on the wire. */
  readonly depth: number;
  /** Price grouping as requested; echoed in the frame. */
  readonly level: number;
  /** Width of a price group in units of 1e-8; `0n`: levels as they are. */
  readonly group: bigint;
}

/** Both sides as a view shows them, best first, not padded. */
export interface Shown {
  readonly asks: readonly BookLevel[];
  readonly bids: readonly BookLevel[];
}

/** SNAPSHOT is the first frame of a code, REALTIME the others. */
export type StreamType = 'SNAPSHOT' | 'REALTIME';

/** A market as the feed keeps it. */
export interface FeedMarket extends SimulatedMarket {
  /** Wire name, e.g. `KRW-BTC`. */
  readonly code: string;
  /** The book as last published; REST and SNAPSHOT frames show it, too. */
  published: StillBook;
  /** Time of the last frame, in the unit of the exchange's own clock (Upbit ms, Bithumb us). */
  timestamp: number;
  /** Subscriptions that deliver. */
  readonly live: Set<Subscription<FeedMarket>>;
}

/** One code of one subscribe request. */
export interface Subscription<M> {
  readonly socket: SimulatedSocket<FeedState>;
  readonly market: M;
  readonly view: View;
  /** Sends a SNAPSHOT first. */
  readonly snapshot: boolean;
  /** Sends REALTIME frames. */
  readonly realtime: boolean;
}

/** A subscription as requested, before it belongs to a socket. */
export type Wish<M> = Omit<Subscription<M>, 'socket'>;

/** What the feed keeps for a socket. */
export interface FeedState {
  /** Format of its frames, e.g. `DEFAULT`. */
  format: string;
  /** Subscriptions of the newest request. */
  subscriptions: Subscription<FeedMarket>[];
  /** Subscriptions that deliver, for a moment also replaced ones. */
  readonly live: Set<Subscription<FeedMarket>>;
  /** Whether `UP` messages have been asked for. */
  up: boolean;
  /** The type objects of the newest request, for LIST_SUBSCRIPTIONS. */
  listed: Record<string, unknown>[];
  /** Timer of the SNAPSHOT frames still to come. */
  snapshots: NodeJS.Timeout | undefined;
}

/**
 * What Upbit and Bithumb (generation 2) have in common: subscribe requests that replace each other
 * without acknowledgement, SNAPSHOT then REALTIME frames of whole books, `PING` and `UP`. Everything
 * in which they differ (validation, spelling, rhythm, REST) is in their own files.
 */
export abstract class TicketFeed<
  M extends FeedMarket,
  T extends FeedTiming,
> extends SimulatorServer<M, FeedState, T> {
  /** SNAPSHOT frames sent at once before the next `snapshotStepMs`. */
  protected abstract readonly snapshotBatch: number;

  /** Acts on a message that is not `PING`. */
  protected abstract onRequest(socket: SimulatedSocket<FeedState>, text: string): void;
  /** Text of a book frame, with these texts for what differs each time it is sent. */
  protected abstract frameText(
    code: string,
    timestamp: string,
    view: View,
    shown: Shown,
    format: string,
    stream: string,
  ): string;
  /** JSON text of the time of the market's last frame. */
  protected abstract timestampText(market: M, stream: StreamType): string;
  /** Levels as the wire shows them (Bithumb cuts volumes); the default shows them exactly. */
  protected shownLevel(level: BookLevel): BookLevel {
    return level;
  }
  /** Time of the market's last frame in ms, for the ledger. */
  protected abstract frameTime(market: M, stream: StreamType): number;
  /** A SNAPSHOT is about to go out. */
  protected beforeSnapshot(_subscription: Subscription<FeedMarket>): void {}

  protected openSocket(): FeedState {
    return {
      format: 'DEFAULT',
      subscriptions: [],
      live: new Set(),
      up: false,
      listed: [],
      snapshots: undefined,
    };
  }

  protected onMessage(socket: SimulatedSocket<FeedState>, text: string): void {
    if (text === 'PING') this.#startUp(socket);
    else this.onRequest(socket, text);
  }

  protected override onSocketClosed(socket: SimulatedSocket<FeedState>): void {
    this.#end(socket.state.live);
  }

  protected override onListing(market: M): void {
    if (!market.listed) market.live.clear();
  }

  /** The listed market with that wire name. */
  protected byCode(code: string): M | undefined {
    const [currency, symbol] = code.split('-', 2);
    const market = this.markets.get(`${symbol ?? ''}-${currency ?? ''}`);
    return market?.listed === true && market.code === code ? market : undefined;
  }

  /** Replaces all subscriptions of a socket by these. */
  protected subscribe(socket: SimulatedSocket<FeedState>, wishes: readonly Wish<M>[]): void {
    const { state } = socket;
    socket.cancel(state.snapshots);
    const old = state.subscriptions;
    const subscriptions = wishes.map((wish): Subscription<M> => ({ ...wish, socket }));
    state.subscriptions = subscriptions;
    // The books of the old request may still send a frame or two.
    if (old.length > 0) this.#in(socket, this.timing.replaceMs, () => this.#end(old));
    const send = (from: number): void => {
      const batch = subscriptions.slice(from, from + this.snapshotBatch);
      for (const subscription of batch) this.#begin(subscription);
      const next = from + batch.length;
      if (next >= subscriptions.length) return;
      state.snapshots = socket.later(this.timing.snapshotStepMs, () => send(next));
    };
    state.snapshots = this.#in(socket, this.timing.snapshotDelayMs, () => send(0));
  }

  /**
   * Sends REALTIME frames of the market's book as it is now. Only subscriptions whose view differs
   * from the published book get one, all of them when `repeat` is set.
   */
  protected publish(market: M, timestamp: number, repeat = false): void {
    const before = market.published;
    market.published = market.book.still();
    market.timestamp = timestamp;
    for (const subscription of market.live) {
      if (!subscription.realtime) continue;
      const frame = this.#frame(subscription, market.published);
      if (!repeat) {
        const old = this.#frame(subscription, before);
        if (sameLevels(frame.asks, old.asks) && sameLevels(frame.bids, old.bids)) continue;
      }
      this.#send(subscription, frame, 'REALTIME');
    }
  }

  /** Sends one frame of the published book to one subscription. */
  protected sendBook(subscription: Subscription<FeedMarket>, stream: StreamType): void {
    this.#send(subscription, this.#frame(subscription, subscription.market.published), stream);
  }

  /** A book as a view shows it. */
  protected show(book: Shown, view: View): Shown {
    return {
      asks: this.#showSide(book.asks, view, true),
      bids: this.#showSide(book.bids, view, false),
    };
  }

  #showSide(levels: readonly BookLevel[], view: View, up: boolean): BookLevel[] {
    if (view.group === 0n) {
      return levels.slice(0, view.depth).map((level) => this.shownLevel(level));
    }
    return groupLevels(levels, view.group, up)
      .slice(0, view.depth)
      .map((level) => this.shownLevel(level));
  }

  /** A book as a subscription shows it; its holes are the timestamp, then the stream type. */
  #frame({ market, view, socket }: Subscription<FeedMarket>, book: StillBook): BookFrame {
    const { format } = socket.state;
    return book.frame(`${view.depth} ${view.level} ${format}`, () => {
      const shown = this.show(book, view);
      return new BookFrame(shown, this.frameText(market.code, HOLE, view, shown, format, HOLE));
    });
  }

  #send(subscription: Subscription<FeedMarket>, frame: BookFrame, stream: StreamType): void {
    const market = subscription.market as M;
    const { socket } = subscription;
    // Both exchanges send every book as a binary frame.
    if (!socket.sendBook(frame, [this.timestampText(market, stream), stream], true)) return;
    const time = this.frameTime(market, stream);
    this.record(market, time, frame, socket);
  }

  #begin(subscription: Subscription<M>): void {
    const { market, socket } = subscription;
    if (!socket.open || !market.listed) return;
    if (subscription.snapshot) {
      this.beforeSnapshot(subscription);
      this.sendBook(subscription, 'SNAPSHOT');
    }
    if (!subscription.realtime) return;
    market.live.add(subscription);
    socket.state.live.add(subscription);
  }

  #end(subscriptions: Iterable<Subscription<FeedMarket>>): void {
    for (const subscription of subscriptions) {
      subscription.market.live.delete(subscription);
      subscription.socket.state.live.delete(subscription);
    }
  }

  #startUp(socket: SimulatedSocket<FeedState>): void {
    if (socket.state.up || this.timing.upIntervalMs === 0) return;
    socket.state.up = true;
    const send = (): void => {
      socket.send(this.controlData('{"status":"UP"}'), { keepalive: true });
    };
    socket.later(this.timing.upFirstMs, () => {
      send();
      socket.every(this.timing.upIntervalMs, send);
    });
  }

  /** Text of a message that is no book, in the opcode the exchange uses for it. */
  protected controlData(text: string): string | Buffer {
    return text;
  }

  #in(
    socket: SimulatedSocket<FeedState>,
    ms: number,
    task: () => void,
  ): NodeJS.Timeout | undefined {
    if (ms > 0) return socket.later(ms, task);
    task();
    return undefined;
  }
}

/** Levels added up into price groups of that width: asks rounded up (`up`), bids down. */
export function groupLevels(levels: readonly BookLevel[], width: bigint, up: boolean): BookLevel[] {
  const groups = new Map<bigint, bigint>();
  for (const level of levels) {
    const floor = level.price - (level.price % width);
    const price = up && floor !== level.price ? floor + width : floor;
    groups.set(price, (groups.get(price) ?? 0n) + level.volume);
  }
  return [...groups].map(([price, volume]) => new BookLevel(price, volume));
}
