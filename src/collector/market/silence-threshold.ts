/** A market silent for less than this is never suspect, ms: busy books change many times a second. */
const FLOOR_MS = 30_000;
/** Longest silence accepted as quiet, however quiet the market usually is, ms. */
const CEILING_MS = 1_800_000;
/** A silence of this many times the longest recent one is still usual. */
const FACTOR = 3;
/** Silences are remembered for one to two of these, ms. */
const WINDOW_MS = 1_800_000;
/** Frames before the rhythm is known at all. */
const ENOUGH_FRAMES = 5;
/** Frames from which their spread says something about other markets. */
const MANY_FRAMES = 100;
/** Bound until then, ms. */
const UNKNOWN_MS = 300_000;

/** For this long a market has too few frames of its own to be judged by alone, ms. */
const LEARNED_MS = WINDOW_MS;

/** What an exchange's other markets suggest about one that is little known; {@link PeerRhythm}. */
export interface Peers {
  /** How many times the usual interval between two books a silence may last there. */
  readonly ratio: number;
}

/** Bounds of {@link SilenceThreshold}, ms; for tests. */
export interface SilenceBounds {
  readonly floorMs: number;
  readonly ceilingMs: number;
  readonly unknownMs: number;
}

const BOUNDS: SilenceBounds = {
  floorMs: FLOOR_MS,
  ceilingMs: CEILING_MS,
  unknownMs: UNKNOWN_MS,
};

/** How long a market may be silent, learned from its own frames; monotonic ms. */
export class SilenceThreshold {
  readonly #bounds: SilenceBounds;
  readonly #peers: Peers | null;
  /** Longest silences of the current window and the one before. */
  #longest = 0;
  #longestBefore = 0;
  #windowFrom = 0;
  #frames = 0;
  /** First frame. */
  #firstAt = 0;
  /** Last frame, or last proof that silence meant quiet. */
  #provenAt = 0;

  constructor(bounds: SilenceBounds = BOUNDS, peers: Peers | null = null) {
    this.#bounds = bounds;
    this.#peers = peers;
  }

  /** A frame arrived. */
  heard(now: number): void {
    if (this.#frames > 0) this.#learn(now);
    else this.#windowFrom = this.#firstAt = now;
    this.#frames++;
    this.#provenAt = now;
  }

  /** A frame arrived after an outage: that silence was not the market's own, so nothing is learned from it. */
  resumed(now: number): void {
    if (this.#frames === 0) this.#windowFrom = this.#firstAt = now;
    this.#frames++;
    this.#provenAt = now;
  }

  /** Nothing was missed up to now: the silence was the market's own. */
  confirmed(now: number): void {
    this.#learn(now);
    this.#provenAt = now;
  }

  /** Starts over for another connection or run; what was learned is kept. */
  restart(): void {
    this.#frames = 0;
  }

  /** How long it may be silent, judging by recent frames, ms. */
  get usualMs(): number {
    return FACTOR * Math.max(this.#longest, this.#longestBefore);
  }

  /**
   * How long it may be silent before that is suspect, ms. In its first half hour a market has shown
   * too few of its silences: their spread is then taken from the exchange's other markets.
   */
  get boundMs(): number {
    const { floorMs, ceilingMs, unknownMs } = this.#bounds;
    const least = this.#frames < ENOUGH_FRAMES ? unknownMs : floorMs;
    const peers = this.#isYoung && this.#peers !== null ? this.#peers.ratio * this.#meanMs : 0;
    return Math.min(Math.max(this.usualMs, peers, least), Math.max(ceilingMs, least));
  }

  /** The longest recent silence as a multiple of the usual one; null while that is not well known. */
  get ratio(): number | null {
    if (this.#frames < MANY_FRAMES) return null;
    return Math.max(this.#longest, this.#longestBefore) / Math.max(1, this.#meanMs);
  }

  get #isYoung(): boolean {
    return this.#provenAt - this.#firstAt < LEARNED_MS;
  }

  /** Usual interval between two frames, ms; 0 while there is none. */
  get #meanMs(): number {
    return this.#frames < 2 ? 0 : (this.#provenAt - this.#firstAt) / (this.#frames - 1);
  }

  /** How long it has been silent without a proof, ms. */
  silentMs(now: number): number {
    return now - this.#provenAt;
  }

  #learn(now: number): void {
    if (now - this.#windowFrom >= WINDOW_MS) {
      this.#longestBefore = this.#longest;
      this.#longest = 0;
      this.#windowFrom = now;
    }
    this.#longest = Math.max(this.#longest, now - this.#provenAt);
  }
}
