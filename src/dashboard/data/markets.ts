import { signal } from '@preact/signals';
import {
  ActivityDocument,
  type ActivitySubscription,
  type CollectorState,
  type CollectorWishKind,
  type Exchange,
  type GapCause,
  MarketsDocument,
  type MarketsQuery,
} from '../gql/graphql.js';
import { ask, connection, connectionCount, follow } from './connection.js';
import { withNextFrame } from './paint.js';
import type { Lang } from './settings.js';

/** A market. */
export interface MarketId {
  readonly exchange: Exchange;
  readonly symbol: string;
  readonly currency: string;
}

/** Points of a sparkline. */
export const SPARK_POINTS = 40;
/** Interval between two of them, and between two lists of changes from the server, ms. */
export const PERIOD = 2_000;

/** A market as the page knows it. Modified in place; {@link marketsVersion} says when. */
export interface MarketRow extends MarketId {
  readonly key: string;
  koreanName: string | null;
  englishName: string | null;
  listed: boolean;
  /** Null: it has no collector. */
  state: CollectorState | null;
  lastBookAt: number | null;
  booksPerSecond: number;
  reconnects: number;
  /** Why it is not live, in each language. */
  error: Readonly<Record<Lang, string>> | null;
  /** What the last mutation on it requested; null where `COLLECT` decides. */
  wish: CollectorWishKind | null;
  openGap: { readonly start: number; readonly cause: GapCause } | null;
  /** Books that differed from the one before, since its collector was started. */
  changed: number;
  /** How many there were in each of the last periods, newest last. */
  spark: number[];
  sparkChanged: number;
  /** Whether data from before the page was opened has been requested (`sparks.ts`). */
  sparkAsked: boolean;
}

/** What is known about an exchange besides its markets. */
export interface ExchangeRow {
  readonly exchange: Exchange;
  readonly enabled: boolean;
  readonly marketCount: number;
  /** Its deviations from its known protocol. */
  readonly oddities: MarketsQuery['exchanges'][number]['oddities'];
}

/** All markets by key. */
export const markets = new Map<string, MarketRow>();
/** Counts the changes of {@link markets}; read it to subscribe to them. */
export const marketsVersion = signal(0);
/** The exchanges, once known. */
export const exchanges = signal<readonly ExchangeRow[]>([]);
/** Whether the lists of markets have arrived. */
export const listed = signal(false);
/** Whether the collectors have arrived. */
export const active = signal(false);

/** A market's name with its exchange, as in patterns. */
export function keyOf({ exchange, symbol, currency }: MarketId): string {
  return `${exchange}:${symbol}-${currency}`;
}

/** Signals that {@link markets} has changed. */
export const changed = (): void => {
  marketsVersion.value++;
};

function rowOf(id: MarketId): MarketRow {
  const key = keyOf(id);
  let row = markets.get(key);
  if (row === undefined) {
    row = {
      key,
      exchange: id.exchange,
      symbol: id.symbol,
      currency: id.currency,
      koreanName: null,
      englishName: null,
      listed: false,
      state: null,
      lastBookAt: null,
      booksPerSecond: 0,
      reconnects: 0,
      error: null,
      wish: null,
      openGap: null,
      changed: 0,
      spark: [],
      sparkChanged: 0,
      sparkAsked: false,
    };
    markets.set(key, row);
  }
  return row;
}

/** All names of a coin on any exchange, in capitals: not every exchange gives one, or the same one. */
const coinNames = new Map<string, Set<string>>();

/** Whether a market matches `words`, in capitals: its pair, or a name of its coin. */
export function isFound({ symbol, currency }: Omit<MarketId, 'exchange'>, words: string): boolean {
  if (`${symbol}-${currency}`.includes(words)) return true;
  for (const name of coinNames.get(symbol) ?? []) if (name.includes(words)) return true;
  return false;
}

