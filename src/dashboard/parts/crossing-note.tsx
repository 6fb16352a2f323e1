import type { Crossing } from '../data/premium.js';
import { signed, withSign } from '../text/decimals.js';
import { grouped } from '../text/format.js';
import { sourceName } from '../text/source.js';
import { t } from '../text/texts.js';

/** Where to buy and where to sell a crossed pair, and the profit. */
export function CrossingNote(props: {
  readonly crossing: Crossing;
  readonly symbol: string;
  readonly currency: string;
}) {
  const { crossing, symbol, currency } = props;
  const { premium: words } = t.value;
  const { left } = crossing;
  const loss = left.perUnit.startsWith('-');
  return (
    <div class="crossing">
      <p class="way">
        <span class="bid">
          {words.buyAt} <b>{sourceName(crossing.buyAt)}</b>{' '}
          <span class="amount">{grouped(crossing.buyPrice)}</span>
        </span>
        <span aria-hidden="true" class="arrow-way">
          →
        </span>
        <span class="ask">
          {words.sellAt} <b>{sourceName(crossing.sellAt)}</b>{' '}
          <span class="amount">{grouped(crossing.sellPrice)}</span>
        </span>
      </p>
      <dl class="figures">
        <div>
          <dt>{words.left}</dt>
          <dd class={loss ? 'problem' : 'good'}>
            <b>{signed(left.percent, 3)}%</b> {signed(left.bp, 1)} bp
          </dd>
        </div>
        <div>
          <dt>{words.perUnit(symbol)}</dt>
          <dd class="amount">
            {withSign(left.perUnit)} {currency}
          </dd>
        </div>
        <div>
          <dt>{words.volume}</dt>
          <dd class="amount">
            {grouped(crossing.volume)} {symbol}
          </dd>
        </div>
        <div>
          <dt>{words.total}</dt>
          <dd class="amount">
            {withSign(left.total)} {currency}
          </dd>
        </div>
      </dl>
      <p class="muted">{words.notCounted}</p>
    </div>
  );
}
