import type { Exchange } from '../../src/market/exchange.js';
import type { GapCause } from '../../src/market/gap.js';
import type { Level } from '../../src/market/order-book.js';
import type { SentBook } from '../../src/simulator/simulator.js';
import {
  type Account,
  accountFor,
  addAccount,
  contentOf,
  emptyAccount,
} from '../../src/soak/accounts.js';

/** A gap as the API has it, times in Unix ms. */
export interface KnownGap {
  readonly exchange: Exchange;
  readonly market: string;
  readonly start: number;
  readonly end: number | null;
  readonly cause: GapCause;
  readonly detail: string | null;
}

type Ask = <T>(query: string) => Promise<T>;

interface GapPage {
  gaps: {
    edges: {
      node: {
        exchange: Exchange;
        symbol: string;
        currency: string;
        start: string;
        end: string | null;
        cause: GapCause;
        detail: string | null;
      };
    }[];
  };
}

/** All gaps (at most 1000), oldest first. */
export async function gapsOf(ask: Ask): Promise<KnownGap[]> {
  const page = await ask<GapPage>(
    '{ gaps(first: 1000) { edges { node { exchange symbol currency start end cause detail } } } }',
  );
  return page.gaps.edges.map(({ node }) => ({
    exchange: node.exchange,
    market: `${node.exchange}:${node.symbol}-${node.currency}`,
    start: Date.parse(node.start),
    end: node.end === null ? null : Date.parse(node.end),
    cause: node.cause,
    detail: node.detail,
  }));
}

interface ExportedBook {
  readonly symbol: string;
  readonly currency: string;
  readonly timestamp: number;
  readonly exchangeTimestamp: number | null;
  readonly sequence: number;
  readonly asks: Level[];
  readonly bids: Level[];
}

/** Every stored book of an exchange, out of the export. */
async function exportedBooks(url: string, exchange: Exchange): Promise<ExportedBook[]> {
  const address = `${url}/export/${exchange}.ndjson?shape=books`;
  // A kept connection may be one that the server has just closed.
  const answer = await fetch(address).catch(() => fetch(address));
  if (!answer.ok) throw new Error(await answer.text());
  const lines = (await answer.text()).split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as ExportedBook);
}

/**
 * Accounts for every book that went out (see src/soak/accounts.ts) of the markets that were stored.
 * @param markets `UPBIT:BTC-KRW`, those that were recorded
 */
export async function accountOf(
  url: string,
  ask: Ask,
  sent: readonly SentBook[],
  markets: readonly string[],
): Promise<Account> {
  const total = emptyAccount();
  const exchanges = [...new Set(markets.map((m) => m.split(':')[0] as Exchange))];
  const stored: ExportedBook[][] = [];
  for (const exchange of exchanges) stored.push(await exportedBooks(url, exchange));
  // After the books: the gap that ended with one of them is then among them.
  const gaps = await gapsOf(ask);
  const keyOf = (b: { symbol: string; currency: string }, exchange: string): string =>
    `${exchange}:${b.symbol}-${b.currency}`;
  for (const [i, exchange] of exchanges.entries()) {
    const books = stored[i]!;
    const sequences = books.map((b) => b.sequence);
    if (sequences.some((sequence, at) => at > 0 && sequence <= sequences[at - 1]!))
      throw new Error('sequences do not grow');
    for (const market of markets.filter((m) => m.startsWith(`${exchange}:`))) {
      const part = accountFor(
        sent
          .filter((b) => b.exchange === exchange && keyOf(b, exchange) === market)
          .map(({ at, exchangeTimestamp, asks, bids, connection }) => {
            return { market, connection, at, exchangeTimestamp, content: contentOf(asks, bids) };
          }),
        books
          .filter((b) => keyOf(b, exchange) === market)
          .map(({ timestamp, sequence, exchangeTimestamp, asks, bids }) => {
            const content = contentOf(asks, bids);
            return { market, sequence, timestamp, exchangeTimestamp, content };
          }),
        gaps.filter((gap) => gap.market === market),
      );
      addAccount(total, part);
    }
  }
  return total;
}
