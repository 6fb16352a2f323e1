import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { Histogram, Registry } from 'prom-client';
import type { Bus } from '../../bus.js';
import type { CollectorControl } from '../../market/collector-control.js';
import { COLLECTOR_STATES, type CollectorStatus } from '../../market/collector-status.js';
import { EXCHANGES } from '../../market/exchange.js';
import { ODDITIES } from '../../market/oddity.js';
import type { ArchiveStats, DiskStats, StoreStats } from '../../store/store-types.js';
import type { LiveStreams } from '../../live/live-streams.js';
import type { GapSum, RecorderMeter } from '../recorder-meter.js';
import { SEVERITIES } from '../verdict/reasons.js';
import type { VerdictWatch } from '../verdict/watch.js';
import type { AlertCounts } from './alert-counts.js';
import { statesByExchange } from './health.js';
import { marketMetrics } from './market-metrics.js';
import { MetricSet, type Sample } from './metric-set.js';

/** Content type of the Prometheus text format. */
export const METRICS_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

/** Where {@link Metrics} looks. */
interface MetricsSources {
  readonly bus: Bus;
  readonly control: CollectorControl;
  readonly meter: RecorderMeter;
  readonly stats: () => StoreStats;
  readonly streams: LiveStreams;
  readonly verdict: VerdictWatch;
  readonly version: string;
  /** Whether each market has numbers of its own. */
  readonly markets: boolean;
  readonly alerts: () => AlertCounts | null;
  /** Lines that standard output did not take. */
  readonly consoleLinesLeftOut: () => number;
}

/** How exactly the delay of the event loop is measured, ms. */
const DELAY_RESOLUTION = 10;
const NANOSECONDS = 1e9;

/** Bounds of the time from receipt to commit, s; fine around FLUSH_MS, 0.1 s by default. */
const COMMIT_BUCKETS = [
  0.01, 0.025, 0.05, 0.075, 0.1, 0.11, 0.12, 0.13, 0.14, 0.15, 0.175, 0.2, 0.25, 0.3, 0.4, 0.5,
  0.75, 1, 2.5, 5, 10, 30, 60,
];

