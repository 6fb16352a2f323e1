import type { MarketId } from '../data/markets.js';
import { t } from '../text/texts.js';

/** What is exported, and in which formats. */
const SHAPES = ['rows', 'books', 'top', 'trades', 'gaps'] as const;
type Shape = (typeof SHAPES)[number];
const FORMATS = ['csv', 'parquet', 'ndjson', 'json'] as const;
type Format = (typeof FORMATS)[number];

/** Links that export what is stored for a window. */
export function ExportLinks(props: {
  readonly market: MarketId;
  readonly from: number;
  readonly to: number;
}) {
  const { market, from, to } = props;
  const { history: words } = t.value;
  const address = (shape: Shape, format: Format): string =>
    `/export/${market.exchange}.${format}?${new URLSearchParams({
      symbol: market.symbol,
      currency: market.currency,
      from: new Date(from).toISOString(),
      to: new Date(to).toISOString(),
      shape,
    }).toString()}`;
  return (
    <section class="panel exports" aria-labelledby="export-heading">
      <div class="panel-head">
        <h2 id="export-heading">{words.export}</h2>
      </div>
      <p class="muted">{words.exportHint}</p>
      <p class="buttons">
        {SHAPES.flatMap((shape) =>
          FORMATS.map((format) => (
            <a key={`${shape}.${format}`} class="button" href={address(shape, format)} download>
              <span aria-hidden="true">↓ </span>
              {words.shapes[shape]} · {format.toUpperCase()}
            </a>
          )),
        )}
      </p>
    </section>
  );
}
