import type { CollectorControl } from '../../market/collector-control.js';
import { COLLECTOR_STATES, type CollectorStatus } from '../../market/collector-status.js';
import { type Exchange, EXCHANGES } from '../../market/exchange.js';
import { ODDITIES } from '../../market/oddity.js';
import type { GapSum, RecorderMeter } from '../recorder-meter.js';
import { statesByExchange } from './health.js';
import type { MetricSet, Sample } from './metric-set.js';

/** Counters of a collector that are summed by exchange. */
type Counted =
  | 'books'
  | 'repeats'
  | 'parseFailures'
  | 'lateBooks'
  | 'doubtedTimes'
  | 'audits'
  | 'auditDifferences'
  | 'reconnects';

/** Collector counters, by exchange. Statuses are collected once per scrape, by the first metric. */
export function addCollectorMetrics(set: MetricSet, control: CollectorControl): void {
  let collectors: readonly CollectorStatus[] = [];
  const since = 'since each collector was last started';
  const sum = (fields: readonly Counted[]) =>
    EXCHANGES.map((exchange): Sample => {
      const of = collectors.filter(({ market }) => market.exchange === exchange);
      const total = fields.reduce((all, field) => all + of.reduce((n, s) => n + s[field], 0), 0);
      return [{ exchange }, total];
    });
  const withUnknown = (samples: readonly Sample[]): Sample[] =>
    EXCHANGES.map((exchange, i) => [
      { exchange },
      samples[i]![1] + control.tally(exchange).unreadableMessages,
    ]);
  const labels = ['exchange'];
  const count = (name: string, help: string, field: Counted): void =>
    set.count(name, `${help}, ${since}.`, labels, () => sum([field]));
  const each = (read: (exchange: Exchange) => number) => (): Sample[] =>
    EXCHANGES.map((exchange) => [{ exchange }, read(exchange)]);
  set.count(
    'orderbook_frames_total',
    `Order books received, valid or unreadable, ${since}.`,
    labels,
    () => {
      collectors = control.collectors();
      return withUnknown(sum(['books', 'parseFailures']));
    },
  );
  count('orderbook_books_received_total', 'Valid books received, repeats included', 'books');
  count('orderbook_books_repeated_total', 'Received books equal to the one before', 'repeats');
  set.count(
    'orderbook_parse_failures_total',
    `Messages that could not be read, ${since}.`,
    labels,
    () => withUnknown(sum(['parseFailures'])),
  );
  set.count(
    'orderbook_silences_total',
    "Silences longer than usual for their market, by what the exchange's REST book showed: quiet, lost (a gap), false_alarm (quiet, but had been marked STALE).",
    ['exchange', 'result'],
    () =>
      EXCHANGES.flatMap((exchange): Sample[] => {
        const { quiet, lost, falseAlarms } = control.tally(exchange).silence;
        return [
          [{ exchange, result: 'quiet' }, quiet],
          [{ exchange, result: 'lost' }, lost],
          [{ exchange, result: 'false_alarm' }, falseAlarms],
        ];
      }),
  );
  set.count(
    'orderbook_unreadable_messages_total',
    'Those of them that named no market, since the server started.',
    labels,
    each((exchange) => control.tally(exchange).unreadableMessages),
  );
  count(
    'orderbook_late_books_total',
    'Valid books older than the one before, dropped',
    'lateBooks',
  );
  count(
    'orderbook_doubted_times_total',
    'Books whose exchange time was not credible',
    'doubtedTimes',
  );
  set.count(
    'orderbook_unasked_books_total',
    'Books of markets that were not subscribed, since the server started.',
    labels,
    each((exchange) => control.tally(exchange).unaskedBooks),
  );
  set.count(
    'orderbook_trades_total',
    'Trades by outcome, and checks of them (the fields of TradeTally), since the server started.',
    ['exchange', 'what'],
    () =>
      EXCHANGES.flatMap((exchange) =>
        Object.entries(control.tally(exchange).trades).map(([what, count]): Sample => [
          { exchange, what },
          count,
        ]),
      ),
  );
  set.count(
    'orderbook_protocol_oddities_total',
    'Deviations of exchanges from their known protocol, by kind, since the server started; SLOW_FRAME divided by orderbook_frames_total is the share that missed the fast reader.',
    ['exchange', 'kind'],
    () =>
      EXCHANGES.flatMap((exchange) => {
        const met = new Map(
          control.tally(exchange).oddities.map(({ kind, count }) => [kind, count]),
        );
        return ODDITIES.map((kind): Sample => [{ exchange, kind }, met.get(kind) ?? 0]);
      }),
  );
  set.gauge(
    'orderbook_market_rows_skipped',
    'Rows of the newest market list that are not markets.',
    labels,
    each((exchange) => control.tally(exchange).skippedRows),
  );
  count(
    'orderbook_audits_total',
    "Comparisons of a streamed book with the exchange's REST book",
    'audits',
  );
  count(
    'orderbook_audit_differences_total',
    'Of those, how many found a book that the stream did not have',
    'auditDifferences',
  );
  count('orderbook_reconnects_total', 'Reconnects, counted once per market', 'reconnects');
  set.gauge('orderbook_collectors', 'Collectors in each state.', ['exchange', 'state'], () => {
    const states = statesByExchange(control);
    return EXCHANGES.flatMap((exchange) =>
      COLLECTOR_STATES.map((state): Sample => [{ exchange, state }, states[exchange][state] ?? 0]),
    );
  });
  set.gauge(
    'orderbook_last_book_age_seconds',
    'Time since the newest book of the exchange; absent before the first.',
    labels,
    () =>
      EXCHANGES.flatMap((exchange): Sample[] => {
        const newest = collectors
          .filter(({ market }) => market.exchange === exchange)
          .reduce((latest, { lastBookAt }) => Math.max(latest, lastBookAt ?? 0), 0);
        return newest === 0 ? [] : [[{ exchange }, (Date.now() - newest) / 1000]];
      }),
  );
}

/** Gaps by exchange and cause. */
export function addGapMetrics(set: MetricSet, meter: RecorderMeter): void {
  const labels = ['exchange', 'cause'];
  const samples = (pick: (sum: GapSum) => number) => (): Sample[] =>
    meter
      .gapSums(Date.now())
      .map((sum): Sample => [{ exchange: sum.exchange, cause: sum.cause }, pick(sum)]);
  set.gauge(
    'orderbook_gaps_open',
    'Open gaps: markets that should be recorded and are not covered.',
    labels,
    samples(({ open }) => open),
  );
  set.count(
    'orderbook_gaps_closed_total',
    'Gaps that have closed, since the server started.',
    labels,
    samples(({ closed }) => closed),
  );
  set.count(
    'orderbook_gap_seconds_total',
    'Total time markets were not covered, summed over markets; open gaps count up to now.',
    labels,
    samples(({ ms }) => ms / 1000),
  );
}
