import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { Histogram, Registry } from 'prom-client';
import type { Bus } from '../../bus.js';
import type { CollectorControl } from '../../market/collector-control.js';
import { EXCHANGES } from '../../market/exchange.js';
import type { StoreStats } from '../../store/store-types.js';
import type { LiveStreams } from '../../live/live-streams.js';
import type { RecorderMeter } from '../recorder-meter.js';
import { SEVERITIES } from '../verdict/reasons.js';
import type { VerdictWatch } from '../verdict/watch.js';
import type { AlertCounts } from './alert-counts.js';
import { marketMetrics } from './market-metrics.js';
import { MetricSet, type Sample } from './metric-set.js';
import { addCollectorMetrics, addGapMetrics } from './collector-metrics.js';
import { addStoreMetrics } from './store-metrics.js';

/** Content type of the Prometheus text format. */
export const METRICS_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

/** Sources of {@link Metrics}. */
interface MetricsSources {
  readonly bus: Bus;
  readonly control: CollectorControl;
  readonly meter: RecorderMeter;
  readonly stats: () => StoreStats;
  readonly streams: LiveStreams;
  readonly verdict: VerdictWatch;
  readonly version: string;
  /** Whether each market has its own series. */
  readonly markets: boolean;
  readonly alerts: () => AlertCounts | null;
  /** Lines that standard output did not take. */
  readonly consoleLinesLeftOut: () => number;
}

/** Resolution of the event loop delay, ms. */
const DELAY_RESOLUTION = 10;
const NANOSECONDS = 1e9;

/** Buckets of the time from receipt to commit, s; fine around FLUSH_MS, 0.1 s by default. */
const COMMIT_BUCKETS = [
  0.01, 0.025, 0.05, 0.075, 0.1, 0.11, 0.12, 0.13, 0.14, 0.15, 0.175, 0.2, 0.25, 0.3, 0.4, 0.5,
  0.75, 1, 2.5, 5, 10, 30, 60,
];

/**
 * The program's metrics for Prometheus. Most are read at their source on each scrape; published and
 * committed books and the event loop delay are measured from construction on.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #set = new MetricSet(this.#registry);
  readonly #sources: MetricsSources;
  readonly #loopDelay: IntervalHistogram;
  readonly #stops: readonly (() => void)[];

  constructor(sources: MetricsSources) {
    const { bus, control, stats, streams, version } = sources;
    this.#sources = sources;
    this.#loopDelay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION });
    this.#loopDelay.enable();

    this.#set.gauge('orderbook_info', 'Version of the recorder.', ['version'], () => [
      [{ version }, 1],
    ]);
    addCollectorMetrics(this.#set, control);
    addGapMetrics(this.#set, sources.meter);
    const published = this.#set.counter(
      'orderbook_books_published_total',
      'Changed books numbered and published, since the server started.',
      ['exchange'],
    );
    for (const exchange of EXCHANGES) published.inc({ exchange }, 0);
    const delay = new Histogram({
      name: 'orderbook_store_commit_delay_seconds',
      help: 'Time from receipt of a book to its commit, since the server started.',
      buckets: COMMIT_BUCKETS,
      registers: [this.#registry],
    });
    this.#stops = [
      bus.books.on(({ book }) => published.inc({ exchange: book.market.exchange })),
      bus.commits.on((receivedAt) => {
        const now = Date.now();
        // A clock that was set back must not yield negative times.
        for (const at of receivedAt) delay.observe(Math.max(0, now - at) / 1000);
      }),
    ];
    addStoreMetrics(this.#set, stats);
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

  /** All metrics as of now, as Prometheus text. */
  async text(): Promise<string> {
    const text = await this.#registry.metrics();
    const { markets, control, meter } = this.#sources;
    return markets ? text + marketMetrics(control.collectors(), meter, Date.now()) : text;
  }

  #addStreams(streams: LiveStreams): void {
    const gauge = (name: string, help: string, read: () => number): void =>
      this.#set.gauge(name, help, [], () => [[{}, read()]]);
    const count = (name: string, help: string, read: () => number): void =>
      this.#set.count(name, help, [], () => [[{}, read()]]);
    gauge('orderbook_api_readers', 'Open live subscriptions.', () => streams.size);
    gauge(
      'orderbook_api_operations',
      'Different live operations being executed; equal subscriptions share one.',
      () => streams.operations,
    );
    count(
      'orderbook_api_delivered_books_total',
      'Results handed to subscribers.',
      () => streams.counts.delivered,
    );
    count(
      'orderbook_api_executions_total',
      'Live events executed and serialised.',
      () => streams.counts.executed,
    );
    count(
      'orderbook_api_skipped_books_total',
      'Books that slow subscribers skipped in favour of a newer one.',
      () => streams.counts.skipped,
    );
    count(
      'orderbook_api_idle_readers_total',
      'Clients disconnected because they read nothing for too long.',
      () => streams.counts.idled,
    );
  }

  #addProcess(control: CollectorControl): void {
    this.#set.count(
      'orderbook_standstills_total',
      'How often the program stood still for two seconds or more; each is a gap.',
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
      "Reasons for the recorder's state by severity, as in /health.",
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
      'Unresolved alerts; absent, like all alert metrics, without ALERT_WEBHOOK_URL.',
      [],
      one(({ active }) => active),
    );
    this.#set.gauge(
      'orderbook_alerts_waiting',
      'Messages waiting to be delivered to the webhook.',
      [],
      one(({ waiting }) => waiting),
    );
    this.#set.count(
      'orderbook_alerts_sent_total',
      'Messages the webhook accepted.',
      [],
      one(({ sent }) => sent),
    );
    this.#set.count(
      'orderbook_alerts_dropped_total',
      'Messages given up on.',
      [],
      one(({ dropped }) => dropped),
    );
    this.#set.count(
      'orderbook_alert_failures_total',
      'Failed attempts to send a message.',
      ['reason'],
      () =>
        Object.entries(counts()?.failures ?? {}).map(([reason, failures]): Sample => [
          { reason },
          failures,
        ]),
    );
  }
}
