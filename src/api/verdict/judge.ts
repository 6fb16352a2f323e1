import type { ListTrouble } from '../../market/collector-control.js';
import type { CollectorStatus } from '../../market/collector-status.js';
import { type Exchange, EXCHANGES } from '../../market/exchange.js';
import { type Market, pairText } from '../../market/market.js';
import type { StoreStats } from '../../store/store-types.js';
import { type Reason, REASON_CODES, reasonOf, SEVERITIES, type Severity } from './reasons.js';

/** The recorder's state. */
export type VerdictState = 'OK' | 'ATTENTION' | 'FAILING';

/** The recorder's state and the reasons for it, worst first, notes last. */
export interface Verdict {
  readonly state: VerdictState;
  readonly reasons: readonly Reason[];
}

/** The input of {@link judge}. Recent counts cover the last ten minutes. */
export interface Facts {
  /** Unix ms. */
  readonly now: number;
  readonly closing: boolean;
  /** Why the database cannot be read; null when it can. */
  readonly unreadable: string | null;
  readonly store: StoreStats;
  readonly collectors: readonly CollectorStatus[];
  readonly listTroubles: readonly ListTrouble[];
  /** Markets stopped by a user although `COLLECT` wants them, by exchange. */
  readonly stopped: Readonly<Partial<Record<Exchange, number>>>;
  /** How far the system clock is ahead of the exchanges' times, ms; null when unknown. */
  readonly aheadMs: number | null;
  readonly droppedBooks: number;
  readonly droppedRecords: number;
  readonly consoleLines: number;
  /** Steps of the system clock. */
  readonly clockSteps: number;
  /** Recently closed gaps, by exchange. */
  readonly gaps: Readonly<Record<Exchange, number>>;
}

/** Silence after which an exchange counts as down rather than reconnecting, ms. */
const DOWN_MS = 60_000;
/** A market that has waited less than this for its first book is starting, ms. */
const STARTING_MS = 60_000;
/** A clock that differs from the exchanges' times by more than this is wrong, ms. */
const WRONG_CLOCK_MS = 60_000;
/** Free space below which the disk is nearly full whatever the growth, bytes. */
const LOW_BYTES = 1e9;
/** Free space, or days left, below which that is a failure. */
const OUT_BYTES = 256e6;
const OUT_DAYS = 1;
/** Average number of gaps per market, and minimum number of gaps, beyond one bad connection. */
const MANY_GAPS_A_MARKET = 3;
const MANY_GAPS = 10;
/** Maximum number of market names in a text. */
const NAMES = 5;

/** The recorder's state and the reasons for it: the only place that decides. */
export function judge(facts: Facts): Verdict {
  const reasons = [...programReasons(facts), ...exchangeReasons(facts)].sort(
    (a, b) =>
      SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity) ||
      REASON_CODES.indexOf(a.code) - REASON_CODES.indexOf(b.code),
  );
  const worst = reasons[0]?.severity ?? 'NOTE';
  return { state: worst === 'NOTE' ? 'OK' : worst, reasons };
}

function* programReasons(facts: Facts): Generator<Reason> {
  const { store, unreadable, aheadMs, droppedBooks, droppedRecords, consoleLines } = facts;
  if (facts.closing) yield reasonOf('SHUTTING_DOWN', 'FAILING', {});
  if (unreadable !== null) yield reasonOf('DATABASE_UNREADABLE', 'FAILING', { reason: unreadable });
  if (store.failure !== null)
    yield reasonOf('DATABASE_UNWRITABLE', 'FAILING', { reason: store.failure });
  yield* diskReasons(store.disk);
  if (droppedBooks > 0) yield reasonOf('BOOKS_DROPPED', 'ATTENTION', { books: droppedBooks });
  if (droppedRecords > 0)
    yield reasonOf('RECORDS_DROPPED', 'ATTENTION', { records: droppedRecords });
  if (aheadMs !== null && Math.abs(aheadMs) > WRONG_CLOCK_MS)
    yield reasonOf('CLOCK_WRONG', 'ATTENTION', { aheadMs });
  // Its books are redated automatically, but the machine's time needs attention.
  if (facts.clockSteps > 0) yield reasonOf('CLOCK_STEPPED', 'NOTE', { steps: facts.clockSteps });
  if (store.retentionHeld !== null) {
    const { clock, believed } = store.retentionHeld;
    yield reasonOf('RETENTION_HELD', 'ATTENTION', { clock, believed });
  }
  const unarchived = store.archive?.failure ?? null;
  if (unarchived !== null) yield reasonOf('ARCHIVE_FAILING', 'ATTENTION', { reason: unarchived });
  if (consoleLines > 0) yield reasonOf('CONSOLE_BLOCKED', 'ATTENTION', { lines: consoleLines });
}

