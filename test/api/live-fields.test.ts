import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  getNamedType,
  type GraphQLOutputType,
  isLeafType,
  isObjectType,
  isRequiredArgument,
} from 'graphql';
import { schema } from '../../src/api/schema/index.js';
import { temporaryFolder } from '../store/support.js';
import { market } from './helpers/books.js';
import { TRANSPORTS, valueOf } from './helpers/live.js';
import { statusOf } from './helpers/memory-control.js';
import { type RecordedServer, serveRecorded } from './helpers/recorded.js';
import { until } from './helpers/until.js';

const UPBIT = market('UPBIT');
const NOW = 1_790_000_000_000;
const LIVE_FIELDS = schema.getSubscriptionType()!.getFields();
/** What each subscription must be given; all else keeps its default. */
const ARGUMENTS: Readonly<Record<string, string>> = {
  orderbooks: '(pattern: "*-KRW")',
  replay: '(exchange: UPBIT, speed: 0)',
  consolidated: '(includeStale: true)',
};

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let recorded: RecordedServer;
beforeAll(async () => {
  folder = await temporaryFolder();
  recorded = await serveRecorded(join(folder.path, 'books.db'));
  const { bus, store, server } = recorded;
  server.control.put(statusOf(UPBIT, { state: 'RECONNECTING', error: 'gone' }));
  bus.gaps.publish({
    market: UPBIT,
    start: NOW - 1_000,
    end: null,
    cause: 'DISCONNECTED',
    detail: 'gone',
    attempts: 1,
  });
  for (let i = 0; i < 3; i++) recorded.next(UPBIT, { at: NOW + i });
  await until('the books are stored', () => store.stats().storedBooks === 3);
});
afterAll(async () => {
  await recorded.close();
  await folder.remove();
});

/** Every field of a type and of all types in it, down to where types repeat. */
function everything(type: GraphQLOutputType, above: readonly string[] = []): string {
  const named = getNamedType(type);
  if (isLeafType(named)) return '';
  if (!isObjectType(named)) throw new Error(`${named.name} is neither a leaf nor an object`);
  if (above.includes(named.name)) return '{ __typename }';
  const fields = Object.values(named.getFields())
    .filter(({ args }) => !args.some(isRequiredArgument))
    .map((field) => `${field.name} ${everything(field.type, [...above, named.name])}`);
  return `{ __typename ${fields.join(' ')} }`;
}

describe.each(TRANSPORTS)('every field of a subscription over %s', (_name, subscribe) => {
  it.each(Object.keys(LIVE_FIELDS))('%s', async (name) => {
    const { bus, server, store } = recorded;
    const query = `subscription { ${name}${ARGUMENTS[name] ?? ''} ${everything(LIVE_FIELDS[name]!.type)} }`;
    const live = await subscribe(server.url, query);
    const first = live.next();
    if (name === 'log') {
      await until('the subscription has begun', () => server.api.readers === 1);
      bus.logs.publish({
        timestamp: NOW,
        level: 'info',
        exchange: 'UPBIT',
        pair: UPBIT,
        event: 'COLLECTION_STARTED',
        message: 'started',
      });
    }
    if (name === 'trades') {
      await until('the subscription has begun', () => server.api.readers === 1);
      bus.trades.publish({
        market: UPBIT,
        sequence: store.sequences.next(),
        timestamp: NOW,
        exchangeTimestamp: NOW,
        resolutionMs: 1,
        messageTimestamp: null,
        tradeId: '1',
        idKind: 'EXCHANGE',
        side: 'buy',
        price: '1',
        volume: '1',
        origin: 'LIVE',
      });
    }
    expect(valueOf(await first)).toBeTruthy();
    expect(server.errors).toEqual([]);
    await live.leave();
    await until('it is over', () => server.api.readers === 0);
  });
});

describe('an event that fails in part', () => {
  it.each(TRANSPORTS)('says so over %s as a query does', async (_name, subscribe) => {
    const { server } = recorded;
    const fields = 'orderbook(exchange: UPBIT) { symbol levels: asks(depth: 0) { price } }';
    const live = await subscribe(server.url, `subscription { ${fields} }`);
    const event = await live.next();
    const { data, errors } = await server.post(`query { ${fields} }`);
    expect(data).toEqual({ orderbook: null });
    // The root field of the subscription may not be null, that of the query may.
    expect(event).toEqual({
      data: null,
      errors: errors!.map((error) => ({
        ...error,
        locations: [{ line: 1, column: fields.indexOf('levels') + 'subscription { '.length + 1 }],
      })),
    });
    await live.leave();
  });

  it.each(TRANSPORTS)('takes variables over %s', async (_name, subscribe) => {
    const { server } = recorded;
    const query =
      'subscription ($e: Exchange!, $depth: Int, $all: Boolean = false) { orderbook(exchange: $e) { asks(depth: $depth) { price } bids @include(if: $all) { price } } }';
    const live = await subscribe(server.url, query, { e: 'UPBIT', depth: 2 });
    const book = valueOf(await live.next());
    expect(book['asks']).toHaveLength(2);
    expect(book).not.toHaveProperty('bids');
    await live.leave();
  });
});

describe.each(TRANSPORTS)('age over %s', (_name, subscribe) => {
  it('is that of the moment, for one who comes later than others, too', async () => {
    const { server } = recorded;
    const query =
      'subscription { orderbook(exchange: KORBIT, symbol: "BTC", currency: "KRW") { sequence age } }';
    const before = await Promise.all([1, 2].map(() => subscribe(server.url, query)));
    await until('both have begun', () => server.api.readers === 2);
    const { timestamp } = recorded.next(market('KORBIT'));
    for (const live of before) valueOf(await live.next());
    await until('time has gone by', () => Date.now() >= timestamp + 100);
    const late = await subscribe(server.url, query);
    expect(valueOf(await late.next())['age']).toBeGreaterThanOrEqual(100);
    for (const live of [...before, late]) await live.leave();
    await until('all have left', () => server.api.readers === 0);
  });
});
