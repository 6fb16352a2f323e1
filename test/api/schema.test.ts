import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import {
  buildSchema,
  findBreakingChanges,
  type GraphQLNamedType,
  isEnumType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
} from 'graphql';
import { schema, schemaText } from '../../src/api/schema/index.js';

/** The part of the schema whose names and types may not change. */
const CONTRACT = buildSchema(`
  scalar DateTime
  scalar Decimal
  scalar BigInt
  enum Exchange { BITHUMB COINONE GOPAX KORBIT UPBIT }
  enum Side { ASK BID }
  enum CollectorState { STARTING LIVE STALE RECONNECTING STOPPED FAILED }
  enum GapCause { CONNECT_FAILED DISCONNECTED STALE REFUSED RATE_LIMITED MAINTENANCE RESYNC PARSE_FAILED QUEUE_OVERFLOW STORE_FAILED PROCESS_DOWN }
  type Level { price: Decimal! volume: Decimal! }
  type Orderbook {
    exchange: Exchange! symbol: String! currency: String!
    timestamp: DateTime! exchangeTimestamp: DateTime sequence: BigInt!
    asks(depth: Int): [Level!]! bids(depth: Int): [Level!]!
    bestAsk: Level bestBid: Level spread: Decimal midPrice: Decimal
  }
  type OrderbookRow { exchange: Exchange! symbol: String! currency: String! timestamp: DateTime! side: Side! price: Decimal! volume: Decimal! }
  type Collector { exchange: Exchange! symbol: String! currency: String! state: CollectorState! startedAt: DateTime lastBookAt: DateTime books: BigInt! reconnects: Int! error: String }
  type Gap { exchange: Exchange! symbol: String! currency: String! start: DateTime! end: DateTime cause: GapCause! detail: String }
  type LogEntry { timestamp: DateTime! exchange: Exchange symbol: String message: String! }
  type ExchangeInfo { exchange: Exchange! }
  type Market { exchange: Exchange! symbol: String! currency: String! }
  type OrderbookRowEdge { node: OrderbookRow! cursor: String! }
  type OrderbookRowConnection { edges: [OrderbookRowEdge!]! pageInfo: PageInfo! }
  type GapEdge { node: Gap! cursor: String! }
  type GapConnection { edges: [GapEdge!]! pageInfo: PageInfo! }
  type LogEntryEdge { node: LogEntry! cursor: String! }
  type LogEntryConnection { edges: [LogEntryEdge!]! pageInfo: PageInfo! }
  type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
  type Query {
    orderbook(exchange: Exchange!, symbol: String! = "BTC", currency: String! = "KRW", at: DateTime): Orderbook
    orderbookRows(exchange: Exchange!, symbol: String, currency: String, side: Side, from: DateTime, to: DateTime, first: Int = 100, after: String): OrderbookRowConnection!
    collectors(exchange: Exchange): [Collector!]!
    exchanges: [ExchangeInfo!]!
    markets(exchange: Exchange!): [Market!]!
    gaps(exchange: Exchange, symbol: String, currency: String, from: DateTime, to: DateTime, first: Int = 100, after: String): GapConnection!
    logs(exchange: Exchange, symbol: String, first: Int = 100, after: String): LogEntryConnection!
  }
  type Mutation {
    startCollector(exchange: Exchange!, symbol: String! = "BTC", currency: String! = "KRW"): Collector!
    stopCollector(exchange: Exchange!, symbol: String! = "BTC", currency: String! = "KRW"): Collector!
    startExchange(exchange: Exchange!): [Collector!]!
    stopExchange(exchange: Exchange!): [Collector!]!
  }
  type Subscription { orderbook(exchange: Exchange, symbol: String, currency: String): Orderbook! }
`);

/** Everything of a type that can have a description, by name. */
function describable(type: GraphQLNamedType): [name: string, description: unknown][] {
  const found: [string, unknown][] = [[type.name, type.description]];
  if (isEnumType(type)) {
    for (const value of type.getValues()) {
      found.push([`${type.name}.${value.name}`, value.description]);
    }
  }
  if (isObjectType(type)) {
    for (const field of Object.values(type.getFields())) {
      found.push([`${type.name}.${field.name}`, field.description]);
      for (const argument of field.args) {
        found.push([`${type.name}.${field.name}(${argument.name})`, argument.description]);
      }
    }
  }
  return found;
}

describe('schema', () => {
  it('keeps every name, type and default of the contract', () => {
    expect(findBreakingChanges(CONTRACT, schema)).toEqual([]);
  });

  it('is the one in schema.graphql (else: npx tsx src/api/print-schema.ts)', () => {
    expect(schemaText()).toBe(readFileSync('schema.graphql', 'utf8'));
  });

  it('describes every type, field, argument and enum value', () => {
    const ours = Object.values(schema.getTypeMap()).filter(
      (type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type),
    );
    const bare = ours.flatMap(describable).filter(([, description]) => !description);
    expect(bare.map(([name]) => name)).toEqual([]);
  });
});
