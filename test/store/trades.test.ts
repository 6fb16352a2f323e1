import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { stat } from 'node:fs/promises';
import { marketKey } from '../../src/market/market.js';
import { compareTrades, type ReadTrade, type Trade } from '../../src/market/trade.js';
import type { Cell } from '../../src/store/engine/engine.js';
import { raw, sql } from '../../src/store/engine/sql.js';
import type { Store } from '../../src/store/store-types.js';
import { Writer } from '../../src/store/writer.js';
import { packTrades, toTradeRow, unpackTrades } from '../../src/store/trades/codec.js';
import { readWaiting, WaitingTrades } from '../../src/store/trades/waiting-trades.js';
import { ENGINE, itOnSqlite, newDatabase, type TestDatabase } from './engines.js';
import { NOTHING, stored, UPBIT_BTC, UPBIT_ETH, withStore } from './support.js';
import { many, T0, trade } from './trade-support.js';

let database: TestDatabase;
let path: string;

beforeEach(async () => {
  database = await newDatabase();
  path = database.path;
});
afterEach(() => database.remove());

/** Trades as the writer takes them. */
function waiting(trades: readonly Trade[]): Uint8Array<ArrayBuffer> | null {
  const gathered = new WaitingTrades();
  for (const one of trades) gathered.add(one);
  return gathered.rows();
}

async function rowsOf(query: string): Promise<Cell[][]> {
  const session = await database.session();
  const rows = await session.rows(sql`${raw(query)}`);
  await session.close();
  return rows;
}

async function allOf(store: Store, limit: number): Promise<Trade[]> {
  const all: Trade[] = [];
  for (let after: { time: number; sequence: number } | undefined; ;) {
    const page = await store.reader.trades({ market: UPBIT_BTC, after, limit });
    all.push(...page.items);
    if (!page.more) return all;
    const last = page.items.at(-1)!;
    after = { time: last.exchangeTimestamp, sequence: last.sequence };
  }
}

describe('trades on their way to the writer', () => {
  it('are the same there, whatever their market, id, time and numbers', () => {
    const strange = { exchange: 'UPBIT', symbol: 'A"\\é한', currency: 'KRW' } as const;
    const trades = [
      trade({ sequence: 1, tradeId: '17883351803770004', messageTimestamp: null }),
      trade({ sequence: 2, tradeId: 'a "b"\\ 체결', market: strange, exchangeTimestamp: -5 }),
      trade({ sequence: 2 ** 53 - 1, price: '123456789012345678901234567890.5', side: 'sell' }),
    ];
    const rows = readWaiting(waiting(trades));
    const expected = trades.map((one) => toTradeRow(one, 7).with(1, marketKey(one.market)));
    expect(rows).toEqual(expected);
    expect(waiting([])).toBeNull();
  });
});

describe('a block of trades', () => {
  it('gives back every trade exactly, whatever its id, time and numbers', () => {
    const trades = [
      trade({ sequence: 90, tradeId: '17883351803770004', exchangeTimestamp: T0 }),
      trade({ sequence: 12, tradeId: '862683813820523888', idKind: 'STREAM', origin: 'SNAPSHOT' }),
      trade({ sequence: 13, tradeId: '9223372036854775807', messageTimestamp: null }),
      trade({ sequence: 14, tradeId: '9223372036854775808', side: 'sell' }),
      trade({ sequence: 15, tradeId: '0007', volume: '0.0000000000000000001' }),
      trade({ sequence: 16, tradeId: 'a "b" t:', price: '123456789012345678901234567890.5' }),
      trade({ sequence: 17, resolutionMs: 1000, timestamp: T0 - 5_000, side: 'sell' }),
      trade({ sequence: 18, origin: 'BACKFILL', idKind: 'REST', exchangeTimestamp: T0 - 7 }),
    ];
    const { block, packed } = packTrades(trades);
    expect(packed).toEqual([...trades].sort(compareTrades));
    expect(block.low).toBe(12);
    expect(block.high).toBe(90);
    expect(unpackTrades(block, UPBIT_BTC)).toEqual(packed);
  });

  it('takes as many as fit on a page, and leaves the others', () => {
    let sequence = 100;
    const trades = many(400, () => (sequence += 7)).reverse();
    const { block, packed } = packTrades(trades);
    expect(packed.length).toBeGreaterThan(80);
    expect(packed.length).toBeLessThan(400);
    expect(unpackTrades(block, UPBIT_BTC)).toEqual(packed);
  });
});

