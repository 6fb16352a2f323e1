import type { WSProfile } from './ws-profile.js';

/** Longest time between two looks, ms. */
const LOOK_MS = 1000;

/** Signs of life of one socket, and when to ask for one. */
export class Liveness {
  readonly #profile: WSProfile;
  readonly #clock: () => number;
  #watch: NodeJS.Timeout | undefined;
  #heardAt: number | null = null;
  /** The same in monotonic ms, for measuring silence. */
  #heardAtMono = 0;
  #lastPing = 0;

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

  /** Ends {@link watch}. */
  unwatch(): void {
    clearInterval(this.#watch);
    this.#watch = undefined;
  }
}
