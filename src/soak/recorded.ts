import type { Exchange } from '../market/exchange.js';
import { marketFromKey } from '../market/market.js';
import type { Level } from '../market/order-book.js';
import { contentOf, type GapMark, type StoredMark } from './accounts.js';
import type { SpanMark, StoredTrade } from './trade-accounts.js';

/** By pair, `BTC-KRW`. */
export type ByPair<T> = Map<string, T[]>;

/** Adds an item to the list of a pair. */
export function addTo<T>(map: ByPair<T>, pair: string, item: T): void {
  const list = map.get(pair);
  if (list === undefined) map.set(pair, [item]);
  else list.push(item);
}

/** GraphQL over HTTP; the `data` of the answer. @throws {Error} with any other answer */
async function ask<T>(url: string, query: string): Promise<T> {
  const answer = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  const { data, errors } = (await answer.json()) as { data?: T; errors?: unknown };
  if (errors !== undefined || data === undefined) throw new Error(JSON.stringify(errors));
  return data;
}

async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop()!;
    yield* lines;
  }
  if (rest !== '') yield rest;
}

/** Every stored book of an exchange, by the export. @throws {Error} when sequences do not grow */
export async function storedBooks(url: string, exchange: Exchange): Promise<ByPair<StoredMark>> {
  const answer = await fetch(`${url}/export/${exchange}.ndjson?shape=books`);
  if (!answer.ok || answer.body === null) throw new Error(await answer.text());
  const books: ByPair<StoredMark> = new Map();
  let newest = 0;
  for await (const line of linesOf(answer.body)) {
    const book = JSON.parse(line) as {
      symbol: string;
      currency: string;
      timestamp: number;
      exchangeTimestamp: number | null;
      sequence: number;
      asks: Level[];
      bids: Level[];
    };
    if (book.sequence <= newest) throw new Error(`sequence ${book.sequence} follows ${newest}`);
    newest = book.sequence;
    const { timestamp, exchangeTimestamp } = book;
    const content = contentOf(book.asks, book.bids);
    addTo(books, `${book.symbol}-${book.currency}`, { content, timestamp, exchangeTimestamp });
  }
  return books;
}

/**
 * Every stored trade of an exchange, by the export, in order of the exchange's time.
 * @param pair `BTC-KRW`: only that one's
 */
export async function storedTrades(
  url: string,
  exchange: Exchange,
  pair?: string,
): Promise<ByPair<StoredTrade>> {
  const query = new URLSearchParams({ shape: 'trades' });
  if (pair !== undefined) {
    const { symbol, currency } = marketFromKey(`${exchange}:${pair}`);
    query.set('symbol', symbol);
    query.set('currency', currency);
  }
  const answer = await fetch(`${url}/export/${exchange}.ndjson?${query.toString()}`);
  if (!answer.ok || answer.body === null) throw new Error(await answer.text());
  const trades: ByPair<StoredTrade> = new Map();
  for await (const line of linesOf(answer.body)) {
    const trade = JSON.parse(line) as StoredTrade & { symbol: string; currency: string };
    addTo(trades, `${trade.symbol}-${trade.currency}`, trade);
  }
  return trades;
}

/** Every gap of an exchange, oldest first. */
export async function knownGaps(url: string, exchange: Exchange): Promise<ByPair<GapMark>> {
  const gaps: ByPair<GapMark> = new Map();
  let after = '';
  for (;;) {
    const { gaps: page } = await ask<{
      gaps: {
        edges: {
          node: {
            symbol: string;
            currency: string;
            start: string;
            end: string | null;
            cause: GapMark['cause'];
            detail: string | null;
          };
        }[];
        pageInfo: { hasNextPage: boolean; endCursor: string | null };
      };
    }>(
      url,
      `{ gaps(exchange: ${exchange}, first: 1000${after}) { edges { node { symbol currency start end cause detail } } pageInfo { hasNextPage endCursor } } }`,
    );
    for (const { node } of page.edges) {
      addTo(gaps, `${node.symbol}-${node.currency}`, {
        start: Date.parse(node.start),
        end: node.end === null ? null : Date.parse(node.end),
        cause: node.cause,
        detail: node.detail,
      });
    }
    if (!page.pageInfo.hasNextPage) return gaps;
    after = `, after: "${page.pageInfo.endCursor}"`;
  }
}

/** What the recorder says about the trades of a market, by start. @param pair `BTC-KRW` */
export async function knownSpans(
  url: string,
  exchange: Exchange,
  pair: string,
): Promise<SpanMark[]> {
  const market = marketFromKey(`${exchange}:${pair}`);
  const spans: SpanMark[] = [];
  for (let after = ''; ;) {
    const { coverage } = await ask<{ coverage: { trades: { spans: SpanPage } | null } }>(
      url,
      `{ coverage(exchange: ${exchange}, symbol: ${JSON.stringify(market.symbol)}, currency: ${JSON.stringify(market.currency)}) {
           trades { spans(first: 1000${after}) { edges { node { start end completeness cause } }
           pageInfo { hasNextPage endCursor } } } } }`,
    );
    const page = coverage.trades?.spans;
    for (const { node } of page?.edges ?? []) {
      const { completeness, cause } = node;
      spans.push({ start: Date.parse(node.start), end: Date.parse(node.end), completeness, cause });
    }
    if (page?.pageInfo.hasNextPage !== true) return spans;
    after = `, after: "${page.pageInfo.endCursor}"`;
  }
}

interface SpanPage {
  readonly edges: readonly {
    readonly node: Pick<SpanMark, 'completeness' | 'cause'> & {
      readonly start: string;
      readonly end: string;
    };
  }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}
