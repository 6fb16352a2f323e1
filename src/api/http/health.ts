import type { CollectorControl } from '../../market/collector-control.js';
import type { CollectorState } from '../../market/collector-status.js';
import { EXCHANGES, type Exchange } from '../../market/exchange.js';
import type { DiskStats, StoreStats } from '../../store/store-types.js';
import type { LiveStreams } from '../../live/live-streams.js';
import type { VerdictState } from '../verdict/judge.js';
import type { Reason, ReasonCode } from '../verdict/reasons.js';
import type { VerdictWatch } from '../verdict/watch.js';

/** The response of `/health`. */
export interface Health {
  readonly status: 'ok' | 'unavailable';
  /** Why the server is of no use, in words; empty when it is useful. */
  readonly reasons: readonly string[];
  /** What else is wrong, or will go wrong unless someone acts, in words. */
  readonly warnings: readonly string[];
  /** The recorder's state: whether everything that should be recorded is. */
  readonly state: VerdictState;
  /**
   * The reasons, worst first, notes last: everything in `reasons` and `warnings`, plus the notes.
   */
  readonly verdict: readonly Reason[];
  readonly version: string;
  readonly uptimeSeconds: number;
  readonly store: Omit<StoreStats, 'disk'>;
  readonly disk: DiskStats;
  /** Open live subscriptions. */
  readonly readers: number;
  /** Number of collectors in each state, by exchange; states without any are left out. */
  readonly exchanges: Readonly<Record<Exchange, Partial<Record<CollectorState, number>>>>;
}

/** Sources of {@link readHealth}. */
interface HealthSources {
  readonly stats: () => StoreStats;
  readonly control: CollectorControl;
  readonly streams: LiveStreams;
  readonly verdict: VerdictWatch;
  readonly version: string;
}

/** Without these the server is of no use; with any other it serves, and records what it can. */
const UNAVAILABLE: readonly ReasonCode[] = [
  'SHUTTING_DOWN',
  'DATABASE_UNREADABLE',
  'DATABASE_UNWRITABLE',
];

/** Checks everything that must work for the server to be of use. */
export async function readHealth(sources: HealthSources): Promise<Health> {
  await sources.verdict.probe();
  const { state, reasons } = sources.verdict.verdict;
  const { disk, ...store } = sources.stats();
  const unavailable = reasons.filter(({ code }) => UNAVAILABLE.includes(code));
  const others = reasons.filter((r) => r.severity !== 'NOTE' && !unavailable.includes(r));
  return {
    status: unavailable.length === 0 ? 'ok' : 'unavailable',
    reasons: unavailable.map(({ en }) => en),
    warnings: others.map(({ en }) => en),
    state,
    verdict: reasons,
    version: sources.version,
    uptimeSeconds: Math.floor(process.uptime()),
    store,
    disk,
    readers: sources.streams.size,
    exchanges: statesByExchange(sources.control),
  };
}

/** Number of collectors in each state, by exchange. */
export function statesByExchange(control: CollectorControl): Health['exchanges'] {
  const counts = Object.fromEntries(EXCHANGES.map((exchange) => [exchange, {}])) as Record<
    Exchange,
    Partial<Record<CollectorState, number>>
  >;
  for (const { market, state } of control.collectors()) {
    const count = counts[market.exchange];
    count[state] = (count[state] ?? 0) + 1;
  }
  return counts;
}
