import { signal } from '@preact/signals';
import {
  type Exchange,
  StartCollectorDocument,
  StartCollectorsDocument,
  StartExchangeDocument,
  StopCollectorDocument,
  StopCollectorsDocument,
  StopExchangeDocument,
  type TypedDocumentString,
} from '../gql/graphql.js';
import { ApiError, ask } from './connection.js';
import type { MarketId } from './markets.js';

/** The token, kept as long as the tab; never part of an address. */
const KEY = 'recorder-token';

/** Set while a person is asked for the token; called with it, or with null to give up. */
export const tokenWanted = signal<{
  readonly wrong: boolean;
  readonly answer: (token: string | null) => void;
} | null>(null);

/** What a mutation failed with, to be shown until it is closed. */
export const failure = signal<string | null>(null);

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

/** Runs a mutation, asking for the token when the server wants one. @returns whether it was done */
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
        failure.value = error.message;
        return false;
      }
      sessionStorage.removeItem(KEY);
      token = await askForToken(token !== null);
      if (token === null) return false;
    }
  }
}

/** Starts or stops the recording of a market. */
export function setMarket({ exchange, symbol, currency }: MarketId, on: boolean): Promise<boolean> {
  const market = { exchange, symbol, currency };
  return on ? mutate(StartCollectorDocument, market) : mutate(StopCollectorDocument, market);
}

/** Starts or stops all markets that match a pattern. */
export function setPattern(pattern: string, on: boolean): Promise<boolean> {
  return on
    ? mutate(StartCollectorsDocument, { pattern })
    : mutate(StopCollectorsDocument, { pattern });
}

/** Starts or stops an exchange. */
export function setExchange(exchange: Exchange, on: boolean): Promise<boolean> {
  return on
    ? mutate(StartExchangeDocument, { exchange })
    : mutate(StopExchangeDocument, { exchange });
}
