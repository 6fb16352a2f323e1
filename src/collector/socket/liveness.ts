import type { WSConnection, WSProfile } from './ws-connection.js';

/** Longest interval between two checks, ms. */
const LOOK_MS = 1000;

/** Usual time to answer the ping that proves a connection, ms. */
const PROOF_MS = 5_000;

/** A pending proof of a connection. */
interface Proof {
  /** What the pong will carry. */
  readonly text: string;
  /** Monotonic ms. */
  readonly askedAt: number;
  readonly dueAt: number;
  /** Whether what comes before the pong cannot be trusted. */
  readonly doubted: boolean;
}

/** Signs of life of one socket, and when to ask for one. */
export class Liveness {
  readonly #profile: WSProfile;
  readonly #clock: () => number;
  #watch: NodeJS.Timeout | undefined;
  #heardAt: number | null = null;
  /** The same in monotonic ms, for measuring silence. */
  #heardAtMono = 0;
  #lastPing = 0;
  #proof: Proof | null = null;

  /** @param clock Unix ms */
  constructor(profile: WSProfile, clock: () => number) {
    this.#profile = profile;
    this.#clock = clock;
  }

  /** Last sign of life of the connection, Unix ms; null before the first. */
  get heardAt(): number | null {
    // It may be dated by a clock that has been set back since.
    return this.#heardAt === null ? null : Math.min(this.#heardAt, this.#clock());
  }

  /** A sign of life was received. */
  heard(): void {
    this.#heardAt = this.#clock();
    this.#heardAtMono = performance.now();
  }

  /** The program itself has just stood still: not a silence of the connection. */
  excuse(): void {
    this.#heardAtMono = performance.now();
  }

  /**
   * Requests a proof of the connection: the pong to a ping sent now comes behind everything in flight.
   * @param doubted whether what comes before it cannot be trusted
   */
  askProof(connection: WSConnection, doubted: boolean, withinMs = PROOF_MS): void {
    const now = performance.now();
    this.#proof = { text: `proof ${now}`, askedAt: now, dueAt: now + withinMs, doubted };
    connection.ping(this.#proof.text);
  }

  /** Whether a proof is pending. */
  get proving(): boolean {
    return this.#proof !== null;
  }

  /** Whether what comes is trusted. */
  get trusted(): boolean {
    return this.#proof?.doubted !== true;
  }

  /** Whether a proof is overdue. @param now monotonic ms */
  proofOverdue(now: number): boolean {
    return this.#proof !== null && now > this.#proof.dueAt;
  }

  /** Takes something received since the proof was asked for as the proof, for a peer that answers no pings. */
  takeHeard(): boolean {
    const proof = this.#proof;
    if (proof === null || proof.doubted || this.#heardAtMono <= proof.askedAt) return false;
    this.#proof = null;
    return true;
  }

  /** A ping or a pong was received. @returns the pending proof if that is it */
  pulse(pong: string | null): Proof | null {
    this.heard();
    const proof = this.#proof;
    if (pong === null || pong !== proof?.text) return null;
    this.#proof = null;
    return proof;
  }

  /** The connection is gone, and with it what was heard. */
  forget(): void {
    this.#heardAt = null;
  }

  /** How long nothing has been heard, ms, if that means that the socket is dead; otherwise null. */
  deadFor(now: number): number | null {
    const silent = now - this.#heardAtMono;
    return silent > this.#profile.silentAfterMs ? silent : null;
  }

  /** Whether a ping is due; if so, restarts the interval. @param now monotonic ms */
  takePing(now: number): boolean {
    if (now - this.#lastPing < this.#profile.pingEveryMs) return false;
    this.#lastPing = now;
    return true;
  }

  /** Calls `look` often enough for the profile's times. @param look receives monotonic ms */
  watch(look: (now: number) => void): void {
    const { pingEveryMs, silentAfterMs, firstBookWithinMs } = this.#profile;
    this.#lastPing = performance.now();
    const period = Math.min(LOOK_MS, pingEveryMs / 4, silentAfterMs / 4, firstBookWithinMs / 4);
    this.#watch = setInterval(() => look(performance.now()), period);
  }

  /** Stops {@link watch}; the connection is gone. */
  unwatch(): void {
    this.#proof = null;
    clearInterval(this.#watch);
    this.#watch = undefined;
  }
}
