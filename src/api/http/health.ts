import type { CollectorControl } from '../../market/collector-control.js';
import type { CollectorState } from '../../market/collector-status.js';
import { EXCHANGES, type Exchange } from '../../market/exchange.js';
import type { DiskStats, StoreReader, StoreStats } from '../../store/store-types.js';
import type { LiveStreams } from '../../live/live-streams.js';
import { within } from '../../util/wait.js';

/** Answer of `/health`. */
export interface Health {
  readonly status: 'ok' | 'unavailable';
  /** What is wrong, in words; empty when all is well. */
  readonly reasons: readonly string[];
  /** What will go wrong unless somebody acts, in words. */
  readonly warnings: readonly string[];
  readonly version: string;
  readonly uptimeSeconds: number;
  readonly store: Omit<StoreStats, 'disk'>;
  readonly disk: DiskStats;
  /** Open live subscriptions. */
  readonly readers: number;
  /** Number of collectors in each state, per exchange; states without any are left out. */
  readonly exchanges: Readonly<Record<Exchange, Partial<Record<CollectorState, number>>>>;
}

/** Where {@link readHealth} looks. */
interface HealthSources {
  readonly reader: StoreReader;
  readonly stats: () => StoreStats;
  readonly control: CollectorControl;
  readonly streams: LiveStreams;
  readonly version: string;
  /** Whether the server is shutting down. */
  readonly closing: () => boolean;
}

/** A database that takes longer than this to answer a small question counts as down, ms. */
const PROBE_TIMEOUT = 3000;

/** Why the database does not answer, or null when it does. */
async function probe(reader: StoreReader): Promise<string | null> {
  const answer = reader.exchanges().then(
    () => null,
    (error: unknown) =>
      `the database cannot be read: ${error instanceof Error ? error.message : String(error)}`,
  );
  return within(
    answer,
    PROBE_TIMEOUT,
    () => `the database has not answered for ${PROBE_TIMEOUT} ms`,
  );
}

function warningsOf(disk: DiskStats, store: Omit<StoreStats, 'disk'>): string[] {
  const warnings = disk.warning === null ? [] : [disk.warning];
  const held = store.retentionHeld;
  const unarchived = store.archive?.failure ?? null;
  if (unarchived !== null) warnings.push(`archiving fails: ${unarchived}`);
  if (held !== null) {
    const [clock, believed] = [held.clock, held.believed].map((ms) => new Date(ms).toISOString());
    warnings.push(
      `the system clock (${clock}) has leapt and is not believed yet; RETENTION_DAYS counts from ${believed}`,
    );
  }
  return warnings;
}

/** Asks everything that must work for the server to be of use. */
export async function readHealth(sources: HealthSources): Promise<Health> {
  const reasons: string[] = [];
  if (sources.closing()) reasons.push('the server is shutting down');
  const unreadable = await probe(sources.reader);
  if (unreadable !== null) reasons.push(unreadable);
  const { disk, ...store } = sources.stats();
  if (store.failure !== null) reasons.push(`the database cannot be written: ${store.failure}`);
  return {
    status: reasons.length === 0 ? 'ok' : 'unavailable',
    reasons,
    warnings: [...warningsOf(disk, store), ...sources.control.listTroubles()],
    version: sources.version,
    uptimeSeconds: Math.floor(process.uptime()),
    store,
    disk,
    readers: sources.streams.size,
    exchanges: statesByExchange(sources.control),
  };
}

/** Number of collectors in each state, per exchange. */
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
