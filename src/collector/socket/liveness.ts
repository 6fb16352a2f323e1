import type { WSConnection, WSProfile } from './ws-connection.js';

/** Longest time between two looks, ms. */
const LOOK_MS = 1000;

/** Time for the answer to the ping that proves a connection after a standstill, ms. */
const PROOF_MS = 5_000;

/** Signs of life of one socket, and when to ask for one. */
export class Liveness {
  readonly #profile: WSProfile;
  readonly #clock: () => number;
  #watch: NodeJS.Timeout | undefined;
  #heardAt: number | null = null;
  /** The same in monotonic ms, for measuring silence. */
  #heardAtMono = 0;
  #lastPing = 0;
  /** What the pong will carry that proves the connection after a standstill, and when it is due. */
  #proof: { readonly text: string; readonly dueAt: number } | null = null;

  /** @param clock Unix ms */
  constructor(profile: WSProfile, clock: () => number) {
    this.#profile = profile;
    this.#clock = clock;
  }

  /** Last sign of life of the connection, Unix ms; null before the first. */
  get heardAt(): number | null {
    // It may have been dated by a clock that has been set back since.
    return this.#heardAt === null ? null : Math.min(this.#heardAt, this.#clock());
  }

  /** A sign of life came in. */
  heard(): void {
    this.#heardAt = this.#clock();
    this.#heardAtMono = performance.now();
  }

  /** The program itself stood still until now: no silence of the connection. */
  excuse(): void {
    this.#heardAtMono = performance.now();
  }

  /** Asks for a proof of the connection: the pong to a ping of now comes behind all that lies in it. */
  askProof(connection: WSConnection): void {
    const now = performance.now();
    this.#proof = { text: `standstill ${now}`, dueAt: now + PROOF_MS };
    connection.ping(this.#proof.text);
  }

  /** Whether no proof is waited for. */
  get proven(): boolean {
    return this.#proof === null;
  }

  /** Whether a proof did not come in time. @param now monotonic ms */
  proofOverdue(now: number): boolean {
    return this.#proof !== null && now > this.#proof.dueAt;
  }

  /** A ping or a pong came in. @returns whether it is the proof that was waited for */
  pulse(pong: string | null): boolean {
    this.heard();
    if (pong === null || pong !== this.#proof?.text) return false;
    this.#proof = null;
    return true;
  }

  /** The connection is gone, and with it what was heard. */
  forget(): void {
    this.#heardAt = null;
  }

  /** How long nothing has been heard, ms, if that means that the socket is dead; else null. */
  deadFor(now: number): number | null {
    const silent = now - this.#heardAtMono;
    return silent > this.#profile.silentAfterMs ? silent : null;
  }

  /** Whether a ping is due; if so the time to the next one begins. @param now monotonic ms */
  takePing(now: number): boolean {
    if (now - this.#lastPing < this.#profile.pingEveryMs) return false;
    this.#lastPing = now;
    return true;
  }

  /** Has `look` called often enough for the profile's times. @param look takes monotonic ms */
  watch(look: (now: number) => void): void {
    const { pingEveryMs, silentAfterMs, firstBookWithinMs } = this.#profile;
    this.#lastPing = performance.now();
    const period = Math.min(LOOK_MS, pingEveryMs / 4, silentAfterMs / 4, firstBookWithinMs / 4);
    this.#watch = setInterval(() => look(performance.now()), period);
  }

  /** Ends {@link watch}; the connection is gone. */
  unwatch(): void {
    this.#proof = null;
    clearInterval(this.#watch);
    this.#watch = undefined;
  }
}
