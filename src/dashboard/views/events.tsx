import { useEffect, useRef, useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { ask, connectionCount, follow } from '../data/connection.js';
import { EXCHANGES } from '../data/markets.js';
import { withNextFrame } from '../data/paint.js';
import {
  type Exchange,
  LogDocument,
  type LogLevel,
  LogsDocument,
  type LogsQuery,
} from '../gql/graphql.js';
import { useTitle } from '../parts/title.js';
import { moment } from '../text/format.js';
import { t } from '../text/texts.js';

type Entry = LogsQuery['logs']['edges'][number]['node'];
const LEVELS: readonly LogLevel[] = ['DEBUG', 'INFO', 'WARN', 'ERROR'];
const SIGNS: Readonly<Record<LogLevel, string>> = { DEBUG: '·', INFO: '●', WARN: '▲', ERROR: '✕' };

/** Entries kept on the page. */
const KEPT = 2_000;

/** Two entries with the same text at the same millisecond are one: the live one and the stored. */
const identity = (entry: Entry): string =>
  [
    entry.timestamp,
    entry.event,
    entry.exchange,
    entry.symbol,
    entry.currency,
    entry.message,
  ].join();

interface Filter {
  readonly exchange: Exchange | null;
  readonly symbol: string | null;
  readonly currency: string | null;
  readonly level: LogLevel;
}

/** Reads `btc` or `BTC-KRW`; null when it is neither. */
function readPairFilter(text: string): { symbol: string | null; currency: string | null } | null {
  const match = /^(?:([A-Z0-9]{1,20})(?:-([A-Z0-9]{1,20}))?)?$/.exec(text.trim().toUpperCase());
  return match === null ? null : { symbol: match[1] ?? null, currency: match[2] ?? null };
}

/** The entries that match, newest first, growing as they happen. */
function useEntries(filter: Filter, paused: boolean) {
  const [entries, setEntries] = useState<readonly Entry[] | null>(null);
  const [older, setOlder] = useState<string | null>(null);
  const [held, setHeld] = useState(0);
  const waiting = useRef<Entry[]>([]);
  const isPaused = useRef(paused);
  isPaused.current = paused;
  const connected = connectionCount.value;

  const take = useRef(() => {
    if (isPaused.current) return setHeld(waiting.current.length);
    const fresh = waiting.current.reverse();
    waiting.current = [];
    setHeld(0);
    if (fresh.length > 0) setEntries((old) => [...fresh, ...(old ?? [])].slice(0, KEPT));
  }).current;

  useEffect(() => {
    if (!paused) take();
  }, [paused]);

  const key = JSON.stringify(filter);
  useEffect(() => {
    if (connected === 0) return;
    let left = false;
    waiting.current = [];
    const leave = follow(LogDocument, { ...filter }, ({ log }) => {
      waiting.current.push(log);
      if (waiting.current.length > KEPT) waiting.current.shift();
      withNextFrame(take);
    });
    ask(LogsDocument, { ...filter }).then(
      ({ logs }) => {
        if (left) return;
        const page = logs.edges.map(({ node }) => node);
        const known = new Set(page.map(identity));
        waiting.current = waiting.current.filter((entry) => !known.has(identity(entry)));
        setEntries(page);
        setOlder(logs.pageInfo.hasNextPage ? (logs.pageInfo.endCursor ?? null) : null);
      },
      () => undefined,
    );
    return () => {
      left = true;
      leave();
    };
  }, [key, connected]);

  const loadOlder = (): void => {
    if (older === null) return;
    ask(LogsDocument, { ...filter, after: older }).then(
      ({ logs }) => {
        setEntries((old) => [...(old ?? []), ...logs.edges.map(({ node }) => node)]);
        setOlder(logs.pageInfo.hasNextPage ? (logs.pageInfo.endCursor ?? null) : null);
      },
      () => undefined,
    );
  };
  return { entries, held, loadOlder: older === null ? null : loadOlder };
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
  const [exchange, setExchange] = useState<Exchange | null>(null);
  const [level, setLevel] = useState<LogLevel>('INFO');
  const [text, setText] = useState('');
  const [paused, setPaused] = useState(false);
  const pair = readPairFilter(text);
  const lastPair = useRef<{ symbol: string | null; currency: string | null }>({
    symbol: null,
    currency: null,
  });
  if (pair !== null) lastPair.current = pair;
  const { entries, held, loadOlder } = useEntries({ exchange, level, ...lastPair.current }, paused);
  const { events, common, exchange: names, level: levels } = t.value;
  useTitle(events.heading);
  return (
    <>
      <div class="view-head">
        <h1>{events.heading}</h1>
        <button type="button" aria-pressed={paused} onClick={() => setPaused(!paused)}>
          {paused ? `▶ ${events.resume}` : `❚❚ ${events.pause}`}
        </button>
        <span class="muted" role="status">
          {paused && held > 0 ? events.waiting(String(held)) : paused ? '' : `● ${events.live}`}
        </span>
      </div>
      <section class="panel" aria-label={events.heading}>
        <div class="filters">
          <label class="field">
            <span>{common.exchange}</span>
            <select
              value={exchange ?? ''}
              onChange={(event) =>
                setExchange((event.currentTarget.value || null) as Exchange | null)
              }
            >
              <option value="">{common.all}</option>
              {EXCHANGES.map((each) => (
                <option key={each} value={each}>
                  {names[each]}
                </option>
              ))}
            </select>
          </label>
          <label class="field">
            <span>{events.pair}</span>
            <input
              type="search"
              placeholder={events.pairHint}
              value={text}
              aria-invalid={pair === null}
              aria-describedby={pair === null ? 'pair-wrong' : undefined}
              onInput={(event) => setText(event.currentTarget.value)}
            />
          </label>
          <label class="field">
            <span>{events.level}</span>
            <select
              value={level}
              onChange={(event) => setLevel(event.currentTarget.value as LogLevel)}
            >
              {LEVELS.map((each) => (
                <option key={each} value={each}>
                  {levels[each]}
                </option>
              ))}
            </select>
          </label>
          {pair === null && (
            <p id="pair-wrong" class="problem" role="alert">
              {events.pairWrong}
            </p>
          )}
        </div>
        {entries === null ? (
          <p class="empty">{common.loading}</p>
        ) : entries.length === 0 ? (
          <p class="empty">{events.none}</p>
        ) : (
          <table class="list log">
            <thead>
              <tr>
                <th scope="col">{events.time}</th>
                <th scope="col">{events.levelColumn}</th>
                <th scope="col">{events.subject}</th>
                <th scope="col">{events.message}</th>
              </tr>
            </thead>
            <tbody>
              {entries.map((entry, i) => (
                <EntryRow key={`${identity(entry)} ${entries.length - i}`} entry={entry} />
              ))}
            </tbody>
          </table>
        )}
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
