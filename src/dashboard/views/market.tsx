import { useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { Link, useLocation } from 'wouter-preact';
import type { BookLeg, PairBooks, PairFeed } from '../data/books.js';
import { inAddress, putInAddress } from '../data/address.js';
import { connectionCount } from '../data/connection.js';
import type { LadderOptions } from '../data/ladder.js';
import {
  decimalFromPerson,
  hiddenExchanges,
  ladderColumns,
  ladderRows,
  ladderUnit,
} from '../data/preferences.js';
import { FavouriteButton } from '../parts/favourites.js';
import { GraphiqlLink } from '../parts/graphiql-link.js';
import { LadderTools } from '../parts/ladder-tools.js';
import { QuotePanel } from '../parts/quote-panel.js';
import { exchangeOrder } from '../data/exchanges.js';
import { active, keyOf, listed, markets, marketsVersion } from '../data/markets.js';
import { loadPairPast } from '../data/pair-past.js';
import { Tape } from '../data/tape.js';
import { leaveFeed, takeFeed } from '../data/warm-feed.js';
import { now } from '../data/paint.js';
import { isUnknown, marketsOf, type Pair, readPair } from '../data/pair.js';
import { lang } from '../data/settings.js';
import { BooksDocument, type Exchange } from '../gql/graphql.js';
import { ExchangeDot } from '../parts/exchange-dot.js';
import { Ladder, widest } from '../parts/ladder.js';
import { lazy } from '../parts/lazy.js';
import { MarketPicker } from '../parts/market-picker.js';
import { MarketSwitch } from '../parts/market-switch.js';
import { StateBadge } from '../parts/state-badge.js';
import { TapePanel } from '../parts/tape.js';
import { useTitle } from '../parts/title.js';
import { UnknownMarket } from '../parts/unknown-market.js';
import { age, grouped, NONE } from '../text/format.js';
import { t } from '../text/texts.js';

/** When an exchange's book was last confirmed, Unix ms of the server; null before the first. */
function confirmedAt(books: PairBooks | null, leg: BookLeg | undefined, pair: Pair, of: Exchange) {
  const row = markets.get(keyOf({ exchange: of, ...pair }));
  const reported =
    books === null || leg?.ageMs == null ? null : Date.parse(books.timestamp) - Number(leg.ageMs);
  const counted = row?.state == null ? null : row.lastBookAt;
  if (reported === null) return leg === undefined ? null : counted;
  return Math.max(reported, counted ?? 0);
}

/** The charts' library is half of what the page needs. */
const { View: PairCharts } = lazy(async () => (await import('../parts/pair-charts.js')).PairCharts);

function Age({ at }: { readonly at: number | null }) {
  return <span class="age">{age(at === null ? null : now.value - at)}</span>;
}

function Best(props: {
  readonly kind: 'bid' | 'ask';
  readonly books: PairBooks | null;
  readonly pair: Pair;
}) {
  const { kind, books, pair } = props;
  const { market, exchange, common } = t.value;
  const best = kind === 'bid' ? books?.bestBid : books?.bestAsk;
  const leg = books?.legs.find((each) => each.exchange === best?.exchange);
  return (
    <div class={`best ${kind}`}>
      <span class="name">{kind === 'bid' ? market.highestBid : market.lowestAsk}</span>
      <span class="value">{grouped(best?.price)}</span>
      <span class="note">
        {best == null ? (
          NONE
        ) : (
          <>
            <span>
              <b>{exchange[best.exchange]}</b>
            </span>{' '}
            <span>
              {common.volume} {grouped(best.volume)}
            </span>{' '}
            <span>
              {common.age} <Age at={confirmedAt(books, leg, pair, best.exchange)} />
            </span>
          </>
        )}
      </span>
    </div>
  );
}

function Between({ books }: { readonly books: PairBooks | null }) {
  const { market } = t.value;
  const crossed = books?.spread?.startsWith('-') === true;
  return (
    <div class={`best between ${crossed ? 'crossed' : ''}`}>
      <span class="name">{market.between}</span>
      <span class="value">{grouped(books?.spread)}</span>
      <span class="note">
        {crossed ? (
          <b title={market.crossedHint}>
            <span aria-hidden="true">⇄ </span>
            {market.crossed}
          </b>
        ) : (
          `${t.value.common.mid} ${grouped(books?.midPrice)}`
        )}
      </span>
    </div>
  );
}

function Column(props: {
  readonly exchange: Exchange;
  readonly pair: Pair;
  readonly books: PairBooks | null;
  readonly options: LadderOptions;
}) {
  const { exchange, pair, books, options } = props;
  void marketsVersion.value;
  const { market, exchange: names, common } = t.value;
  const leg = books?.legs.find((each) => each.exchange === exchange);
  const id = { exchange, ...pair };
  const row = markets.get(keyOf(id));
  const state = row?.state ?? leg?.state ?? null;
  const book = leg?.orderbook;
  const idle = state === null || state === 'STOPPED';
  const stale = leg !== undefined && (leg.stale || state !== 'LIVE') && book != null;
  const caption = market.ladder(names[exchange]);
  const columns = ladderColumns.value;
  const ladder = useMemo(
    () => book != null && <Ladder book={book} options={options} caption={caption} {...pair} />,
    [book?.sequence, options, columns, caption],
  );
  return (
    <article
      class={`column panel ${stale ? 'stale' : ''}`}
      data-exchange={exchange}
      aria-label={caption}
    >
      <header>
        <h2>
          <ExchangeDot exchange={exchange} />
          {names[exchange]}
        </h2>
        <StateBadge state={state} title={row?.error?.[lang.value] ?? null} />
      </header>
      <p class={`line ${stale ? 'stale-note' : 'muted'}`} title={stale ? market.stale : undefined}>
        <span>
          {stale && <span aria-hidden="true">▲ </span>}
          {stale ? t.value.state.STALE : common.age}{' '}
          <Age at={confirmedAt(books, leg, pair, exchange)} />
        </span>
        <Link class="aside" href={`/history/${exchange}/${pair.symbol}-${pair.currency}`}>
          {market.toHistory}
          <span class="unseen"> {names[exchange]}</span>
        </Link>
      </p>
      {ladder || (
        <div class="no-book">
          {idle ? (
            row === undefined || !row.listed ? (
              <p>{listed.value ? market.notListed : common.loading}</p>
            ) : (
              <>
                <p>{market.notRecorded}</p>
                <MarketSwitch market={id} on />
              </>
            )
          ) : (
            <p>{row?.error?.[lang.value] ?? market.waiting}</p>
          )}
        </div>
      )}
    </article>
  );
}

/** One pair on all exchanges, side by side. */
export function MarketView(props: { readonly pair: string }) {
  const pair = readPair(props.pair);
  void marketsVersion.value;
  if (pair === null || isUnknown(pair)) {
    return <UnknownMarket pair={props.pair} addressOf={(close) => `/market/${close}`} />;
  }
  return <PairPage pair={pair} />;
}

function PairPage({ pair }: { readonly pair: Pair }) {
  const [, go] = useLocation();
  const name = `${pair.symbol}-${pair.currency}`;
  const feed = useSignal<PairFeed | null>(null);
  useEffect(() => {
    const taken = takeFeed(pair);
    feed.value = taken;
    return () => leaveFeed(pair, taken);
  }, [name]);
  useTitle(name);
  const [step, setStep] = useState<string | null>(() =>
    decimalFromPerson(inAddress('group') ?? ''),
  );
  const rowCount = Number(ladderRows.value);
  const inQuote = ladderUnit.value === 'quote';
  const options = useMemo(() => ({ rows: rowCount, step, inQuote }), [rowCount, step, inQuote]);
  const columns = ladderColumns.value;
  useEffect(() => feed.value?.group(step !== null), [feed.value, step]);
  const books = feed.value?.books.value ?? null;
  const error = feed.value?.error.value ?? null;
  // The past comes after the books, which are what the user is waiting for.
  const ready = active.value && books !== null;
  // What is below the books is drawn after them: it takes longer.
  const [late, setLate] = useState(false);
  useEffect(() => {
    if (books === null) return undefined;
    const timer = setTimeout(() => setLate(true));
    return () => clearTimeout(timer);
  }, [books === null]);
  const tape = useSignal<Tape | null>(null);
  useEffect(() => {
    const of = feed.peek();
    if (!ready || of === null) return undefined;
    const own = new Tape(pair);
    tape.value = own;
    const leavePast = loadPairPast(of, own, pair);
    return () => {
      leavePast();
      own.close();
      tape.value = null;
    };
    // Again with each connection: what happened meanwhile is in the store.
  }, [name, ready, connectionCount.value]);
  // Grows only, so that books do not shift with each volume.
  const chars = useRef({ of: options, columns, most: 0 });
  if (chars.current.of !== options || chars.current.columns !== columns) {
    chars.current = { of: options, columns, most: 0 };
  }
  for (const { orderbook } of books?.legs ?? []) {
    if (orderbook != null) {
      chars.current.most = Math.max(chars.current.most, widest(orderbook, options));
    }
  }
  if (error?.code === 'UNKNOWN_MARKET') {
    return <UnknownMarket pair={name} addressOf={(close) => `/market/${close}`} />;
  }
  const shown = exchangeOrder.value.filter((exchange) => !hiddenExchanges.value.includes(exchange));
  const rows = marketsOf(pair);
  const koreanName = rows.find((row) => row.koreanName !== null)?.koreanName;
  const englishName = rows.find((row) => row.englishName !== null)?.englishName;
  const coin =
    lang.value === 'ko' ? (koreanName ?? englishName) : (englishName ?? koreanName ?? null);
  return (
    <>
      <div class="view-head">
        <h1>
          {name} <small>{coin}</small>
        </h1>
        <FavouriteButton pair={name} />
        <MarketPicker value={name} onPick={(picked) => go(`/market/${picked}`)} />
        <Link class="button" href={`/premium/${name}`}>
          {t.value.nav.premium}
        </Link>
        <GraphiqlLink document={BooksDocument} variables={{ ...pair, every: 1000, depth: 10 }} />
      </div>
      <section class="bests panel" aria-label={t.value.market.between}>
        <Best kind="bid" books={books} pair={pair} />
        <Between books={books} />
        <Best kind="ask" books={books} pair={pair} />
      </section>
      <LadderTools
        price={books?.midPrice ?? null}
        step={step}
        onStep={(next) => {
          setStep(next);
          putInAddress({ group: next });
        }}
        currency={pair.currency}
        symbol={pair.symbol}
      />
      <div
        class="books"
        style={{ '--chars': String(chars.current.most), '--columns': String(shown.length) }}
      >
        <div class="columns">
          {shown.map((exchange) => (
            <Column
              key={exchange}
              exchange={exchange}
              pair={pair}
              books={books}
              options={options}
            />
          ))}
        </div>
        <TapePanel pair={pair} tape={tape.value} />
      </div>
      {late && <QuotePanel pair={pair} />}
      {late && feed.value !== null && (
        <PairCharts feed={feed.value} tape={tape.value} pair={pair} books={books} />
      )}
    </>
  );
}
