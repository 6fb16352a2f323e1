import { batch, signal, useComputed, useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { choiceInAddress, inAddress, putInAddress } from '../data/address.js';
import { connectionCount, follow } from '../data/connection.js';
import { exchangeOrder } from '../data/exchanges.js';
import {
  isFound,
  keyOf,
  listed,
  type MarketRow,
  markets,
  marketsVersion,
  SPARK_POINTS,
} from '../data/markets.js';
import { now, withNextFrame } from '../data/paint.js';
import { fillSparks } from '../data/sparks.js';
import { lang } from '../data/settings.js';
import { type CollectorState, PricesDocument } from '../gql/graphql.js';
import { age, count, grouped, NONE, rate } from '../text/format.js';
import { t } from '../text/texts.js';
import { type ExchangeChoice, ExchangeField, Filters, SearchField, SelectField } from './fields.js';
import { MarketReset, MarketSwitch } from './market-switch.js';
import { PatternForm } from './pattern-form.js';
import { Spark } from './spark.js';
import { StateBadge } from './state-badge.js';
import { useVirtualRows } from './virtual-rows.js';

const SHOWS = ['recorded', 'trouble', 'stopped', 'idle', 'all'] as const;
type Show = (typeof SHOWS)[number];
type Column = 'market' | 'state' | 'age' | 'rate' | 'reconnects' | 'gap';

/** Height of a row, px, on a wide screen and on a phone; the style sheet has the same. */
const ROW_HEIGHT = 38;
const PHONE_ROW_HEIGHT = 60;
const phone = signal(false);
const phoneQuery = matchMedia('(max-width: 700px)');
const measure = (): void => {
  phone.value = phoneQuery.matches;
};
phoneQuery.addEventListener('change', measure);
measure();

/** Worst first. */
const SEVERITY: Readonly<Record<CollectorState, number>> = {
  FAILED: 0,
  STALE: 1,
  RECONNECTING: 2,
  STARTING: 3,
  LIVE: 4,
  STOPPED: 5,
};

/** Whether a market is not recorded although it should be. */
function inTrouble({ state, error }: MarketRow): boolean {
  return (
    state === 'FAILED' ||
    state === 'STALE' ||
    state === 'RECONNECTING' ||
    (state === 'STARTING' && error !== null)
  );
}

/** Whether a mutation has stopped a market. */
function stoppedByHand({ state, wish }: MarketRow): boolean {
  return state === 'STOPPED' && wish === 'STOP';
}

const byName = (a: MarketRow, b: MarketRow): number =>
  a.symbol < b.symbol
    ? -1
    : a.symbol > b.symbol
      ? 1
      : a.currency.localeCompare(b.currency) || a.exchange.localeCompare(b.exchange);

const ORDERS: Readonly<Record<Column, (a: MarketRow, b: MarketRow) => number>> = {
  market: byName,
  state: (a, b) =>
    // Within a state by name rather than rate: rows that move are hard to click.
    (a.state === null ? 6 : SEVERITY[a.state]) - (b.state === null ? 6 : SEVERITY[b.state]),
  age: (a, b) => (a.lastBookAt ?? 0) - (b.lastBookAt ?? 0),
  rate: (a, b) => b.booksPerSecond - a.booksPerSecond,
  reconnects: (a, b) => b.reconnects - a.reconnects,
  gap: (a, b) => (a.openGap?.start ?? Infinity) - (b.openGap?.start ?? Infinity),
};

/** The mid prices of the visible markets, as text. */
const prices = new Map<string, string | null>();
const pricesVersion = signal(0);
const pricesChanged = (): void => {
  pricesVersion.value++;
};

/** Follows the prices of the visible rows; requests nothing while the user scrolls. */
function usePrices(rows: readonly MarketRow[]): void {
  const wanted = rows.filter(({ state }) => state !== null && state !== 'STOPPED');
  const names = wanted.map(({ key }) => key).join(' ');
  useEffect(() => {
    if (names === '') return;
    let leave: () => void = () => undefined;
    const timer = setTimeout(() => {
      const ids = wanted.map(({ exchange, symbol, currency }) => ({ exchange, symbol, currency }));
      leave = follow(PricesDocument, { markets: ids, every: 1000 }, ({ orderbooks }) => {
        prices.set(keyOf(orderbooks), orderbooks.midPrice ?? null);
        withNextFrame(pricesChanged);
      });
    }, 250);
    return () => {
      clearTimeout(timer);
      leave();
    };
  }, [names]);
}

/** Fills the lines of the visible rows; requests nothing while the user scrolls. */
function useSparks(rows: readonly MarketRow[]): void {
  const lacking = rows.filter(({ state, sparkAsked }) => state !== null && !sparkAsked);
  const names = lacking.map(({ key }) => key).join(' ');
  useEffect(() => {
    if (names === '') return undefined;
    const timer = setTimeout(() => void fillSparks(lacking), 100);
    return () => clearTimeout(timer);
  }, [names, connectionCount.value]);
}

function Row(props: { readonly row: MarketRow; readonly index: number; readonly top: number }) {
  const { row, index, top } = props;
  const { exchange, table, cause, common } = t.value;
  const at = now.value;
  void pricesVersion.value;
  const sinceBook = row.lastBookAt === null || row.state === null ? null : at - row.lastBookAt;
  const pair = `${row.symbol}-${row.currency}`;
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      class={`row ${row.state ?? 'NONE'}`}
      style={{ transform: `translateY(${top}px)` }}
    >
      <div role="cell" class="market">
        <Link href={`/market/${pair}`}>
          <b>{row.symbol}</b>
          <span class="quote">-{row.currency}</span>
        </Link>
        <span class="name" title={row.koreanName ?? row.englishName ?? undefined}>
          {exchange[row.exchange]}
        </span>
        {row.listed || !listed.value ? null : <span class="name">{table.unlisted}</span>}
      </div>
      <div role="cell" class="state-cell">
        <StateBadge state={row.state} title={row.error?.[lang.value] ?? null} />
      </div>
      <div role="cell" class="number price-cell">
        {row.state === null ? NONE : grouped(prices.get(row.key))}
      </div>
      <div role="cell" class="number age-cell">
        {age(sinceBook)}
      </div>
      <div role="cell" class="number rate-cell">
        {row.state === null ? NONE : rate(row.booksPerSecond)}
      </div>
      <div role="cell" class="spark-cell">
        <Spark values={row.spark} points={SPARK_POINTS} width={96} height={22} />
      </div>
      <div role="cell" class="number reconnects-cell">
        {row.state === null ? NONE : row.reconnects}
      </div>
      <div role="cell" class="number gap-cell">
        {row.openGap === null ? (
          NONE
        ) : (
          <span class="gap-open" title={cause[row.openGap.cause]}>
            {age(at - row.openGap.start)}
            <span class="unseen">
              {' '}
              {common.age}, {cause[row.openGap.cause]}
            </span>
          </span>
        )}
      </div>
      <div role="cell" class="action-cell">
        {row.wish !== null && <MarketReset market={row} />}
        <MarketSwitch
          market={row}
          on={row.state === null || row.state === 'STOPPED' || row.state === 'FAILED'}
          small
        />
      </div>
    </div>
  );
}

