import type { Gap, StoredBook } from '../data/history.js';
import { useKey } from '../data/keys.js';
import type { Pair } from '../data/pair.js';
import { ladderRows, ladderUnit } from '../data/preferences.js';
import { exactMoment, moment, NONE } from '../text/format.js';
import { t } from '../text/texts.js';
import { Ladder } from './ladder.js';

/** The book at a moment. */
export function BookThen(props: {
  readonly pair: Pair;
  readonly book: StoredBook | undefined;
  readonly at: number;
  readonly gaps: readonly Gap[];
  /** When it was deliberately not recorded, Unix ms. */
  readonly stops: readonly { readonly start: number; readonly end: number }[];
  /** Goes to the book before or after the one shown. */
  readonly onStep: (by: -1 | 1, from: { readonly at: number; readonly sequence: string }) => void;
  /** Whether there is none before the first, or after the last. */
  readonly end: 'first' | 'last' | null;
}) {
  const { book, at, gaps } = props;
  const { history: words, common } = t.value;
  const step = (by: -1 | 1): void => {
    if (book == null) return;
    props.onStep(by, { at: Date.parse(book.timestamp), sequence: book.sequence });
  };
  useKey(',', () => step(-1));
  useKey('.', () => step(1));
  const gap = gaps.find(
    ({ start, end }) => Date.parse(start) < at && (end == null || at < Date.parse(end)),
  );
  const stopped = props.stops.some(({ start, end }) => start < at && at < end);
  const note = gap !== undefined ? words.inGap : stopped ? words.inStop : null;
  return (
    <section
      class={`panel book-then ${note === null ? '' : 'stale'}`}
      aria-labelledby="book-heading"
    >
      <div class="panel-head">
        <h2 id="book-heading">{words.book}</h2>
        <div class="steps" role="group" aria-label={words.steps}>
          <button type="button" disabled={book == null} onClick={() => step(-1)}>
            <span aria-hidden="true">‹ </span>
            {words.previousBook}
          </button>
          <button type="button" disabled={book == null} onClick={() => step(1)}>
            {words.nextBook}
            <span aria-hidden="true"> ›</span>
          </button>
        </div>
        {props.end !== null && (
          <p class="muted" role="status">
            {words.ends[props.end]}
          </p>
        )}
      </div>
      {note !== null && (
        <p class="stale-note">
          <span aria-hidden="true">▲ </span>
          {note}
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
