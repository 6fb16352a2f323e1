import { useState } from 'preact/hooks';
import type { MarketId } from '../data/markets.js';
import { setMarket } from '../data/mutations.js';
import { t } from '../text/texts.js';

/** Starts or stops the recording of a market. */
export function MarketSwitch(props: {
  readonly market: MarketId;
  /** What a click does: start it, or stop it. */
  readonly on: boolean;
  readonly small?: boolean;
}) {
  const { market, on, small } = props;
  const [busy, setBusy] = useState(false);
  const { table, common, exchange } = t.value;
  const name = `${exchange[market.exchange]} ${market.symbol}-${market.currency}`;
  return (
    <button
      type="button"
      class={small === true ? 'small' : undefined}
      disabled={busy}
      aria-label={on ? table.startMarket(name) : table.stopMarket(name)}
      onClick={() => {
        setBusy(true);
        void setMarket(market, on).finally(() => setBusy(false));
      }}
    >
      {on ? common.start : common.stop}
    </button>
  );
}
