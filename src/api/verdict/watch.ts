import type { Bus } from '../../bus.js';
import type { CollectorControl } from '../../market/collector-control.js';
import { EXCHANGES, type Exchange } from '../../market/exchange.js';
import type { StoreReader } from '../../store/reader-types.js';
import type { StoreStats } from '../../store/store-types.js';
import { within } from '../../util/wait.js';
import { judge, type Verdict } from './judge.js';

/** How often the counters are read and the database is probed, ms. */
const LOOK_MS = 10_000;
/** Number of looks that count as recent: ten minutes. */
const LOOKS = 60;
/** A database that takes longer than this to answer a small query counts as down, ms. */
const PROBE_MS = 3_000;

/** Sources of a {@link VerdictWatch}. */
export interface VerdictSources {
  readonly bus: Bus;
  readonly reader: StoreReader;
  readonly control: CollectorControl;
  readonly stats: () => StoreStats;
  /** Lines the console did not take since the process started. */
  readonly consoleLinesLeftOut: () => number;
  /** Whether the server is shutting down. */
  readonly closing: () => boolean;
}

/** Gathers what {@link judge} needs, so that everyone who asks gets the same answer. */
export class VerdictWatch {
  readonly #sources: VerdictSources;
  readonly #timer: NodeJS.Timeout;
  readonly #stop: () => void;
  readonly #gaps: Record<Exchange, number>;
  /** Recent readings of the counters, oldest first. */
  readonly #looks: ReturnType<VerdictWatch['counts']>[] = [];
  #unreadable: string | null = null;

  constructor(sources: VerdictSources) {
    this.#sources = sources;
    this.#gaps = Object.fromEntries(EXCHANGES.map((e) => [e, 0])) as Record<Exchange, number>;
    this.#stop = sources.bus.gaps.on(({ market, end }) => {
      if (end !== null) this.#gaps[market.exchange]++;
    });
    this.#looks.push(this.counts());
    this.#timer = setInterval(() => {
      this.#looks.push(this.counts());
      if (this.#looks.length > LOOKS) this.#looks.shift();
      void this.probe();
    }, LOOK_MS);
    this.#timer.unref();
  }

  /** Stops watching. */
  close(): void {
    clearInterval(this.#timer);
    this.#stop();
  }

  /** The recorder's current state. */
  get verdict(): Verdict {
    const { control, stats, closing } = this.#sources;
    const store = stats();
    const counts = this.counts();
    const before = this.#looks[0]!;
    const gaps = { ...counts.gaps };
    for (const exchange of EXCHANGES) gaps[exchange] -= before.gaps[exchange];
    return judge({
      now: Date.now(),
      closing: closing(),
      unreadable: this.#unreadable,
      store,
      collectors: control.collectors(),
      listTroubles: control.listTroubles(),
      stopped: control.stoppedByUser(),
      aheadMs: control.timekeeping.aheadMs,
      droppedBooks: counts.books - before.books,
      droppedRecords: counts.records - before.records,
      consoleLines: counts.lines - before.lines,
      clockSteps: counts.steps - before.steps,
      gaps,
    });
  }

  /** Probes the database; the result is part of the verdict until the next probe. */
  async probe(): Promise<void> {
    const answer = this.#sources.reader.exchanges().then(
      () => null,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    this.#unreadable = await within(answer, PROBE_MS, () => `no answer for ${PROBE_MS} ms`);
  }

  /** The counters whose recent growth matters. */
  counts() {
    const { droppedBooks, droppedRecords } = this.#sources.stats();
    return {
      books: droppedBooks,
      records: droppedRecords,
      lines: this.#sources.consoleLinesLeftOut(),
      steps: this.#sources.control.timekeeping.clockSteps,
      gaps: { ...this.#gaps },
    };
  }
}
