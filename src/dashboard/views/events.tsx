import { useEffect, useRef, useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { choiceInAddress, inAddress, putInAddress } from '../data/address.js';
import { type Entry, KEPT_ENTRIES, useEntries } from '../data/entries.js';
import { exchangeOrder } from '../data/exchanges.js';
import { lang } from '../data/settings.js';
import type { LogLevel } from '../gql/graphql.js';
import {
  type ExchangeChoice,
  ExchangeField,
  Filters,
  SearchField,
  SelectField,
} from '../parts/fields.js';
import { useTitle } from '../parts/title.js';
import { count, moment } from '../text/format.js';
import { withZone } from '../text/zone.js';
import { t } from '../text/texts.js';
import { TableHead } from '../parts/table-head.js';

const LEVELS: readonly LogLevel[] = ['DEBUG', 'INFO', 'WARN', 'ERROR'];
const SIGNS: Readonly<Record<LogLevel, string>> = { DEBUG: '·', INFO: '●', WARN: '▲', ERROR: '✕' };

/** Parses `btc` or `BTC-KRW`; null when it is neither. */
function readPairFilter(text: string): { symbol: string | null; currency: string | null } | null {
  const match = /^(?:([^,:*-]{1,40})(?:-([^,:*-]{1,40}))?)?$/.exec(text.trim().toUpperCase());
  return match === null ? null : { symbol: match[1] ?? null, currency: match[2] ?? null };
}

function EntryRow({ entry }: { readonly entry: Entry }) {
  const { level, exchange, events } = t.value;
  const pair = entry.symbol == null ? null : `${entry.symbol}-${entry.currency ?? 'KRW'}`;
  return (
    <tr class={entry.level}>
      <td class="when">
        <time dateTime={entry.timestamp}>{moment(Date.parse(entry.timestamp))}</time>
      </td>
      <td class="level">
        <span class={`level ${entry.level}`}>
          <span aria-hidden="true">{SIGNS[entry.level]} </span>
          {level[entry.level]}
        </span>
      </td>
      <td class="subject">
        {entry.exchange == null ? events.system : exchange[entry.exchange]}
        {pair !== null && (
          <>
            {' '}
            <Link href={`/market/${pair}`}>{pair}</Link>
          </>
        )}
      </td>
      <td class="message">
        {entry.message} <span class="event">{entry.event}</span>
      </td>
    </tr>
  );
}

/** The log, live. */
export function EventsView() {
  const [exchange, setExchange] = useState(() =>
    choiceInAddress<ExchangeChoice>('exchange', ['ALL', ...exchangeOrder.peek()], 'ALL'),
  );
  const [level, setLevel] = useState(() => choiceInAddress('level', LEVELS, 'INFO'));
  const [text, setText] = useState(() => inAddress('pair') ?? '');
  useEffect(() => {
    putInAddress({
      exchange: exchange === 'ALL' ? null : exchange,
      level: level === 'INFO' ? null : level,
      pair: text.trim(),
    });
  }, [exchange, level, text]);
  const [paused, setPaused] = useState(false);
  const pair = readPairFilter(text);
  const lastPair = useRef<{ symbol: string | null; currency: string | null }>({
    symbol: null,
    currency: null,
  });
  if (pair !== null) lastPair.current = pair;
  const { entries, held, cut, loadOlder } = useEntries(
    {
      exchange: exchange === 'ALL' ? null : exchange,
      level,
      lang: lang.value === 'ko' ? 'KO' : 'EN',
      ...lastPair.current,
    },
    paused,
  );
  const { events, common, level: levels } = t.value;
  useTitle(events.heading);
  return (
    <>
      <div class="view-head">
        <h1>{events.heading}</h1>
        <button type="button" aria-pressed={paused} onClick={() => setPaused(!paused)}>
          {paused ? `▶ ${events.resume}` : `❚❚ ${events.pause}`}
        </button>
        <span class={paused ? 'muted' : 'good'} role="status">
          {paused && held > 0 ? events.waiting(count(held)) : paused ? '' : `● ${events.live}`}
        </span>
      </div>
      <section class="panel" aria-label={events.heading}>
        <Filters>
          <ExchangeField value={exchange} onChoice={setExchange} />
          <SearchField
            label={events.pair}
            hint={events.pairHint}
            value={text}
            wrong={pair === null ? 'pair-wrong' : null}
            onText={setText}
          />
          <SelectField
            label={events.level}
            value={level}
            choices={LEVELS.map((each) => [each, levels[each]])}
            onChoice={setLevel}
          />
          {pair === null && (
            <p id="pair-wrong" class="problem" role="alert">
              {events.pairWrong}
            </p>
          )}
        </Filters>
        {entries === null ? (
          <p class="empty">{common.loading}</p>
        ) : entries.length === 0 ? (
          <p class="empty">{events.none}</p>
        ) : (
          <table class="list log">
            <TableHead
              columns={[withZone(events.time), events.levelColumn, events.subject, events.message]}
            />
            <tbody>
              {entries.map(({ key, entry }) => (
                <EntryRow key={key} entry={entry} />
              ))}
            </tbody>
          </table>
        )}
        {cut && <p class="empty">{events.cut(count(KEPT_ENTRIES))}</p>}
        {loadOlder !== null && (
          <p class="buttons">
            <button type="button" onClick={loadOlder}>
              {events.more}
            </button>
          </p>
        )}
      </section>
    </>
  );
}
