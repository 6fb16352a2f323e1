import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { exchangeOrder } from '../data/exchanges.js';
import {
  active,
  type ExchangeRow,
  exchanges,
  loadLists,
  type MarketRow,
  markets,
  marketsVersion,
} from '../data/markets.js';
import { setExchange } from '../data/mutations.js';
import { now } from '../data/paint.js';
import { figures, framesHistory } from '../data/recorder.js';
import type { CollectorState, Exchange } from '../gql/graphql.js';
import { ExchangeDot } from '../parts/exchange-dot.js';
import { inTrouble, MarketTable } from '../parts/market-table.js';
import { Spark } from '../parts/spark.js';
import { StateBadge } from '../parts/state-badge.js';
import { useTitle } from '../parts/title.js';
import { age, bytes, count, duration, NONE, rate } from '../text/format.js';
import { t } from '../text/texts.js';

/** What the markets of an exchange, or of all, come to. */
interface Summary {
  wanted: number;
  live: number;
  starting: number;
  trouble: number;
  newest: number | null;
  readonly states: Map<CollectorState, number>;
}

function emptySummary(): Summary {
  return { wanted: 0, live: 0, starting: 0, trouble: 0, newest: null, states: new Map() };
}

function add(summary: Summary, row: MarketRow): void {
  if (row.state === null) return;
  summary.states.set(row.state, (summary.states.get(row.state) ?? 0) + 1);
  if (row.state === 'STOPPED') return;
  summary.wanted++;
  if (row.state === 'LIVE') summary.live++;
  if (row.state === 'STARTING') summary.starting++;
  if (inTrouble(row)) summary.trouble++;
  if (row.lastBookAt !== null) summary.newest = Math.max(summary.newest ?? 0, row.lastBookAt);
}

function summaries(): { all: Summary; of: Record<Exchange, Summary> } {
  const all = emptySummary();
  const of = Object.fromEntries(
    exchangeOrder.value.map((exchange) => [exchange, emptySummary()]),
  ) as Record<Exchange, Summary>;
  for (const row of markets.values()) {
    add(all, row);
    // One that the page's table lacks is there after the next load.
    if (of[row.exchange] !== undefined) add(of[row.exchange], row);
  }
  return { all, of };
}

/** Shown of an exchange's states: the worst first. */
const WORST: readonly CollectorState[] = ['FAILED', 'STALE', 'RECONNECTING', 'STARTING'];

function statesText({ states }: Summary): string {
  return WORST.flatMap((state) => {
    const markets = states.get(state) ?? 0;
    return markets === 0 ? [] : [`${t.value.state[state]} ${count(markets)}`];
  }).join(' · ');
}

function Verdict({ all, of }: ReturnType<typeof summaries>) {
  const { overview, common } = t.value;
  const recorder = figures.value;
  let kind = 'good';
  let sign = '✓';
  let head = overview.allWell;
  let detail = overview.allWellDetail(
    count(all.wanted),
    exchangeOrder.value.filter((exchange) => of[exchange].wanted > 0).length,
  );
  if (!active.value || recorder === null) {
    [kind, sign, head, detail] = ['wait', '…', common.loading, ''];
  } else if (recorder.storeFailure != null) {
    [kind, sign, head, detail] = ['bad', '✕', overview.storeFailure, recorder.storeFailure];
  } else if (all.trouble > 0) {
    const bad = all.states.has('FAILED') || all.live === 0;
    [kind, sign] = bad ? ['bad', '✕'] : ['warn', '▲'];
    head = overview.trouble(count(all.trouble));
    detail = exchangeOrder.value
      .filter((exchange) => of[exchange].trouble > 0)
      .map((exchange) => `${t.value.exchange[exchange]} ${count(of[exchange].trouble)}`)
      .join(', ');
  } else if (all.wanted === 0) {
    [kind, sign, head, detail] = ['wait', '■', overview.nothing, overview.nothingDetail];
  } else if (all.starting > 0) {
    [kind, sign, head, detail] = ['wait', '◔', overview.starting(count(all.starting)), ''];
  } else if (recorder.diskWarning != null) {
    [kind, sign] = ['warn', '▲'];
    detail = recorder.diskWarning;
  }
  return (
    <div class={`verdict ${kind}`} role="status">
      <span class="sign" aria-hidden="true">
        {sign}
      </span>
      <strong>{head}</strong>
      <span class="detail">{detail}</span>
    </div>
  );
}

function Tile(props: {
  readonly name: string;
  readonly value: string;
  readonly unit?: string;
  readonly children?: ComponentChildren;
  readonly class?: string;
}) {
  return (
    <div class={`tile ${props.class ?? ''}`}>
      <dt>{props.name}</dt>
      <dd>
        <span class="value">
          {props.value}
          {props.unit !== undefined && <span class="unit">{props.unit}</span>}
        </span>
        <span class="note">{props.children}</span>
      </dd>
    </div>
  );
}

const numberOf = (text: string | null | undefined): number | null =>
  text === null || text === undefined ? null : Number(text);

