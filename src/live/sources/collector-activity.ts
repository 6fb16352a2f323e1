import type { CollectorControl } from '../../market/collector-control.js';
import type { CollectorStatus } from '../../market/collector-status.js';
import type { Gap } from '../../market/gap.js';
import { type Market, marketKey } from '../../market/market.js';
import { type Delivery, delivery } from '../delivery.js';
import { type OwnFeed, OwnSource } from '../source.js';

/** A collector's status, rate and open gap. */
export interface CollectorActivity {
  readonly status: CollectorStatus;
  readonly booksPerSecond: number;
  readonly openGap: Gap | null;
  /** What the last mutation requested; null where `COLLECT` decides. */
  readonly wish: boolean | null;
}

/** Sources of {@link ActivityChanges}. */
interface ActivitySources {
  readonly control: CollectorControl;
  readonly meter: {
    booksPerSecond(market: Market): number;
    openGap(market: Market): Gap | null;
  };
}

/**
 * All collectors first, then those that changed. Each list is built when its reader takes it, so a
 * slow reader misses only intermediate states.
 */
export class ActivityChanges extends OwnSource<readonly CollectorActivity[]> {
  readonly #sources: ActivitySources;
  readonly #everyMs: number;

  /** @param everyMs interval between two lists, ms */
  constructor(sources: ActivitySources, everyMs: number) {
    super();
    this.#sources = sources;
    this.#everyMs = everyMs;
  }

  override open(wake: () => void): OwnFeed {
    return new ActivityFeed(this.#sources, this.#everyMs, wake);
  }
}

class ActivityFeed implements OwnFeed {
  readonly ended = false;
  readonly failure = null;
  readonly #sources: ActivitySources;
  readonly #timer: NodeJS.Timeout;
  readonly #had = new Map<string, CollectorActivity>();
  #due = true;
  /** Lists delivered so far. */
  #order = 0;

  constructor(sources: ActivitySources, everyMs: number, wake: () => void) {
    this.#sources = sources;
    this.#timer = setInterval(() => {
      this.#due = true;
      wake();
    }, everyMs);
  }

  take(): Delivery<unknown> | undefined {
    if (!this.#due) return undefined;
    this.#due = false;
    const value = this.#changed();
    // The first list is delivered even when empty: it says that there are no collectors.
    if (value.length === 0 && this.#order > 0) return undefined;
    return delivery('activity', ++this.#order, value);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #changed(): CollectorActivity[] {
    const { control, meter } = this.#sources;
    const changed: CollectorActivity[] = [];
    for (const status of control.collectors()) {
      const { market } = status;
      const key = marketKey(market);
      const had = this.#had.get(key);
      const booksPerSecond = meter.booksPerSecond(market);
      const openGap = meter.openGap(market);
      const wish = control.wish(market);
      if (
        had !== undefined &&
        had.openGap === openGap &&
        had.wish === wish &&
        had.booksPerSecond === booksPerSecond &&
        same(had.status, status)
      ) {
        continue;
      }
      const activity = { status, booksPerSecond, openGap, wish };
      this.#had.set(key, activity);
      changed.push(activity);
    }
    return changed;
  }
}

function same(a: CollectorStatus, b: CollectorStatus): boolean {
  return (
    a.books === b.books &&
    a.lastBookAt === b.lastBookAt &&
    a.state === b.state &&
    a.reconnects === b.reconnects &&
    a.startedAt === b.startedAt &&
    a.parseFailures === b.parseFailures &&
    a.error === b.error
  );
}
