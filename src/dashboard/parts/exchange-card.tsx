import { useState } from 'preact/hooks';
import { type ExchangeRow, loadLists } from '../data/markets.js';
import { resetExchange, startExchange, stopExchange } from '../data/mutations.js';
import { now } from '../data/paint.js';
import { figures } from '../data/recorder.js';
import type { Summary } from '../data/summaries.js';
import type { CollectorState, Exchange } from '../gql/graphql.js';
import { age, count, NONE, rate } from '../text/format.js';
import { t } from '../text/texts.js';
import { ExchangeDot } from './exchange-dot.js';
import { Oddities } from './oddities.js';
import { StateBadge } from './state-badge.js';

/** Order of display of an exchange's states: worst first. */
const WORST: readonly CollectorState[] = ['FAILED', 'STALE', 'RECONNECTING', 'STARTING'];

/** The states of markets with problems, and how many are in each. */
function statesText({ states }: Summary): string {
  return WORST.flatMap((state) => {
    const markets = states.get(state) ?? 0;
    return markets === 0 ? [] : [`${t.value.state[state]} ${count(markets)}`];
  }).join(' · ');
}

/** An exchange: its rate, the state of its markets, and its switch. */
export function ExchangeCard(props: {
  readonly exchange: Exchange;
  readonly info: ExchangeRow | undefined;
  readonly summary: Summary;
}) {
  const { exchange, info, summary } = props;
  const [busy, setBusy] = useState(false);
  const { overview, exchange: names, common } = t.value;
  const rates = figures.value?.exchanges.find((each) => each.exchange === exchange);
  const running = summary.wanted.length > 0;
  const troubled = statesText(summary);
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
  const run = (change: Promise<unknown>): void => {
    setBusy(true);
    void change.then(() => loadLists()).finally(() => setBusy(false));
  };
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
          ? overview.recording(count(summary.states.get('LIVE') ?? 0), count(summary.wanted.length))
          : t.value.state.NONE}
        {troubled !== '' ? (
          <>
            {' · '}
            <b class="trouble">{troubled}</b>
          </>
        ) : (
          info !== undefined && ` · ${overview.listed(count(info.marketCount))}`
        )}
      </p>
      <Oddities oddities={info?.oddities ?? []} />
      <div class="card-foot">
        <p class="line muted">
          {overview.newest} {sinceBook === null ? NONE : common.ago(age(sinceBook))}
        </p>
        <p class="buttons">
          {(summary.byHand || off) && (
            <button
              type="button"
              class="small"
              disabled={busy}
              aria-label={overview.resetExchange(names[exchange])}
              title={overview.resetHint}
              onClick={() => run(resetExchange(exchange))}
            >
              {common.reset}
            </button>
          )}
          <button
            type="button"
            class="small"
            disabled={busy}
            aria-label={label}
            onClick={() =>
              run(running ? stopExchange(exchange, summary.wanted) : startExchange(exchange))
            }
          >
            {running ? common.stop : common.start}
          </button>
        </p>
      </div>
    </article>
  );
}