function Totals() {
  const recorder = figures.value;
  const { overview } = t.value;
  const size = numberOf(recorder?.databaseBytes);
  const most = numberOf(recorder?.maxDatabaseBytes);
  const growth = numberOf(recorder?.growthBytesPerDay);
  const free = numberOf(recorder?.freeBytes);
  const untilMost =
    most !== null && size !== null && growth !== null && growth > 0
      ? Math.max(0, most - size) / growth
      : null;
  const days = untilMost ?? recorder?.daysUntilFull ?? null;
  const dropped = Number(recorder?.droppedBooks ?? 0);
  return (
    <dl class="tiles">
      <Tile
        name={overview.frames}
        value={recorder === null ? NONE : rate(recorder.framesPerSecond)}
        unit={overview.perSecond}
        class="with-spark"
      >
        {recorder !== null && overview.changed(rate(recorder.changedPerSecond))}
        <Spark values={framesHistory.value} points={60} width={120} height={26} />
      </Tile>
      <Tile
        name={overview.stored}
        value={recorder === null ? NONE : rate(recorder.storedPerSecond)}
        unit={overview.perSecond}
      >
        {recorder?.lastFlushMs != null &&
          `${overview.lastWrite} ${Math.round(recorder.lastFlushMs)} ms`}
      </Tile>
      <Tile
        name={overview.queue}
        value={recorder === null ? NONE : bytes(Number(recorder.queuedBytes))}
        class={dropped > 0 ? 'problem' : ''}
      >
        {dropped > 0
          ? overview.dropped(count(dropped))
          : recorder !== null && overview.queueBooks(count(recorder.queuedBooks))}
      </Tile>
      <Tile name={overview.size} value={bytes(size)}>
        {free !== null && overview.free(bytes(free))}
      </Tile>
      <Tile name={overview.growth} value={bytes(growth)}>
        {growth !== null && overview.perDay}
      </Tile>
      <Tile
        name={overview.full}
        value={days === null ? NONE : duration(days * 86_400_000)}
        class={days !== null && days < 7 ? 'problem' : ''}
      >
        {untilMost !== null
          ? overview.fullDetail(bytes(most))
          : days !== null
            ? overview.fullDisk
            : most === null && overview.noBound}
      </Tile>
    </dl>
  );
}

function ExchangeCard(props: {
  readonly exchange: Exchange;
  readonly info: ExchangeRow | undefined;
  readonly summary: Summary;
}) {
  const { exchange, info, summary } = props;
  const [busy, setBusy] = useState(false);
  const { overview, exchange: names, common } = t.value;
  const rates = figures.value?.exchanges.find((each) => each.exchange === exchange);
  const running = summary.wanted > 0;
  const worst: CollectorState | null = !running
    ? summary.states.size > 0
      ? 'STOPPED'
      : null
    : (WORST.find((state) => summary.states.has(state)) ?? 'LIVE');
  const sinceBook = summary.newest === null ? null : now.value - summary.newest;
  const off = info?.enabled === false;
  const label = running
    ? overview.stopExchange(names[exchange])
    : overview.startExchange(names[exchange]);
  return (
    <article class={`card panel ${worst ?? 'NONE'}`} aria-label={names[exchange]}>
      <header>
        <h3>
          <ExchangeDot exchange={exchange} />
          {names[exchange]}
        </h3>
        {off ? (
          <span class="state STOPPED">
            <span class="sign" aria-hidden="true">
              ■
            </span>
            {overview.disabled}
          </span>
        ) : (
          <StateBadge state={worst} />
        )}
      </header>
      <p class="big">
        {rates === undefined ? NONE : rate(rates.framesPerSecond)}
        <span class="unit">{overview.perSecond}</span>
      </p>
      <div class="bar" aria-hidden="true">
        {(['LIVE', 'STARTING', 'RECONNECTING', 'STALE', 'FAILED'] as const).map((state) => (
          <span
            key={state}
            class={state}
            style={{ flexGrow: String(summary.states.get(state) ?? 0) }}
          />
        ))}
      </div>
      <p class="line">
        {running
          ? overview.recording(count(summary.live), count(summary.wanted))
          : t.value.state.NONE}
        {summary.trouble > 0 ? (
          <>
            {' · '}
            <b class="trouble">{statesText(summary) || overview.trouble(count(summary.trouble))}</b>
          </>
        ) : (
          info !== undefined && ` · ${overview.listed(count(info.marketCount))}`
        )}
      </p>
      <p class="line muted">
        {overview.newest} {sinceBook === null ? NONE : common.ago(age(sinceBook))}
      </p>
      <button
        type="button"
        class="small"
        disabled={busy}
        aria-label={label}
        onClick={() => {
          setBusy(true);
          void setExchange(exchange, !running)
            .then(() => loadLists())
            .finally(() => setBusy(false));
        }}
      >
        {running ? common.stop : common.start}
      </button>
    </article>
  );
}

/** Whether all is well, at a glance; then all markets. */
export function OverviewView() {
  void marketsVersion.value;
  const { overview } = t.value;
  useTitle(overview.heading);
  const sums = summaries();
  const recorder = figures.value;
  return (
    <>
      <h1 class="unseen">{overview.heading}</h1>
      <Verdict {...sums} />
      <Totals />
      <section aria-labelledby="exchanges-heading">
        <h2 id="exchanges-heading" class="unseen">
          {overview.exchanges}
        </h2>
        <div class="cards">
          {exchangeOrder.value.map((exchange) => (
            <ExchangeCard
              key={exchange}
              exchange={exchange}
              info={exchanges.value.find((each) => each.exchange === exchange)}
              summary={sums.of[exchange]}
            />
          ))}
        </div>
      </section>
      <MarketTable />
      <footer class="muted">
        {recorder !== null &&
          overview.version(recorder.version, duration(recorder.uptimeSeconds * 1000))}
      </footer>
    </>
  );
}
