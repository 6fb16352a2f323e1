import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Pair } from '../data/pair.js';
import { hiddenExchanges } from '../data/preferences.js';
import { Tape } from '../data/tape.js';
import { clock, grouped } from '../text/format.js';
import { t } from '../text/texts.js';
import { ExchangeDot } from './exchange-dot.js';

/**
 * The newest trades of a pair; nothing where none are recorded.
 * @param ready whether the books have come: they are what is waited for
 */
export function TapePanel({ pair, ready }: { readonly pair: Pair; readonly ready: boolean }) {
  const tape = useSignal<Tape | null>(null);
  const name = `${pair.symbol}-${pair.currency}`;
  useEffect(() => {
    if (!ready) return undefined;
    const own = new Tape(pair);
    tape.value = own;
    void own.loadPast(pair);
    return () => {
      own.close();
      tape.value = null;
    };
  }, [name, ready]);
  const { tape: words, common, exchange: names, quote } = t.value;
  const all = tape.value?.trades.value ?? [];
  const shown = all.filter(({ exchange }) => !hiddenExchanges.value.includes(exchange));
  if (shown.length === 0) return null;
  return (
    <section class="panel tape" aria-labelledby="tape-heading">
      <div class="panel-head">
        <h2 id="tape-heading">{words.heading}</h2>
      </div>
      <div class="scroll" tabIndex={0} role="group" aria-labelledby="tape-heading">
        <table class="list">
          <thead>
            <tr>
              <th scope="col">{words.time}</th>
              <th scope="col">{common.exchange}</th>
              <th scope="col">{words.side}</th>
              <th scope="col" class="number">
                {common.price} ({pair.currency})
              </th>
              <th scope="col" class="number">
                {common.volume} ({pair.symbol})
              </th>
            </tr>
          </thead>
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
