import { signal } from '@preact/signals';
import { matchesPattern, parseCollect } from '../../market/collect-pattern.js';
import {
  type Exchange,
  ResetCollectorDocument,
  ResetExchangeDocument,
  RestoreCollectorsDocument,
  RestorePointDocument,
  StartCollectorDocument,
  StartCollectorsDocument,
  StartExchangeDocument,
  StopCollectorDocument,
  StopCollectorsDocument,
  StopExchangeDocument,
  type TypedDocumentString,
} from '../gql/graphql.js';
import { ApiError, ask } from './connection.js';
import { type MarketId, type MarketRow, markets } from './markets.js';

/** The token, kept as long as the tab; never part of an address. */
const KEY = 'recorder-token';

/** Set while the user is asked for the token; called with it, or with null to cancel. */
export const tokenWanted = signal<{
  readonly wrong: boolean;
  readonly answer: (token: string | null) => void;
} | null>(null);

/** The error of a mutation, shown until dismissed. */
export const failure = signal<ApiError | null>(null);

function askForToken(wrong: boolean): Promise<string | null> {
  return new Promise((resolve) => {
    tokenWanted.value = {
      wrong,
      answer: (token) => {
        tokenWanted.value = null;
        resolve(token);
      },
    };
  });
}

/** Runs a mutation, asking for the token if the server requires one. @returns whether it was done */
async function mutate<R, V extends Record<string, unknown>>(
  document: TypedDocumentString<R, V>,
  variables: V,
): Promise<boolean> {
  failure.value = null;
  let token = sessionStorage.getItem(KEY);
  for (;;) {
    try {
      await ask(document, variables, token);
      if (token !== null) sessionStorage.setItem(KEY, token);
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code !== 'UNAUTHENTICATED') {
        failure.value = error;
        return false;
      }
      sessionStorage.removeItem(KEY);
      token = await askForToken(token !== null);
      if (token === null) return false;
    }
  }
}

/** What a mutation did, with the way to undo it. */
export interface Undoable {
  readonly kind: 'start' | 'stop' | 'reset';
  /** The single market or exchange affected; null where they are counted. */
  readonly market: MarketId | null;
  readonly exchange: Exchange | null;
  /** How many markets. */
  readonly count: number;
  /** The previous wishes, for restoring exactly. */
  readonly point: string;
}

const UNDO_KEY = 'recorder-undo';

/** The last change, until it is undone or its note dismissed. Survives a reload. */
export const undoable = signal<Undoable | null>(
  JSON.parse(sessionStorage.getItem(UNDO_KEY) ?? 'null') as Undoable | null,
);
undoable.subscribe((value) => {
  if (value === null) sessionStorage.removeItem(UNDO_KEY);
  else sessionStorage.setItem(UNDO_KEY, JSON.stringify(value));
});

/** Set while the user is asked to confirm stopping these markets. */
export const stopAsked = signal<{
  readonly rows: readonly MarketRow[];
  readonly answer: (stop: boolean) => void;
} | null>(null);

/** Asks before more than one market is stopped. */
function mayStop(rows: readonly MarketRow[]): Promise<boolean> {
  if (rows.length < 2) return Promise.resolve(true);
  return new Promise((resolve) => {
    stopAsked.value = {
      rows,
      answer: (stop) => {
        stopAsked.value = null;
        resolve(stop);
      },
    };
  });
}

/** Runs a mutation and records how to undo it. */
async function change<R, V extends Record<string, unknown>>(
  did: Omit<Undoable, 'point'>,
  document: TypedDocumentString<R, V>,
  variables: V,
): Promise<void> {
  let point: string;
  try {
    ({ restorePoint: point } = await ask(RestorePointDocument, {}));
  } catch (error) {
    // Nothing is changed that cannot be undone.
    if (!(error instanceof ApiError)) throw error;
    failure.value = error;
    return;
  }
  if (await mutate(document, variables)) undoable.value = { ...did, point };
}

/** Restores the wishes from before the last change. */
export async function undo(): Promise<void> {
  const last = undoable.peek();
  if (last === null) return;
  if (await mutate(RestoreCollectorsDocument, { point: last.point })) undoable.value = null;
}

const idOf = ({ exchange, symbol, currency }: MarketId): MarketId => ({
  exchange,
  symbol,
  currency,
});
const ofMarket = (kind: Undoable['kind'], market: MarketId): Omit<Undoable, 'point'> => ({
  kind,
  market: idOf(market),
  exchange: null,
  count: 1,
});
const ofExchange = (
  kind: Undoable['kind'],
  exchange: Exchange,
  count: number,
): Omit<Undoable, 'point'> => ({ kind, market: null, exchange, count });

/** Starts or stops the recording of a market. */
export function setMarket(market: MarketId, on: boolean): Promise<void> {
  return on
    ? change(ofMarket('start', market), StartCollectorDocument, { ...idOf(market) })
    : change(ofMarket('stop', market), StopCollectorDocument, { ...idOf(market) });
}

/** Lets the settings decide again about a market. */
export function resetMarket(market: MarketId): Promise<void> {
  return change(ofMarket('reset', market), ResetCollectorDocument, { ...idOf(market) });
}

/** Starts or, after confirmation, stops all markets that match a pattern. */
export async function setPattern(pattern: string, on: boolean): Promise<void> {
  const read = parseCollect(pattern);
  const running: MarketRow[] = [];
  for (const row of markets.values()) {
    if (!read.ok || !read.patterns.some((each) => matchesPattern(each, row))) continue;
    if (row.state !== null && row.state !== 'STOPPED') running.push(row);
  }
  const did = { kind: on ? 'start' : 'stop', market: null, exchange: null } as const;
  if (on) return change({ ...did, count: 0 }, StartCollectorsDocument, { pattern });
  if (!(await mayStop(running))) return;
  await change({ ...did, count: running.length }, StopCollectorsDocument, { pattern });
}

/** Starts an exchange. */
export function startExchange(exchange: Exchange): Promise<void> {
  return change(ofExchange('start', exchange, 0), StartExchangeDocument, { exchange });
}

/** Stops an exchange, after confirmation. @param running its markets being recorded */
export async function stopExchange(
  exchange: Exchange,
  running: readonly MarketRow[],
): Promise<void> {
  if (!(await mayStop(running))) return;
  await change(ofExchange('stop', exchange, running.length), StopExchangeDocument, { exchange });
}

/** Lets the settings decide again about an exchange and its markets. */
export function resetExchange(exchange: Exchange): Promise<void> {
  return change(ofExchange('reset', exchange, 0), ResetExchangeDocument, { exchange });
}
