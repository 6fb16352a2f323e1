import { useMemo } from 'preact/hooks';
import {
  imbalance,
  type LadderOptions,
  type LadderRow,
  ladderSides,
  type LadderSides,
  type ShownBook,
} from '../data/ladder.js';
import { ladderColumns } from '../data/preferences.js';
import { forPixels, rounded, withSign } from '../text/decimals.js';
import { grouped, NONE } from '../text/format.js';
import { t } from '../text/texts.js';

/** Decimals of a volume in the quote currency; its exact value is the cell's title. */
const QUOTE_DECIMALS = 0;

/** Text of a ladder: with equal decimals, and its widths. */
interface WrittenRow {
  readonly price: string;
  /** Decimals that the price lacks compared with others: they only take up space. */
  readonly fill: string;
  readonly volume: string;
  readonly exact: string;
  readonly sum: string;
  readonly part: number;
}
interface Written {
  readonly asks: readonly WrittenRow[];
  readonly bids: readonly WrittenRow[];
  readonly askTotal: string;
  readonly bidTotal: string;
  readonly bidPercent: string | null;
  /** Characters of the widest price, volume and sum together. */
  readonly chars: number;
}

const decimalsOf = (text: string): number => {
  const point = text.indexOf('.');
  return point === -1 ? 0 : text.length - point - 1;
};

function write(
  sides: LadderSides,
  inQuote: boolean,
  withVolume: boolean,
  withSum: boolean,
): Written {
  const shown = (exact: string): string =>
    grouped(inQuote ? rounded(exact, QUOTE_DECIMALS) : exact);
  const all = [...sides.asks, ...sides.bids];
  let decimals = 0;
  let most = Number.MIN_VALUE;
  for (const { price, volume } of all) {
    decimals = Math.max(decimals, decimalsOf(price));
    most = Math.max(most, forPixels(volume));
  }
  let [price, volume, sum] = [0, 0, 0];
  const row = (level: LadderRow): WrittenRow => {
    const lacks = decimals - decimalsOf(level.price);
    const fill = lacks === 0 ? '' : `${lacks === decimals ? '.' : ''}${'0'.repeat(lacks)}`;
    const written: WrittenRow = {
      price: grouped(level.price),
      fill,
      volume: shown(level.volume),
      exact: level.volume,
      sum: shown(level.sum),
      part: forPixels(level.volume) / most,
    };
    price = Math.max(price, written.price.length + fill.length);
    volume = Math.max(volume, written.volume.length);
    sum = Math.max(sum, written.sum.length);
    return written;
  };
  const asks = sides.asks.map(row);
  const bids = sides.bids.map(row);
  return {
    asks,
    bids,
    askTotal: asks.at(-1)?.sum ?? '0',
    bidTotal: bids.at(-1)?.sum ?? '0',
    bidPercent: sides.bidPercent,
    chars: price + (withVolume ? volume : 0) + (withSum ? sum : 0),
  };
}

/** The last text of a book, and its options. The same book object is not formatted twice. */
const written = new WeakMap<ShownBook, { readonly how: string; readonly what: Written }>();

function writtenOf(book: ShownBook, options: LadderOptions): Written {
  const columns = ladderColumns.value;
  const how = `${options.rows} ${options.step} ${options.inQuote} ${columns.join()}`;
  const known = written.get(book);
  if (known?.how === how) return known.what;
  const what = write(
    ladderSides(book, options),
    options.inQuote,
    columns.includes('volume'),
    columns.includes('sum'),
  );
  written.set(book, { how, what });
  return what;
}

/** Characters of the widest price and the widest volume of a book together. */
export function widest(book: ShownBook, options: LadderOptions): number {
  return writtenOf(book, options).chars;
}

function Rows(props: {
  readonly side: 'ask' | 'bid';
  readonly levels: readonly WrittenRow[];
  readonly rows: number;
}) {
  const { side, levels, rows } = props;
  const columns = ladderColumns.value;
  const shown: (WrittenRow | null)[] = levels.slice(0, rows);
  while (shown.length < rows) shown.push(null);
  if (side === 'ask') shown.reverse();
  return (
    <tbody class={side}>
      {shown.map((level, i) =>
        level === null ? (
          <tr key={i} aria-hidden="true">
            <td class="price" />
            {columns.map((column) => (
              <td key={column} class={column} />
            ))}
          </tr>
        ) : (
          <tr key={i} style={{ '--part': `${(level.part * 100).toFixed(1)}%` }}>
            <td class="price">
              <span class="unseen">{t.value.common[side]} </span>
              <span data-fill={level.fill}>{level.price}</span>
            </td>
            {columns.includes('volume') && (
              <td class="volume">
                <span title={level.exact}>{level.volume}</span>
              </td>
            )}
            {columns.includes('sum') && <td class="sum">{level.sum}</td>}
          </tr>
        ),
      )}
    </tbody>
  );
}

/** An order book: asks above, bids below, best levels in the middle, and the totals of both. */
export function Ladder(props: {
  readonly book: ShownBook;
  readonly options: LadderOptions;
  readonly caption: string;
  /** Quote currency, in which volumes may be shown. */
  readonly currency: string;
  readonly symbol: string;
}) {
  const { book, options, caption, currency, symbol } = props;
  const { common, ladder: words } = t.value;
  const columns = ladderColumns.value;
  const what = useMemo(
    () => writtenOf(book, options),
    [book, options.rows, options.step, options.inQuote, columns],
  );
  const unit = options.inQuote ? currency : symbol;
  const percent = what.bidPercent;
  return (
    <>
      <table class="ladder" style={{ '--own-chars': String(what.chars) }}>
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr>
            <th scope="col" class="price">
              {common.price}
            </th>
            {columns.includes('volume') && (
              <th scope="col" class="volume">
                {common.volume} <small>{unit}</small>
              </th>
            )}
            {columns.includes('sum') && (
              <th scope="col" class="sum">
                {words.sum} <small>{unit}</small>
              </th>
            )}
          </tr>
        </thead>
        <Rows side="ask" levels={what.asks} rows={options.rows} />
        <tbody class="middle">
          <tr>
            <td colSpan={1 + columns.length}>
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
        <Rows side="bid" levels={what.bids} rows={options.rows} />
      </table>
      <dl class="totals">
        <div class="ask">
          <dt>{words.askTotal}</dt>
          <dd>{what.askTotal}</dd>
        </div>
        <div class="bid">
          <dt>{words.bidTotal}</dt>
          <dd>{what.bidTotal}</dd>
        </div>
        <div>
          <dt>{words.imbalance}</dt>
          <dd>{percent === null ? NONE : `${withSign(imbalance(percent))}%`}</dd>
        </div>
      </dl>
      <div class="balance" aria-hidden="true">
        <span style={{ width: `${percent ?? 0}%` }} />
      </div>
    </>
  );
}