interface Sort {
  readonly column: Column;
  readonly turned: boolean;
}

/** The filters in the address. */
function filtersInAddress() {
  return {
    search: inAddress('search') ?? '',
    show: choiceInAddress('show', SHOWS, 'recorded'),
    exchange: choiceInAddress<ExchangeChoice>('exchange', ['ALL', ...exchangeOrder.peek()], 'ALL'),
    currency: inAddress('currency')?.toUpperCase() ?? 'ALL',
    sort: {
      column: choiceInAddress('sort', Object.keys(ORDERS) as Column[], 'state'),
      turned: inAddress('turned') !== null,
    },
  };
}

/**
 * The table's filters. They live in the address: it is built from them, and a link within the page
 * sets them.
 */
function useFilters() {
  const first = useRef<ReturnType<typeof filtersInAddress> | null>(null);
  first.current ??= filtersInAddress();
  const search = useSignal(first.current.search);
  const show = useSignal<Show>(first.current.show);
  const exchange = useSignal<ExchangeChoice>(first.current.exchange);
  const currency = useSignal(first.current.currency);
  const sort = useSignal<Sort>(first.current.sort);
  useEffect(() => {
    const followed = (): void => {
      if (location.pathname !== '/' || location.search === '') return;
      const named = filtersInAddress();
      batch(() => {
        search.value = named.search;
        show.value = named.show;
        exchange.value = named.exchange;
        currency.value = named.currency;
        sort.value = named.sort;
      });
      document.getElementById('markets-heading')?.scrollIntoView();
    };
    addEventListener('pushState', followed);
    return () => removeEventListener('pushState', followed);
  }, []);
  useSignalEffect(() => {
    putInAddress({
      search: search.value.trim(),
      show: show.value === 'recorded' ? null : show.value,
      exchange: exchange.value === 'ALL' ? null : exchange.value,
      currency: currency.value === 'ALL' ? null : currency.value,
      sort: sort.value.column === 'state' ? null : sort.value.column,
      turned: sort.value.turned ? '1' : null,
    });
  });
  return { search, show, exchange, currency, sort };
}

