import type { GapCause } from '../../market/gap.js';
import type { Market, Pair } from '../../market/market.js';
import type { TradesKnown } from '../../market/collector-memory.js';
import {
  laid,
  MOST_LAG_MS,
  overlaid,
  partsIn,
  redated,
  type Span,
  type TradeCompleteness,
  type TradeDoubt,
  type TradePiece,
  type TradeSpan,
  without,
} from '../../market/trade-span.js';
import { missingSince } from './missing-since.js';

/** Why trades may be missing. */
export interface Trouble {
  readonly cause: GapCause;
  readonly detail: string | null;
}

/** A span of exchange time in which what is stored and the history disagree. */
export interface Doubt extends Span {
  readonly detail: string;
}

/** Lost trades closer together than this share one gap, ms. */
const NEAR_MS = 60_000;
/** The most unchecked pieces kept in memory; the store knows older ones, for the next run. */
const MAX_OPEN = 500;
/** The most doubts of a page that are kept apart; with more, all of it is in doubt. */
const MAX_DOUBTS = 50;
/**
 * How long trades are on their way to a primary that ends, ms: shorter than a standby is ready before it takes
 * over in order.
 */
const ON_THE_WAY_MS = 7_000;

/**
 * What is known of one market's trades: reports how far its stream has got and where it was down, and
 * keeps what has not yet been checked against the exchange's history. Publishes all of it as spans.
 */
export class MarketTrades {
  readonly market: Market;
  /** As the exchange spells it. */
  readonly pair: Pair;
  readonly #publish: (span: TradeSpan) => void;
  /** See {@link missingSince}: in this run. */
  readonly #streamedUntil: () => number;
  /** Not checked yet, by start. */
  #open: TradePiece[] = [];
  /** Until when everything has been reported, Unix ms; null until it is known what the previous run left. */
  #reportedTo: number | null = null;
  #checkedUntil = 0;
  /** Nothing is known of the market before this, Unix ms. */
  #startedAt = 0;
  #down: (Trouble & { readonly since: number }) | null = null;
  /** When the stream came up again before it was known what the previous run left, Unix ms. */
  #upAt: number | null = null;
  #loss: (Trouble & Span) | null = null;

  /** Trades that came and could not be kept. */
  losses = 0;
  /**
   * Time of the oldest trade of a history that lacked what is stored from before it, Unix ms; null
   * = it never did.
   */
  historyBegins: number | null = null;
  /** Inconsistent checks in a row. */
  faults = 0;
  /** When its next check is due, and when its last one began, monotonic ms. */
  dueAt = Infinity;
  checkedAt = -Infinity;
  /** Whether its next check comes early, because the history is about to lose trades. */
  rushed = false;
  /** How many of its trades had been recorded in this run at its last check. */
  recordedAtCheck = 0;
  /** Whether the store may have other unchecked pieces: it is asked before the next check. */
  doubted = false;
  /** Whether it is being checked. */
  busy = false;
  running = true;
  /** Checked time whose minute volumes have not been compared yet. */
  volumes: Span[] = [];
  volumesDueAt = 0;

  constructor(
    market: Market,
    pair: Pair,
    publish: (span: TradeSpan) => void,
    streamedUntil: () => number,
  ) {
    this.market = market;
    this.pair = pair;
    this.#publish = publish;
    this.#streamedUntil = streamedUntil;
  }

