import type { Level } from '../data/books.js';
import { grouped, NONE } from '../text/format.js';
import { t } from '../text/texts.js';

/** An order book to be shown. */
interface ShownBook {
  readonly asks: readonly Level[];
  readonly bids: readonly Level[];
  readonly spread?: string | null | undefined;
  readonly midPrice?: string | null | undefined;
}

/** A float is good enough for the length of a bar; the numbers shown are the texts themselves. */
const forPixels = (decimal: string): number => Number(decimal);

function Rows(props: {
  readonly side: 'ask' | 'bid';
  readonly levels: readonly Level[];
  readonly rows: number;
  readonly most: number;
}) {
  const { side, levels, rows, most } = props;
  const shown: (Level | null)[] = levels.slice(0, rows);
  while (shown.length < rows) shown.push(null);
  if (side === 'ask') shown.reverse();
  return (
    <tbody class={side}>
      {shown.map((level, i) =>
        level === null ? (
          <tr key={i} aria-hidden="true">
            <td class="price" />
            <td class="volume" />
          </tr>
        ) : (
          <tr
            key={i}
            style={{ '--part': `${((forPixels(level.volume) / most) * 100).toFixed(1)}%` }}
          >
            <td class="price">
              <span class="unseen">{t.value.common[side]} </span>
              {grouped(level.price)}
            </td>
            <td class="volume">
              <span title={level.volume}>{grouped(level.volume)}</span>
            </td>
          </tr>
        ),
      )}
    </tbody>
  );
}

/** An order book: asks above, bids below, the best levels meeting in the middle. */
export function Ladder(props: {
  readonly book: ShownBook;
  readonly rows: number;
  readonly caption: string;
}) {
  const { book, rows, caption } = props;
  const { common } = t.value;
  const levels = [...book.asks.slice(0, rows), ...book.bids.slice(0, rows)];
  const most = Math.max(Number.MIN_VALUE, ...levels.map(({ volume }) => forPixels(volume)));
  return (
    <table class="ladder">
      <caption class="unseen">{caption}</caption>
      <thead>
        <tr>
          <th scope="col">{common.price}</th>
          <th scope="col" class="volume">
            {common.volume}
          </th>
        </tr>
      </thead>
      <Rows side="ask" levels={book.asks} rows={rows} most={most} />
      <tbody class="middle">
        <tr>
          <td class="price">
            <span class="unseen">{common.mid} </span>
            {grouped(book.midPrice)}
          </td>
          <td class="volume">
            {common.spread} {book.spread == null ? NONE : grouped(book.spread)}
          </td>
        </tr>
      </tbody>
      <Rows side="bid" levels={book.bids} rows={rows} most={most} />
    </table>
  );
}
