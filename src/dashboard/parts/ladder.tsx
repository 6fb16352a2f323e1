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

/** Length of a decimal text with its thousands apart. */
function shownLength(decimal: string): number {
  const dot = decimal.indexOf('.');
  const whole = dot === -1 ? decimal.length : dot;
  return decimal.length + Math.floor((whole - 1) / 3);
}

/** How many signs the widest price and the widest volume of a book have together. */
export function widest({ asks, bids }: ShownBook, rows: number): number {
  let price = 0;
  let volume = 0;
  for (const side of [asks, bids]) {
    for (let i = Math.min(rows, side.length) - 1; i >= 0; i--) {
      price = Math.max(price, shownLength(side[i]!.price));
      volume = Math.max(volume, shownLength(side[i]!.volume));
    }
  }
  return price + volume;
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
    <table class="ladder" style={{ '--chars': String(widest(book, rows)) }}>
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
          <td colSpan={2}>
            <p>
              <span class="price">
                <span class="unseen">{common.mid} </span>
                {grouped(book.midPrice)}
              </span>
              <span class="muted">
                {common.spread} {book.spread == null ? NONE : grouped(book.spread)}
              </span>
            </p>
          </td>
        </tr>
      </tbody>
      <Rows side="bid" levels={book.bids} rows={rows} most={most} />
    </table>
  );
}
