import { useState } from 'preact/hooks';
import type { MarketId } from '../data/markets.js';
import { resetMarket, setMarket } from '../data/mutations.js';
import { t } from '../text/texts.js';

/** Starts or stops the recording of a market. */
export function MarketSwitch(props: {
  readonly market: MarketId;
  /** The effect of a click: start it, or stop it. */
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

/** Lets the settings decide again about a market started or stopped by hand. */
export function MarketReset({ market }: { readonly market: MarketId }) {
  const [busy, setBusy] = useState(false);
  const { table, overview, exchange } = t.value;
  const name = `${exchange[market.exchange]} ${market.symbol}-${market.currency}`;
  return (
    <button
      type="button"
      class="small icon"
      disabled={busy}
      aria-label={table.resetMarket(name)}
      title={overview.resetHint}
      onClick={() => {
        setBusy(true);
        void resetMarket(market).finally(() => setBusy(false));
      }}
    >
      <span aria-hidden="true">↺</span>
    </button>
  );
}