/**
 * The program's numbers for Prometheus. Most are read where they are kept at the moment of a scrape;
 * published and committed books and the delay of the event loop are measured from construction on.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #set = new MetricSet(this.#registry);
  readonly #sources: MetricsSources;
  readonly #loopDelay: IntervalHistogram;
  readonly #stops: readonly (() => void)[];
  #collectors: readonly CollectorStatus[] = [];
  #store: StoreStats;

  constructor(sources: MetricsSources) {
    const { bus, control, stats, streams, version } = sources;
    this.#sources = sources;
    this.#store = stats();
    this.#loopDelay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION });
    this.#loopDelay.enable();

    this.#set.gauge('orderbook_info', 'Version of the recorder.', ['version'], () => [
      [{ version }, 1],
    ]);
    this.#addCollectors(control);
    this.#addGaps(sources.meter);
    const published = this.#set.counter(
      'orderbook_books_published_total',
      'Changed books numbered and published, since the server began.',
      ['exchange'],
    );
    for (const exchange of EXCHANGES) published.inc({ exchange }, 0);
    const delay = new Histogram({
      name: 'orderbook_store_commit_delay_seconds',
      help: 'Time from the receipt of a book to its being stored for good, since the server began.',
      buckets: COMMIT_BUCKETS,
      registers: [this.#registry],
    });
    this.#stops = [
      bus.books.on(({ book }) => published.inc({ exchange: book.market.exchange })),
      bus.commits.on((receivedAt) => {
        const now = Date.now();
        // A clock that was set back must not give times below 0.
        for (const at of receivedAt) delay.observe(Math.max(0, now - at) / 1000);
      }),
    ];
    this.#addStore(stats);
    this.#addStreams(streams);
    this.#set.count(
      'orderbook_console_lines_left_out_total',
      'Log lines that standard output did not take; the log files have them.',
      [],
      () => [[{}, sources.consoleLinesLeftOut()]],
    );
    this.#addProcess(control);
    this.#addVerdict(sources.verdict);
    this.#addAlerts(sources.alerts);
  }

  /** Stops counting. */
  close(): void {
    for (const stop of this.#stops) stop();
    this.#loopDelay.disable();
  }

  /** All numbers as they are now, as Prometheus text. */
  async text(): Promise<string> {
    const text = await this.#registry.metrics();
    const { markets, control, meter } = this.#sources;
    return markets ? text + marketMetrics(control.collectors(), meter, Date.now()) : text;
  }

  #addCollectors(control: CollectorControl): void {
    const since = 'since each collector was last started';
    const sum = (
      fields: readonly (
        | 'books'
        | 'repeats'
        | 'parseFailures'
        | 'lateBooks'
        | 'doubtedTimes'
        | 'audits'
        | 'auditDifferences'
        | 'reconnects'
      )[],
    ) =>
      EXCHANGES.map((exchange): Sample => {
        const of = this.#collectors.filter(({ market }) => market.exchange === exchange);
        const total = fields.reduce((all, field) => all + of.reduce((n, s) => n + s[field], 0), 0);
        return [{ exchange }, total];
      });
    const withUnknown = (samples: readonly Sample[]): Sample[] =>
      EXCHANGES.map((exchange, i) => [
        { exchange },
        samples[i]![1] + control.unreadableMessages(exchange),
      ]);
    const labels = ['exchange'];
    this.#set.count(
      'orderbook_frames_total',
      `Order books received, valid or unreadable, ${since}.`,
      labels,
      () => {
        this.#collectors = control.collectors();
        return withUnknown(sum(['books', 'parseFailures']));
      },
    );
    this.#set.count(
      'orderbook_books_received_total',
      `Valid books received, repeats included, ${since}.`,
      labels,
      () => sum(['books']),
    );
    this.#set.count(
      'orderbook_books_repeated_total',
      `Received books equal to the one before, ${since}.`,
      labels,
      () => sum(['repeats']),
    );
    this.#set.count(
      'orderbook_parse_failures_total',
      `Messages that could not be read, ${since}.`,
      labels,
      () => withUnknown(sum(['parseFailures'])),
    );
    this.#set.count(
      'orderbook_silences_total',
      'Silences beyond the rhythm of their market, by what the exchange said when it was asked: quiet, lost (a gap), false_alarm (quiet, and had been called STALE).',
      ['exchange', 'result'],
      () =>
        EXCHANGES.flatMap((exchange): Sample[] => {
          const { quiet, lost, falseAlarms } = control.silence(exchange);
          return [
            [{ exchange, result: 'quiet' }, quiet],
            [{ exchange, result: 'lost' }, lost],
            [{ exchange, result: 'false_alarm' }, falseAlarms],
          ];
        }),
    );
    this.#set.count(
      'orderbook_unreadable_messages_total',
      'Those of them that named no market, since the server began.',
      labels,
      () =>
        EXCHANGES.map((exchange): Sample => [{ exchange }, control.unreadableMessages(exchange)]),
    );
    this.#set.count(
      'orderbook_late_books_total',
      `Valid books older than the one before, dropped, ${since}.`,
      labels,
      () => sum(['lateBooks']),
    );
    this.#set.count(
      'orderbook_doubted_times_total',
      `Books whose exchange's time was not believed, ${since}.`,
      labels,
      () => sum(['doubtedTimes']),
    );
    this.#set.count(
      'orderbook_unasked_books_total',
      'Books of markets that were not asked for, since the server began.',
      labels,
      () => EXCHANGES.map((exchange): Sample => [{ exchange }, control.unaskedBooks(exchange)]),
    );
    this.#set.count(
      'orderbook_protocol_oddities_total',
      'What exchanges did otherwise than they are known to, by kind, since the server began; SLOW_FRAME of orderbook_frames_total is the share outside the fast reader.',
      ['exchange', 'kind'],
      () =>
        EXCHANGES.flatMap((exchange) => {
          const counts = control.oddities(exchange);
          return ODDITIES.map((kind): Sample => [{ exchange, kind }, counts[kind]]);
        }),
    );
    this.#set.gauge(
      'orderbook_market_rows_skipped',
      'Rows of the newest market list that were no markets.',
      labels,
      () => EXCHANGES.map((exchange): Sample => [{ exchange }, control.skippedRows(exchange)]),
    );
    this.#set.count(
      'orderbook_audits_total',
      `Comparisons of a streamed book with the exchange's REST book, ${since}.`,
      labels,
      () => sum(['audits']),
    );
    this.#set.count(
      'orderbook_audit_differences_total',
      `Of those, how many found a book that the stream had not, ${since}.`,
      labels,
      () => sum(['auditDifferences']),
    );
    this.#set.count(
      'orderbook_reconnects_total',
      `Connections made again, counted once per market, ${since}.`,
      labels,
      () => sum(['reconnects']),
    );
    this.#set.gauge(
      'orderbook_collectors',
      'Collectors in each state.',
      ['exchange', 'state'],
      () => {
        const states = statesByExchange(control);
        return EXCHANGES.flatMap((exchange) =>
          COLLECTOR_STATES.map((state): Sample => [
            { exchange, state },
            states[exchange][state] ?? 0,
          ]),
        );
      },
    );
    this.#set.gauge(
      'orderbook_last_book_age_seconds',
      'Time since the newest book of the exchange; absent before the first.',
      labels,
      () =>
        EXCHANGES.flatMap((exchange): Sample[] => {
          const newest = this.#collectors
            .filter(({ market }) => market.exchange === exchange)
            .reduce((latest, { lastBookAt }) => Math.max(latest, lastBookAt ?? 0), 0);
          return newest === 0 ? [] : [[{ exchange }, (Date.now() - newest) / 1000]];
        }),
    );
  }

  #addGaps(meter: RecorderMeter): void {
    const labels = ['exchange', 'cause'];
    const samples = (pick: (sum: GapSum) => number) => (): Sample[] =>
      meter
        .gapSums(Date.now())
        .map((sum): Sample => [{ exchange: sum.exchange, cause: sum.cause }, pick(sum)]);
    this.#set.gauge(
      'orderbook_gaps_open',
      'Gaps that are open now: markets that are wanted and not covered.',
      labels,
      samples(({ open }) => open),
    );
    this.#set.count(
      'orderbook_gaps_closed_total',
      'Gaps that have ended, since the server began.',
      labels,
      samples(({ closed }) => closed),
    );
    this.#set.count(
      'orderbook_gap_seconds_total',
      'How long markets were not covered, summed over them, open gaps until now.',
      labels,
      samples(({ ms }) => ms / 1000),
    );
  }

  #addStore(stats: () => StoreStats): void {
    const one = (pick: (store: StoreStats) => number) => (): Sample[] => [[{}, pick(this.#store)]];
    this.#set.gauge('orderbook_store_queued_books', 'Books waiting to be written.', [], () => {
      this.#store = stats();
      return [[{}, this.#store.queuedBooks]];
    });
    this.#set.gauge(
      'orderbook_store_queued_bytes',
      'Estimated bytes of those.',
      [],
      one((store) => store.queuedBytes),
    );
    this.#set.count(
      'orderbook_store_stored_books_total',
      'Books written.',
      [],
      one((store) => store.storedBooks),
    );
    this.#set.count(
      'orderbook_store_dropped_books_total',
      'Books that could not be kept; each is inside a gap.',
      [],
      one((store) => store.droppedBooks),
    );
    this.#set.count(
      'orderbook_store_trades_total',
      'Trades written to the database.',
      [],
      one((store) => store.storedTrades),
    );
    this.#set.count(
      'orderbook_store_dropped_trades_total',
      'Trades that could not be kept.',
      [],
      one((store) => store.droppedTrades),
    );
    this.#set.count(
      'orderbook_store_dropped_records_total',
      'Gaps and log entries that could not be kept.',
      [],
      one((store) => store.droppedRecords),
    );
    this.#set.gauge(
      'orderbook_store_last_flush_seconds',
      'Duration of the last write; absent before the first.',
      [],
      () => {
        const { lastFlushMs } = this.#store;
        return lastFlushMs === null ? [] : [[{}, lastFlushMs / 1000]];
      },
    );
    this.#set.gauge(
      'orderbook_store_failing',
      '1 while nothing can be written.',
      [],
      one((store) => (store.failure === null ? 0 : 1)),
    );
    const known = (pick: (disk: DiskStats) => number | null) => (): Sample[] => {
      const value = pick(this.#store.disk);
      return value === null ? [] : [[{}, value]];
    };
    this.#set.gauge(
      'orderbook_database_bytes',
      'Size of the database and its log.',
      [],
      known((disk) => disk.databaseBytes),
    );
    this.#set.gauge(
      'orderbook_disk_free_bytes',
      'Free space of the file system of the database.',
      [],
      known((disk) => disk.freeBytes),
    );
    this.#set.gauge(
      'orderbook_disk_full_days',
      'Days until that is full at the growth of the last day; absent while not known, or never.',
      [],
      known((disk) => disk.daysUntilFull),
    );
    const archived = (pick: (archive: ArchiveStats) => number | null) => (): Sample[] => {
      const { archive } = this.#store;
      const value = archive === null || archive === undefined ? null : pick(archive);
      return value === null ? [] : [[{}, value]];
    };
    this.#set.gauge(
      'orderbook_archive_bytes',
      'Size of the archive, as of the last try to archive; absent without one.',
      [],
      archived((archive) => archive.bytes),
    );
    this.#set.gauge(
      'orderbook_archive_days',
      'Days in the archive; absent without one.',
      [],
      archived((archive) => archive.allDays),
    );
    this.#set.gauge(
      'orderbook_archive_free_bytes',
      'Free space of the file system of the archive; absent without one.',
      [],
      archived((archive) => archive.freeBytes),
    );
    this.#set.gauge(
      'orderbook_archive_failing',
      '1 while closed days cannot be archived; absent without an archive.',
      [],
      archived((archive) => (archive.failure === null ? 0 : 1)),
    );
  }

  #addStreams(streams: LiveStreams): void {
    const one = (pick: () => number) => (): Sample[] => [[{}, pick()]];
    this.#set.gauge(
      'orderbook_api_readers',
      'Open live subscriptions.',
      [],
      one(() => streams.size),
    );
    this.#set.gauge(
      'orderbook_api_operations',
      'Different live operations being executed; equal subscriptions share one.',
      [],
      one(() => streams.operations),
    );
    this.#set.count(
      'orderbook_api_delivered_books_total',
      'Results handed to subscribers.',
      [],
      one(() => streams.counts.delivered),
    );
    this.#set.count(
      'orderbook_api_executions_total',
      'Live events executed and serialised.',
      [],
      one(() => streams.counts.executed),
    );
    this.#set.count(
      'orderbook_api_skipped_books_total',
      'Books that slow subscribers missed for a newer one.',
      [],
      one(() => streams.counts.skipped),
    );
    this.#set.count(
      'orderbook_api_idle_readers_total',
      'Clients ended because they took nothing for too long.',
      [],
      one(() => streams.counts.idled),
    );
  }

  #addProcess(control: CollectorControl): void {
    this.#set.count(
      'orderbook_standstills_total',
      'How often the program stood still for two seconds or more; each time is a gap.',
      [],
      () => [[{}, control.timekeeping.standstills]],
    );
    this.#set.count('orderbook_standstill_seconds_total', 'How long it stood still.', [], () => [
      [{}, control.timekeeping.stoodStillMs / 1000],
    ]);
    this.#set.count(
      'orderbook_clock_steps_total',
      'How often the system clock was set by more than a second.',
      [],
      () => [[{}, control.timekeeping.clockSteps]],
    );
    this.#set.gauge(
      'orderbook_event_loop_delay_seconds',
      'How late the event loop was since the last scrape.',
      ['quantile'],
      () => {
        const late = (ns: number): number =>
          Math.max(0, ns / NANOSECONDS - DELAY_RESOLUTION / 1000) || 0;
        const samples: Sample[] = [0.5, 0.9, 0.99].map((quantile) => [
          { quantile: String(quantile) },
          late(this.#loopDelay.percentile(quantile * 100)),
        ]);
        samples.push([{ quantile: '1' }, late(this.#loopDelay.max)]);
        this.#loopDelay.reset();
        return samples;
      },
    );
    this.#set.gauge('process_resident_memory_bytes', 'Resident memory of the process.', [], () => [
      [{}, process.memoryUsage.rss()],
    ]);
    this.#set.gauge('process_uptime_seconds', 'Age of the process.', [], () => [
      [{}, process.uptime()],
    ]);
  }

  #addVerdict(verdict: VerdictWatch): void {
    this.#set.gauge(
      'orderbook_reasons',
      'Why the recorder is as it is: reasons of each severity, as /health tells them.',
      ['severity'],
      () => {
        const { reasons } = verdict.verdict;
        return SEVERITIES.map((severity): Sample => [
          { severity: severity.toLowerCase() },
          reasons.filter((reason) => reason.severity === severity).length,
        ]);
      },
    );
  }

  #addAlerts(counts: () => AlertCounts | null): void {
    const one = (pick: (of: AlertCounts) => number) => (): Sample[] => {
      const of = counts();
      return of === null ? [] : [[{}, pick(of)]];
    };
    this.#set.gauge(
      'orderbook_alerts_active',
      'Alerts that are not over; absent, as all of alerts, without ALERT_WEBHOOK_URL.',
      [],
      one(({ active }) => active),
    );
    this.#set.gauge(
      'orderbook_alerts_waiting',
      'Messages that wait for the webhook to take them.',
      [],
      one(({ waiting }) => waiting),
    );
    this.#set.count(
      'orderbook_alerts_sent_total',
      'Messages that the webhook took.',
      [],
      one(({ sent }) => sent),
    );
    this.#set.count(
      'orderbook_alerts_dropped_total',
      'Messages that were given up.',
      [],
      one(({ dropped }) => dropped),
    );
    this.#set.count(
      'orderbook_alert_failures_total',
      'Tries to send a message that failed.',
      ['reason'],
      () =>
        Object.entries(counts()?.failures ?? {}).map(([reason, failures]): Sample => [
          { reason },
          failures,
        ]),
    );
  }
}
