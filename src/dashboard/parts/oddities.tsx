import { oddityWords } from '../../market/oddity.js';
import type { ExchangeRow } from '../data/markets.js';
import { lang } from '../data/settings.js';
import { count } from '../text/format.js';
import { t } from '../text/texts.js';

/** Maximum characters shown of what an exchange sent; the API has all of it. */
const MOST_SHOWN = 200;

/** An exchange's deviations from its known protocol, collapsed; nothing where there are none. */
export function Oddities({ oddities }: Pick<ExchangeRow, 'oddities'>) {
  const { overview } = t.value;
  if (oddities.length === 0) return null;
  return (
    <details class="oddities">
      <summary>{overview.oddities(count(oddities.length))}</summary>
      <ul>
        {oddities.map(({ kind, count: times, lastText }) => (
          <li key={kind}>
            {oddityWords(kind)[lang.value]} {overview.oddTimes(count(Number(times)))}
            <code>
              {lastText.slice(0, MOST_SHOWN)}
              {lastText.length > MOST_SHOWN && '…'}
            </code>
          </li>
        ))}
      </ul>
    </details>
  );
}