function* diskReasons({
  warning,
  freeBytes,
  daysUntilFull,
}: StoreStats['disk']): Generator<Reason> {
  if (freeBytes === null || (warning === null && freeBytes >= LOW_BYTES)) return;
  const days = warning === null ? null : daysUntilFull;
  const out = freeBytes < OUT_BYTES || (days !== null && days < OUT_DAYS);
  yield reasonOf('DISK_FILLING', out ? 'FAILING' : 'ATTENTION', { days, freeBytes });
}

function* exchangeReasons(facts: Facts): Generator<Reason> {
  const { now, collectors, listTroubles, stopped, gaps } = facts;
  const down: Reason[] = [];
  const downExchanges: Exchange[] = [];
  let recorded = 0;
  let starting = 0;
  for (const exchange of EXCHANGES) {
    const wanted = collectors.filter(
      ({ market, state }) => market.exchange === exchange && state !== 'STOPPED',
    );
    const trouble = listTroubles.find((t) => t.exchange === exchange);
    if (trouble !== undefined) yield reasonOf('LIST_UNAVAILABLE', 'FAILING', trouble, { exchange });
    if (wanted.length > 0 || trouble !== undefined) recorded++;
    const young = wanted.filter((status) => isStarting(status, now));
    starting += young.length;
    const reason = downReason(exchange, wanted, young.length, now);
    if (reason !== null) down.push(reason);
    else yield* marketReasons(exchange, wanted, now);
    if (reason !== null || trouble !== undefined) downExchanges.push(exchange);
    const ended = gaps[exchange];
    if (ended >= Math.max(MANY_GAPS, MANY_GAPS_A_MARKET * wanted.length) && wanted.length > 0)
      yield reasonOf(
        'GAPS_MANY',
        'ATTENTION',
        { gaps: ended, markets: wanted.length },
        { exchange },
      );
    const count = stopped[exchange] ?? 0;
    if (count > 0) yield reasonOf('STOPPED_BY_USER', 'NOTE', { markets: count }, { exchange });
  }
  yield* down;
  if (downExchanges.length > 1 && downExchanges.length * 2 >= recorded)
    yield reasonOf('EXCHANGES_DOWN', 'FAILING', { exchanges: downExchanges, of: recorded });
  if (starting > 0) yield reasonOf('STARTING', 'NOTE', { markets: starting });
  if (recorded === 0) {
    const count = Object.values(stopped).reduce((sum, markets) => sum + markets, 0);
    yield reasonOf('NOTHING_RECORDED', 'ATTENTION', { stopped: count });
  }
}

/** Whether a market is waiting for its first book, and has not been for long. */
function isStarting(
  { state, lastBookAt, startedAt, error }: CollectorStatus,
  now: number,
): boolean {
  if (state !== 'STARTING' || lastBookAt !== null) return false;
  return error === null && now - (startedAt ?? now) < STARTING_MS;
}

/** Set when no wanted market of an exchange is recorded although they had time to start. */
function downReason(
  exchange: Exchange,
  wanted: readonly CollectorStatus[],
  starting: number,
  now: number,
): Reason | null {
  const running = wanted.filter(({ state }) => state !== 'FAILED');
  if (running.length === 0 || starting === running.length) return null;
  if (running.some(({ state }) => state === 'LIVE')) return null;
  let last = 0;
  for (const { lastBookAt, startedAt } of running)
    last = Math.max(last, lastBookAt ?? startedAt ?? now);
  const forMs = Math.max(0, now - last);
  const reason = running.find(({ error }) => error !== null)?.error ?? null;
  const severity: Severity = forMs >= DOWN_MS ? 'FAILING' : 'ATTENTION';
  const markets = running.length;
  return reasonOf('EXCHANGE_DOWN', severity, { markets, forMs, reason }, { exchange });
}

function* marketReasons(
  exchange: Exchange,
  wanted: readonly CollectorStatus[],
  now: number,
): Generator<Reason> {
  const failed = wanted.filter(({ state }) => state === 'FAILED');
  const troubled = wanted.filter(
    (status) =>
      status.state === 'STALE' ||
      status.state === 'RECONNECTING' ||
      (status.state === 'STARTING' && !isStarting(status, now)),
  );
  for (const [code, of] of [
    ['MARKETS_FAILED', failed],
    ['MARKETS_INTERRUPTED', troubled],
  ] as const) {
    if (of.length === 0) continue;
    const place = { exchange, market: of.length === 1 ? of[0]!.market : undefined };
    const all = code === 'MARKETS_FAILED' && of.length === wanted.length;
    const names = namesOf(of.map(({ market }) => market));
    yield reasonOf(code, all ? 'FAILING' : 'ATTENTION', { count: of.length, names }, place);
  }
}

function namesOf(markets: readonly Market[]): string {
  const names = markets.slice(0, NAMES).map(pairText);
  return markets.length > NAMES ? `${names.join(', ')}, …` : names.join(', ');
}