  /**
   * Takes over what previous runs left.
   * @param startedAt start of recording, Unix ms
   * @param streamedUntil see {@link missingSince}: in the previous run
   */
  begin(
    { open, until }: Pick<TradesKnown, 'open' | 'until'>,
    startedAt: number,
    streamedUntil: number,
  ): void {
    this.#open = [...open].slice(-MAX_OPEN);
    // Without an open piece, everything known is final.
    this.#checkedUntil = open[0]?.start ?? until ?? 0;
    const down = this.#down;
    // If it was recorded until the end of the last run, a gap goes on from there.
    this.#startedAt = until === null ? startedAt : 0;
    const loss = this.#loss;
    const least = Math.max(this.#checkedUntil, this.#startedAt);
    if (loss !== null)
      this.#loss = { ...loss, start: Math.max(loss.start, Math.min(least, loss.end - 1)) };
    const goesOn = down !== null && until !== null && down.since < startedAt;
    this.#reportedTo = goesOn ? Math.min(until, down.since) : startedAt;
    if (goesOn) {
      this.#down = null;
      this.#openGap(down, down.since, streamedUntil);
    }
    if (this.#upAt !== null) this.up(this.#upAt);
  }

  /**
   * What the store has as unchecked must be checked too.
   * @param stored by start
   */
  reopen(stored: readonly TradePiece[]): void {
    const gaps = stored.filter(({ completeness }) => completeness === 'GAP');
    // What this process stated after that answer is newer; but a gap stays a gap until it is
    // checked.
    this.#open = overlaid(overlaid(stored, this.#open), gaps).slice(-MAX_OPEN);
  }

  /** The start of what is unchecked, Unix ms; Infinity if there is nothing. */
  get openStart(): number {
    return this.#open[0]?.start ?? Infinity;
  }

  /** Whether its check goes before others: trades are missing, or soon out of reach. */
  get urgent(): boolean {
    return this.rushed || this.#open.some(({ completeness }) => completeness === 'GAP');
  }

  /** The parts of a span that are not checked yet. */
  openIn(span: Span): TradePiece[] {
    return partsIn(this.#open, span);
  }

  /** The stream is down. @param since last proof of it, Unix ms */
  down(trouble: Trouble, since: number): void {
    this.#upAt = null;
    if (this.#down === null) this.#openGap(trouble, since, this.#streamedUntil());
  }

  #openGap(trouble: Trouble, since: number, streamedUntil: number): void {
    const { cause, detail } = trouble;
    if (this.#reportedTo !== null) {
      this.report(since);
      const start = this.#missingSince(since, streamedUntil);
      if (start < this.#reportedTo) this.#add({ start, end: this.#reportedTo, ...gapOf(trouble) });
    }
    this.#down = { cause, detail, since };
  }

  /** See {@link missingSince}; but nothing from before the recording, and nothing that was checked. */
  #missingSince(lastAt: number, streamedUntil: number): number {
    const start = missingSince(lastAt, streamedUntil);
    return Math.max(start, this.#checkedUntil, this.#startedAt);
  }

  /** The stream is up again. @param at Unix ms */
  up(at: number): void {
    if (this.#down === null) return;
    if (this.#reportedTo === null) {
      // The gap is kept until it is known where it begins.
      this.#upAt = at;
      return;
    }
    this.#upAt = null;
    this.report(at);
    this.#down = null;
  }

  /** Trades of a message that came at `at`, Unix ms, could not be read. */
  unreadable(trouble: Trouble, at: number): void {
    const streamed = this.#streamedUntil();
    // A market that was just started has not yet loaded what is known of the time before; see
    // begin.
    const start =
      this.#reportedTo === null ? missingSince(at, streamed) : this.#missingSince(at, streamed);
    this.lost(trouble, { start: Math.min(start, at), end: at + 1 });
  }

  /** Whether trades were lost that are not reported yet. */
  get losing(): boolean {
    return this.#loss !== null;
  }

  /** A trade of that time was lost. */
  lost(trouble: Trouble, { start, end }: Span): void {
    this.losses++;
    const loss = this.#loss;
    if (loss !== null && start <= loss.end + NEAR_MS && end >= loss.start - NEAR_MS) {
      const span = { start: Math.min(loss.start, start), end: Math.max(loss.end, end) };
      this.#loss = { ...loss, ...span };
      return;
    }
    this.#reportLoss();
    this.#loss = { ...trouble, start, end };
  }

  /** The clock was set back by `-byMs` at `at`, Unix ms: what lies in the future is redated. */
  clockSet(at: number, byMs: number): void {
    const set = (time: number): number => (time > at ? time + byMs : time);
    if (this.#reportedTo !== null) this.#reportedTo = set(this.#reportedTo);
    this.#startedAt = set(this.#startedAt);
    if (this.#upAt !== null) this.#upAt = set(this.#upAt);
    if (this.#down !== null) this.#down = { ...this.#down, since: set(this.#down.since) };
    const loss = this.#loss;
    if (loss !== null) this.#loss = { ...loss, start: set(loss.start), end: set(loss.end) };
    this.#open = redated(this.#open, { after: at, byMs });
  }

  /** Reports everything until `now`, Unix ms. */
  report(now: number): void {
    const from = this.#reportedTo;
    if (from === null) return;
    if (now > from) {
      const down = this.#down;
      this.#reportedTo = now;
      this.#add({ start: from, end: now, ...(down === null ? UNPROVEN : gapOf(down)) });
    }
    this.#reportLoss();
  }

  /**
   * States again what it knows of the time since then, for where the store knows nothing: the previous primary may
   * have ended before it could. What that one stated of the time before is in the store.
   * @param now current time, Unix ms
   */
  repeat({ since, own }: TradeDoubt, now: number): void {
    this.report(now);
    const end = this.#reportedTo ?? 0;
    const span = { start: Math.max(since - MOST_LAG_MS, this.#startedAt), end };
    if (span.start >= span.end) return;
    if (!own) this.#open = this.openIn(span);
    // What it found complete is checked again: as standby it could not state that.
    for (const piece of overlaid([{ ...span, ...UNPROVEN }], this.openIn(span)))
      this.#publish({ market: this.market, ...piece, ifUnknown: true });
    // What the previous primary stated does not count for trades of its last moments, which were on their way to it,
    // nor for those of which it did not know yet that they were lost; nor does what this node itself stated.
    for (const piece of this.#open) {
      const all = own || piece.cause === 'BUS_FAILED';
      for (const part of partsIn([piece], { start: all ? 0 : since - ON_THE_WAY_MS, end }))
        if (part.completeness === 'GAP') this.#publish({ market: this.market, ...part });
    }
  }

  /** The history has all of a span, and so does the store, except for what is in doubt. */
  verified(
    span: Span,
    completeness: Extract<TradeCompleteness, 'VERIFIED_BY_REST' | 'VERIFIED_BY_VOLUME'>,
    doubts: readonly Doubt[] = [],
  ): void {
    for (const { start, end } of this.openIn(span))
      this.#close({ start, end, completeness, cause: null, detail: null, checked: true });
    const [first] = doubts;
    const few = doubts.length <= MAX_DOUBTS;
    for (const doubt of few ? doubts : [{ ...span, detail: first!.detail }])
      this.#doubt(doubt, span);
  }

  /** The history has no more information on a span. @param lossy whether the stream may leave trades out */
  unreached(span: Span, detail: string, lossy: boolean): void {
    for (const piece of this.openIn(span)) {
      const gap = piece.completeness === 'GAP' || lossy;
      const words = piece.detail === null ? detail : `${piece.detail}; ${detail}`;
      const cause = gap ? (piece.cause ?? 'UNREACHED') : null;
      const completeness = gap ? 'GAP' : 'UNPROVEN';
      this.#close({ ...piece, completeness, cause, detail: words, checked: true });
    }
    this.faults = 0;
  }

  /** Volumes of a span were compared and are equal. */
  volumeEquals(span: Span): void {
    const word = { completeness: 'VERIFIED_BY_VOLUME', cause: null, detail: null } as const;
    this.#open = without(this.#open, span);
    this.#publish({ market: this.market, ...span, ...word, checked: true });
  }

  #doubt({ start, end, detail }: Doubt, span: Span): void {
    for (const part of partsIn([{ start, end }], span)) {
      const word = { completeness: 'UNPROVEN', cause: null, detail } as const;
      this.#publish({ market: this.market, ...part, ...word, checked: true });
    }
  }

  #close(piece: TradePiece): void {
    this.#open = without(this.#open, piece);
    this.#checkedUntil = Math.max(this.#checkedUntil, piece.end);
    this.volumes = joined([...this.volumes, { start: piece.start, end: piece.end }]);
    this.#publish({ market: this.market, ...piece });
  }

  #reportLoss(): void {
    const loss = this.#loss;
    if (loss === null || this.#reportedTo === null) return;
    this.#loss = null;
    this.#reportedTo = Math.max(this.#reportedTo, loss.end);
    this.#add({ start: loss.start, end: loss.end, ...gapOf(loss) });
  }

  #add(piece: TradePiece): void {
    this.#open = laid(this.#open, piece).slice(-MAX_OPEN);
    this.#publish({ market: this.market, ...piece });
  }
}

const UNPROVEN = { completeness: 'UNPROVEN', cause: null, detail: null, checked: false } as const;

function gapOf({ cause, detail }: Trouble) {
  return { completeness: 'GAP', cause, detail, checked: false } as const;
}

/** Spans by start, joined where they touch. */
function joined(spans: readonly Span[]): Span[] {
  const result: Span[] = [];
  for (const next of [...spans].sort((a, b) => a.start - b.start)) {
    const last = result.at(-1);
    if (last !== undefined && next.start <= last.end)
      result[result.length - 1] = { start: last.start, end: Math.max(last.end, next.end) };
    else result.push(next);
  }
  return result;
}
