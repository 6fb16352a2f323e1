import { exchangeOrder } from '../data/exchanges.js';
import { exchanges, marketsVersion } from '../data/markets.js';
import { figures } from '../data/recorder.js';
import { summaries } from '../data/summaries.js';
import { ExchangeCard } from '../parts/exchange-card.js';
import { Favourites } from '../parts/favourites.js';
import { MarketTable } from '../parts/market-table.js';
import { Night } from '../parts/night.js';
import { useTitle } from '../parts/title.js';
import { Totals } from '../parts/totals.js';
import { Verdict } from '../parts/verdict.js';
import { duration } from '../text/format.js';
import { t } from '../text/texts.js';

/** Whether all is well, at a glance; then all markets. */
export function OverviewView() {
  void marketsVersion.value;
  const { overview } = t.value;
  useTitle(overview.heading);
  const sums = summaries();
  const recorder = figures.value;
  return (
    <>
      <h1 class="unseen">{overview.heading}</h1>
      <Verdict />
      <Totals />
      <section aria-labelledby="exchanges-heading">
        <h2 id="exchanges-heading" class="unseen">
          {overview.exchanges}
        </h2>
        <div class="cards">
          {exchangeOrder.value.map((exchange) => (
            <ExchangeCard
              key={exchange}
              exchange={exchange}
              info={exchanges.value.find((each) => each.exchange === exchange)}
              summary={sums.get(exchange)!}
            />
          ))}
        </div>
      </section>
      <Night />
      <Favourites />
      <MarketTable />
      <footer class="muted">
        {recorder !== null &&
          overview.version(recorder.version, duration(recorder.uptimeSeconds * 1000))}
      </footer>
    </>
  );
}
