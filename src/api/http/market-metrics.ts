import type { CollectorStatus } from '../../market/collector-status.js';
import { pairText } from '../../market/market.js';
import type { RecorderMeter } from '../recorder-meter.js';

/** A metric of a market; null where the market has no value. */
interface MarketMetric {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly read: (status: CollectorStatus, meter: RecorderMeter, now: number) => number | null;
}

const METRICS: readonly MarketMetric[] = [
  {
    name: 'orderbook_market_live',
    type: 'gauge',
    help: '1 while the newest book of the market is current.',
    read: ({ state }) => (state === 'LIVE' ? 1 : 0),
  },
  {
    name: 'orderbook_market_gap_open',
    type: 'gauge',
    help: '1 while the market is in a gap.',
    read: ({ market }, meter) => (meter.openGap(market) === null ? 0 : 1),
  },
  {
    name: 'orderbook_market_last_book_age_seconds',
    type: 'gauge',
    help: 'Time since the newest book of the market; absent before the first.',
    read: ({ lastBookAt }, _, now) => (lastBookAt === null ? null : (now - lastBookAt) / 1000),
  },
  {
    name: 'orderbook_market_books_received_total',
    type: 'counter',
    help: 'Valid books received, repeats included, since the collector was last started.',
    read: ({ books }) => books,
  },
  {
    name: 'orderbook_market_books_repeated_total',
    type: 'counter',
    help: 'Received books equal to the one before, since the collector was last started.',
    read: ({ repeats }) => repeats,
  },
  {
    name: 'orderbook_market_reconnects_total',
    type: 'counter',
    help: 'Reconnects of the market since the collector was last started.',
    read: ({ reconnects }) => reconnects,
  },
];

/**
 * The metrics of every running market as Prometheus text. Written here rather than through
 * prom-client, which takes ten times as long for ten thousand series and blocks the receiving of
 * books meanwhile.
 * @param now Unix ms
 */
export function marketMetrics(
  collectors: readonly CollectorStatus[],
  meter: RecorderMeter,
  now: number,
): string {
  const running = collectors.filter(({ state }) => state !== 'STOPPED');
  const labels = running.map(
    ({ market }) => `{exchange="${market.exchange}",market="${escaped(pairText(market))}"}`,
  );
  let text = '';
  for (const { name, type, help, read } of METRICS) {
    text += `\n# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
    running.forEach((status, i) => {
      const value = read(status, meter, now);
      if (value !== null) text += `${name}${labels[i]} ${value}\n`;
    });
  }
  return text;
}

/** A label value escaped for the text format: market names come from the exchanges. */
function escaped(value: string): string {
  return value.replace(/[\\"\n]/g, (c) => (c === '\n' ? '\\n' : `\\${c}`));
}
