import type { GapCause } from './gap.js';
import type { Market } from './market.js';
import type { TradeCompleteness } from './trade-span.js';

/** The gaps of a market with one cause, on one day. */
export interface CauseReport {
  readonly cause: GapCause;
  readonly count: number;
  /** How much of the day they take up, ms. */
  readonly ms: number;
}

/** How well a market was recorded on a day. */
export interface MarketReport {
  readonly market: Market;
  /** Recorded time in the day, gaps included, ms. */
  readonly recordedMs: number;
  /** Of that, the time outside gaps, ms. */
  readonly coveredMs: number;
  /** The latter as a percentage of the former, 0 to 100. */
  readonly percent: number;
  /** Valid books received; those stored, and those equal to the one before. */
  readonly frames: number;
  readonly changed: number;
  readonly repeats: number;
  /** Longest time between two books, ms. */
  readonly longestSilenceMs: number;
  readonly gaps: readonly CauseReport[];
  /** REST audits, and those that found a different book. */
  readonly audits: number;
  readonly auditDifferences: number;
  /** Books that arrived after newer ones and were dropped. */
  readonly lateBooks: number;
  /** Time at each completeness of its trades, ms; absent where none were recorded. */
  readonly trades?: Partial<Record<TradeCompleteness, number>>;
}

/** How well a day was recorded. */
export interface DayReport {
  /** `2026-11-25`, UTC. */
  readonly date: string;
  /** Start and end of the day, or the present if that is earlier, Unix ms. */
  readonly from: number;
  readonly to: number;
  /** How often the clock was set back. */
  readonly clockSteps: number;
  /** The recorded markets, worst first. */
  readonly markets: readonly MarketReport[];
}

/** Start of a day given as `2026-11-25`, Unix ms; null when there is no such day. */
export function dayStart(date: string): number | null {
  const time = /^\d{4}-\d\d-\d\d$/.test(date) ? Date.parse(`${date}T00:00:00Z`) : NaN;
  return Number.isNaN(time) || dateOf(time) !== date ? null : time;
}

/** The UTC day of a time in Unix ms. */
export function dateOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** A duration in seconds, with one decimal when short. */
function seconds(ms: number): string {
  return ms >= 10_000 ? `${Math.round(ms / 1000)} s` : `${(ms / 1000).toFixed(1)} s`;
}

/** `verified 99.9 %, gap 12 s` for the trades; empty where none were recorded. */
function tradeText(trades: MarketReport['trades']): string {
  if (trades === undefined) return '';
  const { UNPROVEN = 0, VERIFIED_BY_REST = 0, VERIFIED_BY_VOLUME = 0, GAP = 0 } = trades;
  const verified = VERIFIED_BY_REST + VERIFIED_BY_VOLUME;
  const share = (verified / (verified + UNPROVEN + GAP)) * 100;
  // Rounding up would claim too much.
  const text = `verified ${(Math.floor(share * 1000) / 1000).toFixed(3)} %`;
  return GAP === 0 ? text : `${text}, gap ${seconds(GAP)}`;
}

/** The report as Markdown. */
export function reportMarkdown({ date, from, to, clockSteps, markets }: DayReport): string {
  if (markets.length === 0) return `Nothing was recorded on ${date} (UTC).\n`;
  const lines = markets.map((report) => {
    const { exchange, symbol, currency } = report.market;
    const gaps = report.gaps.map(({ cause, count, ms }) => `${count} × ${cause} ${seconds(ms)}`);
    const cells = [
      `${exchange}:${symbol}-${currency}`,
      report.percent.toFixed(3),
      `${(report.recordedMs / 3_600_000).toFixed(2)} h`,
      report.frames,
      report.changed,
      report.repeats,
      gaps.join(', '),
      seconds(report.longestSilenceMs),
      `${report.audits - report.auditDifferences} / ${report.auditDifferences}`,
      report.lateBooks,
      tradeText(report.trades),
    ];
    return `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`;
  });
  const head =
    'market | coverage % | recorded | books | changed | repeats | gaps | longest silence | audits agreed / not | late books | trades';
  return [
    `# Recording of ${date} (UTC)`,
    '',
    `From ${new Date(from).toISOString()} to ${new Date(to).toISOString()}; ${markets.length} markets, the worst first. The clock was set back ${clockSteps} times. Coverage is the share of the recorded time outside gaps; books that could not be stored lie in gaps of the causes QUEUE_OVERFLOW, STORE_FAILED and BUS_FAILED.`,
    '',
    `| ${head} |`,
    `| ${head.replaceAll(/[^|]+/g, ' --- ').trim()} |`,
    ...lines,
    '',
  ].join('\n');
}
