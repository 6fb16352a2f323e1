import { Link } from 'wouter-preact';
import { closeMatches } from '../../market/close-matches.js';
import { markets, marketsVersion } from '../data/markets.js';
import { t } from '../text/texts.js';
import { useTitle } from './title.js';

/** Shown for a market that does not exist: suggests similar ones. */
export function UnknownMarket(props: {
  readonly pair: string;
  /** Address of the same view for another pair. */
  readonly addressOf: (pair: string) => string;
}) {
  void marketsVersion.value;
  const { market } = t.value;
  useTitle(market.unknown(props.pair));
  const [symbol = '', currency = 'KRW'] = props.pair.toUpperCase().split('-');
  const listed = new Map(
    [...markets.values()]
      .filter((row) => row.listed)
      .map((row) => [`${row.symbol}-${row.currency}`, row]),
  );
  const close = closeMatches({ symbol, currency }, [...listed.values()], 8);
  return (
    <section class="panel notice">
      <h1>{market.unknown(props.pair)}</h1>
      <p>{market.unknownHint}</p>
      {close.length > 0 && (
        <>
          <h2>{market.close}</h2>
          <ul class="matches">
            {close.map((pair) => (
              <li key={pair}>
                <Link href={props.addressOf(pair)}>
                  {pair} {listed.get(pair)?.koreanName}
                </Link>
              </li>
            ))}
          </ul>
        </>
      )}
      <p>
        <Link href="/">{market.toOverview}</Link>
      </p>
    </section>
  );
}
