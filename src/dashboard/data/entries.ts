import { useEffect, useRef, useState } from 'preact/hooks';
import {
  type Exchange,
  type Language,
  LogDocument,
  type LogLevel,
  LogsDocument,
  type LogsQuery,
} from '../gql/graphql.js';
import { ask, connectionCount, follow } from './connection.js';
import { withNextFrame } from './paint.js';

/** An entry of the log. */
export type Entry = LogsQuery['logs']['edges'][number]['node'];

/** An entry with a unique number: many may have the same text. */
interface NumberedEntry {
  readonly key: number;
  readonly entry: Entry;
}

/** Which entries are wanted; null: any. */
interface EntryFilter {
  readonly exchange: Exchange | null;
  readonly symbol: string | null;
  readonly currency: string | null;
  readonly level: LogLevel;
  /** Language of the messages. */
  readonly lang: Language;
}

/** Entries kept on the page. */
export const KEPT_ENTRIES = 2_000;

/** Two entries with the same text at the same millisecond are one: the live one and the stored one. */
const identity = (entry: Entry): string =>
  [
    entry.timestamp,
    entry.event,
    entry.exchange,
    entry.symbol,
    entry.currency,
    entry.message,
  ].join();

let lastKey = 0;
const numbered = (entry: Entry): NumberedEntry => ({ key: ++lastKey, entry });

/** What is shown of the log. */
interface Shown {
  /** Newest first; null until the first page has come. */
  readonly entries: readonly NumberedEntry[] | null;
  /** Where the next page starts; null when there is none. */
  readonly older: string | null;
  /** Whether older ones were dropped: the next page would not follow on the last. */
  readonly cut: boolean;
}

function bounded(entries: readonly NumberedEntry[], { older, cut }: Shown): Shown {
  if (entries.length <= KEPT_ENTRIES) return { entries, older, cut };
  return { entries: entries.slice(0, KEPT_ENTRIES), older: null, cut: true };
}

/** The matching entries, newest first, live; while `paused` new ones are held back and counted. */
export function useEntries(filter: EntryFilter, paused: boolean) {
  const [shown, setShown] = useState<Shown>({ entries: null, older: null, cut: false });
  const [held, setHeld] = useState(0);
  const waiting = useRef<Entry[]>([]);
  /** Live entries wait until the page they belong on top of has arrived. */
  const loading = useRef(true);
  const isPaused = useRef(paused);
  isPaused.current = paused;
  const connected = connectionCount.value;

  const take = useRef(() => {
    if (loading.current) return;
    if (isPaused.current) return setHeld(waiting.current.length);
    const fresh = waiting.current.reverse().map(numbered);
    waiting.current = [];
    setHeld(0);
    if (fresh.length === 0) return;
    setShown((old) => bounded([...fresh, ...(old.entries ?? [])], old));
  }).current;

  useEffect(() => {
    if (!paused) take();
  }, [paused]);

  const key = JSON.stringify(filter);
  useEffect(() => {
    if (connected === 0) return;
    let left = false;
    waiting.current = [];
    loading.current = true;
    setHeld(0);
    const leave = follow(LogDocument, { ...filter }, ({ log }) => {
      waiting.current.push(log);
      if (waiting.current.length > KEPT_ENTRIES) waiting.current.shift();
      withNextFrame(take);
    });
    ask(LogsDocument, { ...filter }).then(
      ({ logs }) => {
        if (left) return;
        const page = logs.edges.map(({ node }) => node);
        const known = new Set(page.map(identity));
        waiting.current = waiting.current.filter((entry) => !known.has(identity(entry)));
        loading.current = false;
        setShown({ entries: page.map(numbered), older: cursorOf(logs), cut: false });
        withNextFrame(take);
      },
      () => undefined,
    );
    return () => {
      left = true;
      leave();
    };
  }, [key, connected]);

  const { entries, older, cut } = shown;
  const loadOlder = (): void => {
    ask(LogsDocument, { ...filter, after: older }).then(
      ({ logs }) => {
        setShown((old) => {
          // Requested twice, or the list has changed meanwhile.
          if (old.older !== older) return old;
          const more = logs.edges.map(({ node }) => numbered(node));
          return bounded([...(old.entries ?? []), ...more], { ...old, older: cursorOf(logs) });
        });
      },
      () => undefined,
    );
  };
  return { entries, held, cut, loadOlder: older === null ? null : loadOlder };
}

function cursorOf({ pageInfo }: LogsQuery['logs']): string | null {
  return pageInfo.hasNextPage ? (pageInfo.endCursor ?? null) : null;
}