/** All markets: searched, filtered, sorted; only visible rows are drawn. */
export function MarketTable() {
  const { search, show, exchange, currency, sort } = useFilters();
  const scroller = useRef<HTMLDivElement>(null);

  const currencies = useComputed(() => {
    void marketsVersion.value;
    const chosen = currency.value === 'ALL' ? [] : [currency.value];
    return [...new Set([...chosen, ...[...markets.values()].map((row) => row.currency)])].sort();
  });
  const rows = useComputed(() => {
    void marketsVersion.value;
    const words = search.value.trim().toUpperCase();
    const found: MarketRow[] = [];
    for (const row of markets.values()) {
      if (exchange.value !== 'ALL' && row.exchange !== exchange.value) continue;
      if (currency.value !== 'ALL' && row.currency !== currency.value) continue;
      if (show.value === 'recorded' && (row.state === null || row.state === 'STOPPED')) continue;
      if (show.value === 'trouble' && !inTrouble(row)) continue;
      if (show.value === 'stopped' && !stoppedByHand(row)) continue;
      if (show.value === 'idle' && row.state !== null && row.state !== 'STOPPED') continue;
      if (words !== '' && !isFound(row, words)) continue;
      found.push(row);
    }
    const { column, turned } = sort.value;
    const order = ORDERS[column];
    return found.sort((a, b) => (turned ? -order(a, b) : order(a, b)) || byName(a, b));
  });

  const stopped = useComputed(() => {
    void marketsVersion.value;
    let found = 0;
    for (const row of markets.values()) if (stoppedByHand(row)) found++;
    return found;
  });

  const shown = rows.value;
  const { items, height } = useVirtualRows(
    scroller,
    shown.length,
    phone.value ? PHONE_ROW_HEIGHT : ROW_HEIGHT,
  );
  const inSight = items.flatMap(({ index }) => shown[index] ?? []);
  usePrices(inSight);
  useSparks(inSight);

  const { table, common } = t.value;
  const heading = (column: Column, kind = 'number') => {
    const { column: by, turned } = sort.value;
    const here = by === column;
    return (
      <div
        role="columnheader"
        class={`${kind} ${column}-head`}
        aria-sort={here ? (turned ? 'descending' : 'ascending') : 'none'}
      >
        <button
          type="button"
          onClick={() => (sort.value = { column, turned: here ? !turned : false })}
        >
          {table[column]}
          <span aria-hidden="true" class="arrow">
            {here ? (turned ? '▴' : '▾') : ''}
          </span>
        </button>
      </div>
    );
  };

  return (
    <section class="panel markets" aria-labelledby="markets-heading">
      <div class="panel-head">
        <h2 id="markets-heading">{table.heading}</h2>
        <span class="muted" role="status">
          {table.shown(count(shown.length), count(markets.size))}
        </span>
        {stopped.value > 0 && (
          <button
            type="button"
            class="small"
            aria-pressed={show.value === 'stopped'}
            onClick={() => (show.value = show.value === 'stopped' ? 'recorded' : 'stopped')}
          >
            {table.stoppedByYou(count(stopped.value))}
          </button>
        )}
        <PatternForm />
      </div>
      <Filters>
        <SearchField
          label={table.search}
          hint={table.searchHint}
          value={search.value}
          onText={(text) => (search.value = text)}
          grow
        />
        <SelectField
          label={table.show}
          value={show.value}
          choices={SHOWS.map((each): [Show, string] => [each, table.shows[each]])}
          onChoice={(value) => (show.value = value)}
        />
        <ExchangeField value={exchange.value} onChoice={(value) => (exchange.value = value)} />
        <SelectField
          label={table.currency}
          value={currency.value}
          choices={[
            ['ALL', common.all],
            ...currencies.value.map((each): [string, string] => [each, each]),
          ]}
          onChoice={(value) => (currency.value = value)}
        />
      </Filters>
      <div
        class="grid"
        role="table"
        aria-labelledby="markets-heading"
        aria-rowcount={shown.length + 1}
        ref={scroller}
        tabIndex={0}
      >
        <div role="rowgroup" class="grid-head">
          <div role="row" class="row" aria-rowindex={1}>
            {heading('market', 'market')}
            {heading('state', 'state-cell')}
            <div role="columnheader" class="number price-cell">
              {table.price}
            </div>
            {heading('age', 'number age-cell')}
            {heading('rate', 'number rate-cell')}
            <div role="columnheader" class="spark-cell">
              {table.activity}
            </div>
            {heading('reconnects', 'number reconnects-cell')}
            {heading('gap', 'number gap-cell')}
            <div role="columnheader" class="action-cell">
              <span class="unseen">{table.action}</span>
            </div>
          </div>
        </div>
        <div role="rowgroup" class="grid-body" style={{ height: `${Math.max(height, 1)}px` }}>
          {items.map(({ index, start }) => {
            const row = shown[index];
            return row && <Row key={row.key} row={row} index={index} top={start} />;
          })}
        </div>
      </div>
      {shown.length === 0 && (
        <p class="empty">
          {markets.size === 0 ? common.loading : `${table.none} ${table.noneHint}`}
        </p>
      )}
    </section>
  );
}