function takeLists(lists: MarketsQuery): void {
  for (const row of markets.values()) row.listed = false;
  coinNames.clear();
  for (const { exchange, markets: list } of lists.exchanges) {
    for (const market of list) {
      const row = rowOf({ exchange, ...market });
      row.listed = market.listed;
      row.koreanName = market.koreanName ?? null;
      row.englishName = market.englishName ?? null;
      for (const name of [market.koreanName, market.englishName]) {
        if (name == null) continue;
        const names = coinNames.get(market.symbol) ?? new Set();
        coinNames.set(market.symbol, names.add(name.toUpperCase()));
      }
    }
  }
  exchanges.value = lists.exchanges;
  listed.value = lists.exchanges.some((exchange) => exchange.listedAt !== null);
}

let lastCount = 0;
let drawing: ReturnType<typeof setTimeout> | undefined;
/**
 * When the first list of the connection arrived, by the browser's clock, Unix ms: the lines
 * continue from there.
 */
let liveSince = 0;

/** How long the lines have been live, ms. */
export function liveFor(): number {
  return Date.now() - liveSince;
}

/** Extends the lines after `wait` ms, and then every period, unless a list arrives first. */
function drawAfter(wait: number): void {
  clearTimeout(drawing);
  drawing = setTimeout(() => {
    drawAfter(PERIOD);
    drawOn();
  }, wait);
}

function takeActivity({ collectorActivity }: ActivitySubscription): void {
  // The first list of a connection is complete: what it lacks no longer has a collector.
  const whole = lastCount !== connectionCount.peek();
  // Half a period after each list, so that each point has what one list contained; the first contains no count.
  drawAfter(whole ? PERIOD * 1.5 : PERIOD / 2);
  if (whole) {
    lastCount = connectionCount.peek();
    liveSince = Date.now();
    for (const row of markets.values()) {
      row.state = null;
      row.wish = null;
      row.openGap = null;
      row.booksPerSecond = 0;
      // What was missed meanwhile is in the database.
      row.spark = [];
      row.sparkAsked = false;
    }
  }
  for (const { collector, booksPerSecond, openGap } of collectorActivity) {
    const row = rowOf(collector);
    const first = row.state === null;
    row.state = collector.state;
    row.lastBookAt = collector.lastBookAt == null ? null : Date.parse(collector.lastBookAt);
    row.booksPerSecond = booksPerSecond;
    row.reconnects = collector.reconnects;
    row.error =
      collector.ko == null || collector.en == null ? null : { ko: collector.ko, en: collector.en };
    row.wish = collector.wish ?? null;
    row.openGap = openGap ? { start: Date.parse(openGap.start), cause: openGap.cause } : null;
    row.changed = Number(collector.books) - Number(collector.repeats);
    if (first || row.changed < row.sparkChanged) row.sparkChanged = row.changed;
  }
  withNextFrame(activate);
}

const activate = (): void => {
  active.value = true;
  changed();
};

function drawOn(): void {
  if (connection.peek() !== 'open') return;
  for (const row of markets.values()) {
    if (row.state === null) continue;
    row.spark.push(row.changed - row.sparkChanged);
    row.sparkChanged = row.changed;
    if (row.spark.length > SPARK_POINTS) row.spark.shift();
  }
  withNextFrame(changed);
}

/** How often the market lists are refetched, ms: exchanges occasionally list new ones. */
const LISTS_EVERY = 60_000;

let newestLists: MarketsQuery | null = null;

const showLists = (): void => {
  if (newestLists !== null) takeLists(newestLists);
  changed();
};

/** Fetches the exchanges and their markets. */
export async function loadLists(): Promise<void> {
  try {
    newestLists = await ask(MarketsDocument, {});
    withNextFrame(showLists);
  } catch {
    // The banner says that the server is unreachable; the next connection tries again.
  }
}

/** Starts following all markets, for as long as the page lives. */
export function followMarkets(): void {
  connectionCount.subscribe((count) => {
    if (count > 0) void loadLists();
  });
  setInterval(() => {
    // Frequently until an exchange's list has arrived.
    if (connection.peek() === 'open') void loadLists();
  }, LISTS_EVERY);
  follow(ActivityDocument, { every: PERIOD }, takeActivity);
}
