/** Requests counted in fixed windows (whole seconds of the clock, as `Remaining-Req` does), by key. */
export class WindowLimit {
  readonly limit: number;
  readonly windowMs: number;
  #counts = new Map<string, { window: number; count: number }>();

  /** At most `limit` requests of one key within each window of `windowMs`. */
  constructor(limit: number, windowMs = 1000) {
    this.limit = limit;
    this.windowMs = windowMs;
  }

  /** Counts one request. Returns the number left in this window, or -1 when it is one too many. */
  take(key: string, now = Date.now()): number {
    const window = Math.floor(now / this.windowMs);
    let entry = this.#counts.get(key);
    if (entry === undefined || entry.window !== window) {
      if (this.#counts.size > 10_000) this.#counts.clear();
      entry = { window, count: 0 };
      this.#counts.set(key, entry);
    }
    if (entry.count >= this.limit) return -1;
    entry.count += 1;
    return this.limit - entry.count;
  }
}

/** Requests counted over the last `windowMs`, whenever it began, by key. */
export class SlidingLimit {
  readonly limit: number;
  readonly windowMs: number;
  #taken = new Map<string, number[]>();

  /** At most `limit` requests of one key within any `windowMs`. */
  constructor(limit: number, windowMs: number) {
    this.limit = limit;
    this.windowMs = windowMs;
  }

  /** Counts one request unless it is one too many. Returns the number left, or -1. */
  take(key: string, now = Date.now()): number {
    if (this.#taken.size > 10_000) this.#taken.clear();
    const times = (this.#taken.get(key) ?? []).filter((time) => now - time < this.windowMs);
    this.#taken.set(key, times);
    if (times.length >= this.limit) return -1;
    times.push(now);
    return this.limit - times.length;
  }
}

/** A bucket of tokens that refills steadily, by key (`x-ratelimit-*` of AWS style gateways). */
export class TokenBucket {
  readonly capacity: number;
  readonly perSecond: number;
  #buckets = new Map<string, { tokens: number; at: number }>();

  /** Holds `capacity` tokens, refilled by `perSecond`. */
  constructor(capacity: number, perSecond: number) {
    this.capacity = capacity;
    this.perSecond = perSecond;
  }

  /** Takes one token. Returns the whole tokens left, or -1 when there was none. */
  take(key: string, now = Date.now()): number {
    if (this.#buckets.size > 10_000) this.#buckets.clear();
    const bucket = this.#buckets.get(key) ?? { tokens: this.capacity, at: now };
    this.#buckets.set(key, bucket);
    const refilled = bucket.tokens + (Math.max(0, now - bucket.at) * this.perSecond) / 1000;
    bucket.tokens = Math.min(this.capacity, refilled);
    bucket.at = now;
    if (bucket.tokens < 1) return -1;
    bucket.tokens -= 1;
    return Math.floor(bucket.tokens);
  }
}

/** Blocks a client that goes on after refusals; each further block lasts twice as long. */
export class Penalty {
  readonly refusals: number;
  readonly withinMs: number;
  #clients = new Map<string, { refused: number[]; until: number; blocks: number }>();

  /** Blocks after `refusals` refusals within `withinMs`. */
  constructor(refusals: number, withinMs: number) {
    this.refusals = refusals;
    this.withinMs = withinMs;
  }

  /** Counts a refusal; `blockMs` is how long the first block lasts. */
  refused(key: string, blockMs: number, now = Date.now()): void {
    const client = this.#client(key);
    client.refused = client.refused.filter((time) => now - time < this.withinMs);
    client.refused.push(now);
    if (client.refused.length < this.refusals) return;
    client.refused = [];
    client.until = now + blockMs * 2 ** client.blocks;
    client.blocks += 1;
  }

  /** Milliseconds of the block still to come, 0 when there is none. */
  remaining(key: string, now = Date.now()): number {
    return Math.max(0, (this.#clients.get(key)?.until ?? 0) - now);
  }

  #client(key: string): { refused: number[]; until: number; blocks: number } {
    const client = this.#clients.get(key) ?? { refused: [], until: 0, blocks: 0 };
    this.#clients.set(key, client);
    return client;
  }
}
