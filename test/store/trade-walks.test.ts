import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { compareAllTrades, compareTrades, type Trade } from '../../src/market/trade.js';
import { openEngine } from '../../src/store/engine/open.js';
import type { Rows, Session, WriterSession } from '../../src/store/engine/engine.js';
import type { TradePlace } from '../../src/store/reader-types.js';
import { toTradeRow } from '../../src/store/trades/codec.js';
import { DayTrades } from '../../src/store/trades/day-trades.js';
import { TradeReader } from '../../src/store/trades/trade-reader.js';
import { TradeWriter } from '../../src/store/trades/trade-writer.js';
import { newDatabase, type TestDatabase } from './engines.js';
import { many, T0 } from './trade-support.js';
import { seeded, stored, UPBIT_BTC, UPBIT_ETH, withStore } from './support.js';

const COUNT = 45_000;
const MARKETS = new Map([
  [1, UPBIT_BTC],
  [2, UPBIT_ETH],
]);

let database: TestDatabase;
let writer: WriterSession;
let session: Session;
let trades: Trade[];
/** Packs some of what is single, where the engine packs trades. */
let pack: () => Promise<void>;
/** Writes trades that come later. */
let insert: (more: readonly Trade[]) => Promise<void>;

beforeEach(async () => {
  database = await newDatabase();
  const { path } = database;
  await withStore({ path }, async (store) => {
    // What makes the two markets known.
    store.putTradeSpan({ ...SPAN, market: UPBIT_BTC });
    store.putTradeSpan({ ...SPAN, market: UPBIT_ETH });
    await stored(store);
  });
  const engine = await openEngine(path);
  writer = await engine.openWriter({});
  const packer = new TradeWriter(writer);
  const idOf = (market: object): number => (market === UPBIT_BTC ? 1 : 2);
  let sequence = 0;
  trades = many(COUNT, () => ++sequence).map((trade, i) =>
    i % 3 === 0 ? { ...trade, market: UPBIT_ETH } : trade,
  );
  insert = async (more) => {
    await writer.makeRoom(more[0]!.sequence, more.at(-1)!.sequence, T0);
    for (let at = 0; at < more.length; at += 5_000) {
      const rows = more.slice(at, at + 5_000).map((trade) => toTradeRow(trade, idOf(trade.market)));
      await packer.insert(rows);
    }
  };
  await insert(trades);
  pack = async () => {
    if (writer.dialect.packsTrades) await packer.pack(Number.MAX_SAFE_INTEGER);
  };
  session = await engine.openReader();
});
afterEach(async () => {
  await session.close();
  await writer.finish();
  await database.remove();
});

const SPAN = {
  start: T0,
  end: T0 + 1,
  completeness: 'UNPROVEN',
  cause: null,
  detail: null,
  checked: false,
} as const;

const bySequence = (some: readonly Trade[]): number[] =>
  some.map(({ sequence }) => sequence).sort((a, b) => a - b);

/** All of some pieces, while trades are packed, and others written, between two of them. */
async function gathered<T>(pieces: AsyncIterable<T[]>): Promise<{ all: T[]; longest: number }> {
  const all: T[] = [];
  let longest = 0;
  let sequence = COUNT;
  for await (const piece of pieces) {
    longest = Math.max(longest, piece.length);
    for (const trade of piece) all.push(trade);
    for (let i = 0; i < 4; i++) await pack();
    await insert(many(50, () => ++sequence, seeded(sequence)));
  }
  return { all, longest };
}

describe('trades that came faster than they were packed', () => {
  it('reads no more single trades for a page than it may need', async () => {
    let most = 0;
    const counting = Object.create(session, {
      snapshot: {
        value: (work: (rows: Rows) => Promise<unknown>) =>
          session.snapshot((rows) =>
            work(async (query) => {
              const found = await rows(query);
              most = Math.max(most, found.length);
              return found;
            }),
          ),
      },
    }) as Session;
    const reader = new TradeReader(counting);
    const ofMarket = trades.filter(({ market }) => market === UPBIT_ETH).sort(compareTrades);
    const got: Trade[] = [];
    let after: TradePlace | undefined;
    for (let more = true; more;) {
      const page = await reader.page(2, UPBIT_ETH, { after, limit: 900 });
      got.push(...page.items);
      const last = page.items.at(-1)!;
      after = { time: last.exchangeTimestamp, sequence: last.sequence };
      more = page.more;
    }
    expect(got.map(({ sequence }) => sequence)).toEqual(ofMarket.map(({ sequence }) => sequence));
    expect(most).toBeLessThan(2_500);
  });

  it('are read for the archive in pieces, each once, though they are packed meanwhile', async () => {
    const day = await DayTrades.at(session, { from: 1, receivedBefore: T0 + 1e12 });
    const { all, longest } = await gathered(day.pieces());
    expect(bySequence(all.map(({ trade }) => trade))).toEqual(bySequence(trades));
    expect(longest).toBeLessThan(COUNT / 2);
    expect([day.newest, day.unseenFrom]).toEqual([COUNT, Infinity]);
  }, 60_000);

  it('are exported in pieces, each once and in order, though they are packed meanwhile', async () => {
    const { all, longest } = await gathered(new TradeReader(session).sweep(MARKETS, {}));
    expect(bySequence(all)).toEqual(bySequence(trades));
    expect(all).toEqual([...all].sort(compareAllTrades));
    expect(longest).toBeLessThan(COUNT / 1.5);
    const [from, to] = [T0 + 1_000_000, T0 + 3_000_000];
    const part = await gathered(new TradeReader(session).sweep(MARKETS, { from, to }));
    const wanted = trades.filter(({ exchangeTimestamp: time }) => time >= from && time < to);
    expect(bySequence(part.all.filter(({ sequence }) => sequence <= COUNT))).toEqual(
      bySequence(wanted),
    );
  }, 60_000);
});