describe('stored trades', () => {
  it('come back in order of time and id over pages of any size, packed or not', async () => {
    await withStore({ path }, async (store) => {
      const trades = many(1000, () => store.sequences.next());
      // A hole that is filled later: sequences no longer follow the times.
      const late = trades.splice(300, 50);
      for (const one of trades) store.putTrade(one);
      await stored(store);
      for (const one of late) store.putTrade({ ...one, sequence: store.sequences.next() });
      await stored(store);
      for (let i = 0; i < 12; i++) {
        store.putTrade(trade({ market: UPBIT_ETH, sequence: store.sequences.next() }));
        await stored(store);
      }
      const all = await allOf(store, 7);
      expect(all).toHaveLength(1000);
      expect(all).toEqual([...all].sort(compareTrades));
      expect(await allOf(store, 5000)).toEqual(all);
      const window = { from: all[200]!.exchangeTimestamp, to: all[700]!.exchangeTimestamp };
      const page = await store.reader.trades({ market: UPBIT_BTC, ...window, limit: 5000 });
      expect(page.items).toEqual(
        all.filter(({ exchangeTimestamp: time }) => time >= window.from && time < window.to),
      );
      expect(store.stats().storedTrades).toBe(1012);
    });
    // A server keeps them single.
    const [[blocks]] = (await rowsOf('SELECT count(*) FROM trade_block')) as [[number]];
    if (ENGINE === 'SQLite') expect(blocks).toBeGreaterThan(4);
    else expect(blocks).toBe(0);
  });

  it('come once each in order of sequence behind any sequence', async () => {
    await withStore({ path }, async (store) => {
      const trades = many(700, () => store.sequences.next());
      for (const one of trades) store.putTrade(one);
      await stored(store);
      store.putTrade(trade({ sequence: store.sequences.next(), tradeId: 'last' }));
      await stored(store);
      const patterns = [UPBIT_BTC];
      const found: Trade[] = [];
      for (let after = 0; ;) {
        const page = await store.reader.tradesAfter({ patterns, after, limit: 60 });
        found.push(...page.items);
        after = page.reached;
        if (!page.more) break;
      }
      expect(found.map(({ sequence }) => sequence)).toEqual(
        [...found].map(({ sequence }) => sequence).sort((a, b) => a - b),
      );
      expect(found).toHaveLength(701);
    });
  });

  it('tell of which markets trades are recorded, those without one yet included', async () => {
    await withStore({ path }, async (store) => {
      const stopped = { ...UPBIT_BTC, symbol: 'XRP' };
      const booksAlone = { ...UPBIT_BTC, symbol: 'SOL' };
      for (const market of [UPBIT_BTC, UPBIT_ETH, booksAlone]) store.setRecording(market, true);
      for (const market of [UPBIT_BTC, stopped])
        store.putTrade(trade({ sequence: store.sequences.next(), market }));
      const known = {
        completeness: 'UNPROVEN',
        cause: null,
        detail: null,
        checked: false,
      } as const;
      store.putTradeSpan({ market: UPBIT_ETH, start: T0, end: T0 + 1, ...known });
      await stored(store);
      const found = (await store.reader.marketsWithTrades()).map(marketKey).sort();
      expect(found).toEqual([UPBIT_BTC, UPBIT_ETH].map(marketKey));
    });
  });

  it('are the rows of the view `trade`, digit for digit', async () => {
    const written: Trade[] = [];
    await withStore({ path }, async (store) => {
      written.push(...many(500, () => store.sequences.next()));
      written.push(
        trade({
          sequence: store.sequences.next(),
          tradeId: 'x1',
          price: '0.000000000000000000012',
          volume: '123456789012345678901.5',
          side: 'sell',
          exchangeTimestamp: T0 - 100,
        }),
      );
      for (const one of written) store.putTrade(one);
      await stored(store);
      store.putTrade(trade({ market: UPBIT_ETH, sequence: store.sequences.next() }));
      await stored(store);
    });
    const columns = 'exchange, symbol, currency, timestamp, side, price, volume, trade_id';
    const rows = await rowsOf(`SELECT ${columns} FROM trade WHERE symbol = 'BTC'`);
    expect((await rowsOf('SELECT * FROM trade LIMIT 1'))[0]).toHaveLength(8);
    const expected = written.map(({ timestamp, side, price, volume, tradeId }) => [
      ...['UPBIT', 'BTC', 'KRW', timestamp, side, price, volume, tradeId],
    ]);
    const byId = (a: unknown[], b: unknown[]): number => (String(a[7]) < String(b[7]) ? -1 : 1);
    expect(rows.sort(byId)).toEqual(expected.sort(byId));
  });

  itOnSqlite('take 40 bytes each or less', async () => {
    const count = 20_000;
    await withStore({ path, flushMs: 1 }, async (store) => {
      let sequence = 0;
      // Other markets and the books take most of the sequences.
      const trades = many(count, () => (sequence += 40));
      for (let at = 0; at < count; at += 500) {
        for (const one of trades.slice(at, at + 500)) store.putTrade(one);
        await stored(store);
      }
      for (let i = 0; i < 30; i++) {
        store.putTrade(trade({ market: UPBIT_ETH, sequence: (sequence += 40) }));
        await stored(store);
      }
    });
    const [[pages, size, free]] = (await rowsOf(
      'SELECT page_count, page_size, freelist_count FROM pragma_page_count, pragma_page_size, pragma_freelist_count',
    )) as [[number, number, number]];
    const empty = 200 * 1024;
    expect(((pages - free) * size - empty) / count).toBeLessThanOrEqual(40);
    expect((await stat(path)).size).toBeGreaterThan(0);
  });

  it('are known again by id and contents, equal ones of a REST history by number', async () => {
    await withStore({ path }, async (store) => {
      const at = T0 + 500;
      const put = (part: Partial<Trade>): void =>
        store.putTrade(trade({ sequence: store.sequences.next(), exchangeTimestamp: at, ...part }));
      put({ tradeId: '1' });
      put({ tradeId: '2', idKind: 'STREAM' });
      put({ tradeId: '3', idKind: 'STREAM' });
      const asked = (part: Partial<ReadTrade>): ReadTrade => {
        const { tradeId, idKind, side, price, volume, exchangeTimestamp } = trade({
          sequence: 0,
          exchangeTimestamp: at,
          ...part,
        });
        const more = { resolutionMs: 1, messageTimestamp: null };
        return { tradeId, idKind, side, price, volume, exchangeTimestamp, ...more };
      };
      const unknown = async (...parts: Partial<ReadTrade>[]) =>
        (await store.unknownTrades(UPBIT_BTC, parts.map(asked))).map(({ tradeId }) => tradeId);
      expect(await unknown({ tradeId: '1' }, { tradeId: '4' })).toEqual(['4']);
      // The id again with another price is another trade.
      expect(await unknown({ tradeId: '1', price: '5' })).toEqual(['1']);
      // Of a history it is the same one, unless that has the stored one as well.
      const byId = async (...parts: Partial<ReadTrade>[]) =>
        (await store.unknownTrades(UPBIT_BTC, parts.map(asked), true)).map(({ price }) => price);
      expect(await byId({ tradeId: '1', price: '5' })).toEqual([]);
      expect(await byId({ tradeId: '1', price: '5' }, { tradeId: '1' })).toEqual(['5']);
      expect(await byId({ tradeId: '4', price: '5' })).toEqual(['5']);
      // Three are stored; the history has five.
      const rest = { tradeId: 'R', idKind: 'REST' as const };
      expect(await unknown(rest, rest, rest, rest, rest)).toEqual(['R', 'R']);
      put({ tradeId: 'R', idKind: 'REST' });
      put({ tradeId: 'R', idKind: 'REST' });
      expect(await unknown(rest, rest, rest, rest, rest)).toEqual([]);
      // The stream tells of one that was filled from the history.
      expect(await unknown({ tradeId: '9', idKind: 'STREAM' })).toEqual([]);
      expect((await store.newestTrade(UPBIT_BTC))!.exchangeTimestamp).toBe(at);
    });
  });

  it('begin behind all sequences of an earlier run that had trades alone', async () => {
    let last = 0;
    await withStore({ path, sequenceBlock: 10 }, async (store) => {
      for (const one of many(300, () => (last = store.sequences.next()))) store.putTrade(one);
    });
    await withStore({ path }, async (store) => {
      expect(store.sequences.next()).toBeGreaterThan(last);
    });
  });

  itOnSqlite(
    'are deleted up to a bound, a whole block at a time, unless an archive has to take them first',
    async () => {
      const sequences = { last: 0 };
      const trades = many(330, () => ++sequences.last);
      for (const archived of [0, 1e9]) {
        const first = archived === 0;
        const writer = new Writer({ path });
        await writer.open(1000);
        const parts = [trades, [trade({ sequence: 400 })], [trade({ sequence: 401 })]];
        for (const part of first ? parts : []) {
          await writer.write({ ...NOTHING, trades: waiting(part) });
        }
        const bound = { sequence: 400, time: T0 + 1e9, trades: archived };
        let cursor: number | null = 0;
        while (cursor !== null) {
          cursor = (await writer.retireStep(bound, cursor)).cursor;
        }
        await writer.close(1000);
        await withStore({ path }, async (store) => {
          const left = (await allOf(store, 1000)).map(({ sequence }) => sequence);
          expect(left).toHaveLength(first ? 332 : 2);
        });
      }
    },
  );

  itOnSqlite('are deleted by age and by size where no books are recorded', async () => {
    const sequences = { last: 0 };
    const trades = many(16_000, () => ++sequences.last);
    const writer = new Writer({ path });
    await writer.open(1000);
    for (let i = 0; i < trades.length; i += 160) {
      await writer.write({ ...NOTHING, trades: waiting(trades.slice(i, i + 160)) });
    }
    const retire = async (bound: Awaited<ReturnType<Writer['retireSlice']>>): Promise<void> => {
      for (let cursor: number | null = 0; cursor !== null;) {
        cursor = (await writer.retireStep(bound!, cursor)).cursor;
      }
    };
    const middle = trades[3_000]!.exchangeTimestamp;
    const by = await writer.retireBefore(middle, T0 + 1e9, null);
    await retire(by);
    const left = async (): Promise<number> =>
      Number((await rowsOf('SELECT count(*) FROM trade'))[0]![0]);
    const count = await left();
    expect(count).toBeGreaterThanOrEqual(13_000);
    expect(count).toBeLessThan(13_400);
    const slice = await writer.retireSlice(null);
    await retire(slice);
    expect(await left()).toBeLessThan(count - 5_000);
    // All that is left is little: there is no further slice, and no endless loop.
    let slices = 0;
    for (let bound = slice; bound !== null && slices < 10; slices++)
      bound = await writer.retireSlice(null);
    expect(slices).toBeLessThan(10);
    await writer.close(1000);
  });
});
