import { useRef } from 'preact/hooks';
import type { Pair } from '../data/pair.js';
import { hiddenExchanges } from '../data/preferences.js';
import type { Tape } from '../data/tape.js';
import { clock, grouped } from '../text/format.js';
import { t } from '../text/texts.js';
import { ExchangeDot } from './exchange-dot.js';
import { TableHead } from './table-head.js';

/** The width of a column's head in digits: its letters are narrower. */
function headChars(head: string): number {
  return Math.ceil(head.length * 0.85);
}

/** The newest trades of a pair; nothing where none are recorded. @param tape null: not yet followed */
export function TapePanel({ pair, tape }: { readonly pair: Pair; readonly tape: Tape | null }) {
  const { tape: words, common, exchange: names, quote } = t.value;
  const all = tape?.trades.value ?? [];
  const shown = all.filter(({ exchange }) => !hiddenExchanges.value.includes(exchange));
  // Grows only, so that the tape does not shift with each trade.
  const priceHead = `${common.price} (${pair.currency})`;
  const volumeHead = `${common.volume} (${pair.symbol})`;
  const least = { price: headChars(priceHead), volume: headChars(volumeHead) };
  const chars = useRef({ of: tape, ...least });
  if (chars.current.of !== tape) chars.current = { of: tape, ...least };
  for (const { price, volume } of shown) {
    chars.current.price = Math.max(chars.current.price, grouped(price).length);
    chars.current.volume = Math.max(chars.current.volume, grouped(volume).length);
  }
  if (shown.length === 0) return null;
  return (
    <section
      class="panel tape"
      aria-labelledby="tape-heading"
      style={{ '--chars': String(chars.current.price + chars.current.volume) }}
    >
      <div class="panel-head">
        <h2 id="tape-heading">{words.heading}</h2>
      </div>
      <div class="scroll" tabIndex={0} role="group" aria-labelledby="tape-heading">
        <table class="list">
          <TableHead
            columns={[
              words.time,
              common.exchange,
              words.side,
              { number: priceHead },
              { number: volumeHead },
            ]}
          />
          <tbody>
            {shown.map((trade) => (
              <tr key={trade.sequence} class={trade.side === 'BUY' ? 'bought' : 'sold'}>
                <td>{clock(Date.parse(trade.exchangeTimestamp ?? trade.timestamp))}</td>
                <td>
                  <ExchangeDot exchange={trade.exchange} />
                  {names[trade.exchange]}
                </td>
                <td class="taken">{quote.sides[trade.side]}</td>
                <td class="number taken">{grouped(trade.price)}</td>
                <td class="number">{grouped(trade.volume)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
