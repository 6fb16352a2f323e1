import type { Gap, StoredBook } from '../data/history.js';
import type { Pair } from '../data/pair.js';
import { ladderRows, ladderUnit } from '../data/preferences.js';
import { exactMoment, moment, NONE } from '../text/format.js';
import { t } from '../text/texts.js';
import { Ladder } from './ladder.js';

/** The book as it was at a moment. */
export function BookThen(props: {
  readonly pair: Pair;
  readonly book: StoredBook | undefined;
  readonly at: number;
  readonly gaps: readonly Gap[];
}) {
  const { book, at, gaps } = props;
  const { history: words, common } = t.value;
  const gap = gaps.find(
    ({ start, end }) => Date.parse(start) < at && (end == null || at < Date.parse(end)),
  );
  return (
    <section
      class={`panel book-then ${gap === undefined ? '' : 'stale'}`}
      aria-labelledby="book-heading"
    >
      <div class="panel-head">
        <h2 id="book-heading">{words.book}</h2>
      </div>
      {gap !== undefined && (
        <p class="stale-note">
          <span aria-hidden="true">▲ </span>
          {words.inGap}
        </p>
      )}
      {book === undefined ? (
        <p class="empty">{common.loading}</p>
      ) : book == null ? (
        <p class="empty">{words.noBook}</p>
      ) : (
        <>
          <dl class="facts">
            <dt>{words.received}</dt>
            <dd>{exactMoment(Date.parse(book.timestamp))}</dd>
            <dt>{words.exchangeTime}</dt>
            <dd>
              {book.exchangeTimestamp == null
                ? NONE
                : exactMoment(Date.parse(book.exchangeTimestamp))}
            </dd>
            <dt>{words.sequence}</dt>
            <dd>{book.sequence}</dd>
          </dl>
          <Ladder
            book={book}
            options={{
              rows: Number(ladderRows.value),
              step: null,
              inQuote: ladderUnit.value === 'quote',
            }}
            caption={`${words.book}, ${moment(at)}`}
            symbol={props.pair.symbol}
            currency={props.pair.currency}
          />
        </>
      )}
    </section>
  );
}
