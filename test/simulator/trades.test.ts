import { afterEach, describe, expect, it } from '@jest/globals';
import { BookLevel, StillBook } from '../../src/simulator/book/book.js';
import { unitsFromText } from '../../src/simulator/book/number-text.js';
import { startControl } from '../../src/simulator/control.js';
import { Random } from '../../src/simulator/random.js';
import type { SimulatorOptions } from '../../src/simulator/simulator.js';
import { fillsOf, ordersBetween, take } from '../../src/simulator/trade/order.js';
import { Tape } from '../../src/simulator/trade/tape.js';
import { KST_AHEAD_MS, ticksPage } from '../../src/simulator/ticket/history.js';
import { firstTradeId, type SentTrade, type Trade } from '../../src/simulator/trade/trade.js';
import { startUpbitSimulator, type UpbitSimulator } from '../../src/simulator/upbit/server.js';
import { RawClient, until } from './raw-client.js';

/** What the trades of every simulator share, shown on Upbit's. */

let running: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(running.map((one) => one.close()));
  running = [];
});

async function start(options: SimulatorOptions = {}): Promise<UpbitSimulator> {
  const simulator = await startUpbitSimulator({ rate: 0, limits: false, ...options });
  running.push(simulator);
  return simulator;
}

interface Frame {
  type: string;
  timestamp: number;
  trade_timestamp: number;
  trade_price: number;
  trade_volume: number;
  ask_bid: string;
  sequential_id: string;
  stream_type: string;
  orderbook_units: { ask_price: number; ask_size: number; bid_price: number; bid_size: number }[];
}

/** Frames so far, with ids as text. */
function frames(client: RawClient): Frame[] {
  return client.frames.map(({ text }) => parse<Frame>(text));
}

/** As JSON, with ids as text. */
function parse<T>(text: string): T {
  return JSON.parse(text.replace(/"sequential_id":(-?\d+)/g, '"sequential_id":"$1"')) as T;
}

/** A client that has the SNAPSHOT of the trades (and of the book, if it wants that, too). */
async function following(simulator: UpbitSimulator, book = false): Promise<RawClient> {
  const client = await RawClient.open(simulator.wsUrl);
  const codes = ['KRW-BTC'];
  const types = [...(book ? [{ type: 'orderbook', codes }] : []), { type: 'trade', codes }];
  client.send([{ ticket: 't' }, ...types]);
  await client.take(types.length);
  return client;
}

async function ticks(simulator: UpbitSimulator, count = 500): Promise<Frame[]> {
  const url = `${simulator.restUrl}/v1/trades/ticks?market=KRW-BTC&count=${count}`;
  return parse<Frame[]>(await (await fetch(url)).text());
}

const live = (simulator: UpbitSimulator): SentTrade[] =>
  simulator.trades.of('BTC-KRW').filter(({ history }) => !history);

const level = (price: string, volume: string): BookLevel =>
  new BookLevel(unitsFromText(price), unitsFromText(volume));
const texts = (levels: readonly BookLevel[]): unknown => levels.map(({ text }) => text);

describe('orders', () => {
  it('explain what the best levels lost, and nothing else', () => {
    const worse = level('103', '5');
    const before = new StillBook(
      [level('101', '2'), level('102', '3'), worse],
      [level('100', '1'), level('99', '4')],
    );
    const after = new StillBook([level('102', '1'), worse], [level('100', '7'), level('99', '1')]);
    const orders = ordersBetween(before, after);
    expect(orders.map(({ side, taken }) => [side, texts(taken)])).toEqual([
      ['buy', [['101', '2'], ['102', '2']]], // prettier-ignore
    ]);
    expect(ordersBetween(before, before)).toEqual([]);
  });

  it('are split into trades that add up, none of them empty', () => {
    const random = new Random(1);
    for (let i = 1; i < 300; i++) {
      const taken = [new BookLevel(100n, BigInt(i)), new BookLevel(101n, BigInt(i) ** 5n)];
      const fills = fillsOf(taken, 1 + (i % 40), random);
      for (const { price, volume } of taken) {
        const parts = fills.filter((fill) => fill.price === price);
        expect(parts.reduce((sum, fill) => sum + fill.volume, 0n)).toBe(volume);
        expect(parts.every((fill) => fill.volume > 0n)).toBe(true);
      }
    }
  });

  it('walk down a side, and take no more than rests there', () => {
    const side = [level('101', '2'), level('102', '3')];
    const { fills, left } = take(side, [unitsFromText('1'), unitsFromText('2')]);
    expect(texts(fills)).toEqual([['101', '1'], ['101', '1'], ['102', '1']]); // prettier-ignore
    expect(texts(left)).toEqual([['102', '2']]);
    expect(() => take(side, [unitsFromText('6')])).toThrow('less than that rests');
    expect(() => take(side, [0n])).toThrow('greater than 0');
  });
});

describe('a tape', () => {
  const trade = (ms: number, volume: string): Trade => ({
    ...{ id: `${ms}`, ms, side: 'buy', level: level('100', volume) },
    ...{ history: false, fault: null, live: 0, rest: false },
  });

  it('never goes back in time, and numbers the trades of one ms', () => {
    const tape = new Tape(new StillBook([], []), 10);
    const moments = [5, 5, 3, 5, 6].map((ms) => tape.moment(ms, 3));
    expect(moments.map(({ ms, n }) => `${ms}.${n}`)).toEqual(['5.0', '5.1', '5.2', '6.0', '6.1']);
  });

  it('keeps its sums exact when its oldest trades are dropped', () => {
    const tape = new Tape(new StillBook([], []), 10);
    for (let i = 0; i < 100; i++) tape.add(trade(60_000 + i, '0.1'));
    expect(tape.trades.length).toBeLessThanOrEqual(10);
    expect(tape.tally).toMatchObject({ count: 100, volume: '10' });
    expect(tape.candles(0, Infinity)).toMatchObject([
      { minute: 60_000, volume: unitsFromText('10'), amount: unitsFromText('1000'), last: 60_099 },
    ]);
  });
});

describe('pages of /v1/trades/ticks', () => {
  const DAY = 86_400_000;
  const restId = ({ id }: Trade): string => id;

  it.each([
    ['in UTC', { days: 'days_ago', ahead: 0, restId }],
    ['in Korea', { days: 'daysAgo', ahead: KST_AHEAD_MS, restId }],
  ])('end at a time of day, today or days ago, %s', (_, dialect) => {
    const now = Date.now() + dialect.ahead;
    const midnight = now - (now % DAY) - dialect.ahead;
    const tape = new Tape(new StillBook([], []), 10);
    const times = [-2 * DAY, -DAY - 1, -DAY, -1000, -1, 0].map((offset) => midnight + offset);
    for (const ms of times) {
      tape.add({
        ...{ id: `${ms}`, ms, side: 'buy', level: level('1', '1') },
        ...{ history: false, fault: null, live: 0, rest: false },
      });
    }
    const page = (query: string): number[] | undefined =>
      ticksPage(tape, new URLSearchParams(`count=500&${query}`), dialect)?.map(({ ms }) => ms);
    const newest = (count: number): number[] => times.slice(0, count).reverse();
    expect(page('')).toEqual(newest(6));
    expect(page('to=000000')).toEqual(newest(5));
    expect(page(`to=23:59:59&${dialect.days}=1`)).toEqual(newest(3));
    expect(page(`${dialect.days}=1`)).toEqual(newest(5));
    expect(page(`${dialect.days}=2`)).toEqual(newest(2));
    expect(page(`cursor=${times[2]}`)).toEqual(newest(2));
    expect(page(`${dialect.days}=8`)).toBeUndefined();
  });
});

describe('trades of a simulator', () => {
  it('begin their counters above those of an earlier start', async () => {
    const first = firstTradeId(25_441_720);
    expect(first).toBeGreaterThan(25_441_720);
    const start = Date.now();
    await until(() => Date.now() >= start + 20, 'a later start');
    expect(firstTradeId(25_441_720)).toBeGreaterThan(first);
  });

  it('are none where a market has never traded', async () => {
    const upbit = await start({ pairs: ['USDS-KRW'], timing: { snapshotDelayMs: 0 } });
    const client = await RawClient.open(upbit.wsUrl);
    client.send('[{"ticket":"t"},{"type":"trade","codes":["KRW-USDS"]}]');
    await client.settle();
    expect(client.frames).toHaveLength(0);
    const reply = await fetch(`${upbit.restUrl}/v1/trades/ticks?market=KRW-USDS`);
    expect(await reply.json()).toEqual([]);
    upbit.trade('USDS-KRW');
    await client.take(1);
  });

  it('do not exist before somebody asks for them, and change no book', async () => {
    const book = async (traded: boolean): Promise<unknown> => {
      const upbit = await start({ seed: 3 });
      if (traded) await ticks(upbit);
      upbit.step('BTC-KRW', 50);
      expect(upbit.trades.markets().size).toBe(traded ? 1 : 0);
      const reply = await fetch(`${upbit.restUrl}/v1/orderbook?markets=KRW-BTC`);
      return ((await reply.json()) as Frame[])[0]!.orderbook_units;
    };
    expect(await book(true)).toEqual(await book(false));
  });

  it('take what lay at the best level of the book sent before, and the book after shows it', async () => {
    const upbit = await start();
    const client = await following(upbit, true);
    upbit.step('BTC-KRW', 300);
    await client.settle();
    const all = frames(client);
    let trades = 0;
    let book = all[0]!;
    for (let i = 2; i < all.length; i++) {
      if (all[i]!.type === 'orderbook') {
        book = all[i]!;
        continue;
      }
      const next = all.slice(i).find(({ type }) => type === 'orderbook')!;
      const { trade_price: price, ask_bid: side } = all[i]!;
      const size = ({ orderbook_units: units }: Frame): number =>
        side === 'BID'
          ? (units.find((unit) => unit.ask_price === price)?.ask_size ?? 0)
          : (units.find((unit) => unit.bid_price === price)?.bid_size ?? 0);
      const best = book.orderbook_units
        .slice(0, 3)
        .map((unit) => (side === 'BID' ? unit.ask_price : unit.bid_price));
      expect(best).toContain(price);
      const sum = all
        .slice(all.indexOf(book), all.indexOf(next))
        .filter((f) => f.type === 'trade' && f.trade_price === price && f.ask_bid === side)
        .reduce((total, f) => total + f.trade_volume, 0);
      expect(size(book) - size(next)).toBeCloseTo(sum, 7);
      trades += 1;
    }
    expect(trades).toBeGreaterThan(30);
    expect(trades).toBe(live(upbit).length);
  });

  it('are in the ledger exactly as they went out, live and by REST', async () => {
    const upbit = await start();
    const client = await following(upbit);
    upbit.setBook('BTC-KRW', [['101000', '2'], ['102000', '3']], [['100000', '1']]); // prettier-ignore
    upbit.trade('BTC-KRW', 'buy', ['0.5', '2']);
    upbit.trade('BTC-KRW', 'sell', ['0.00000001']);
    await client.take(5);
    const ledger = live(upbit);
    expect(ledger.map(({ side, price, volume }) => [side, price, volume])).toEqual([
      ['buy', '101000', '0.5'],
      ['buy', '101000', '1.5'],
      ['buy', '102000', '0.5'],
      ['sell', '100000', '0.00000001'],
    ]);
    expect(frames(client).slice(1).map((f) => f.sequential_id)).toEqual(ledger.map((t) => t.id)); // prettier-ignore
    expect((await ticks(upbit, 4)).map((row) => row.sequential_id).reverse()).toEqual(
      ledger.map((t) => t.restId),
    );
    expect(live(upbit).every((t) => t.live === 1 && t.rest && t.fault === null)).toBe(true);
    expect(upbit.trades.markets().get('BTC-KRW')).toEqual({
      ...{ count: 4, live: 4, volume: '2.50000001', lastId: ledger[3]!.id },
    });
    expect(() => upbit.trade('BTC-KRW', 'sell', ['1'])).toThrow('less than that rests');
  });

  it('go wrong one by one as asked', async () => {
    const upbit = await start();
    const client = await following(upbit);
    const kinds = ['hole', 'restHole', 'duplicate', 'late', 'wrongSide', 'restDisagrees', 'wildTime', 'unknownSide', 'priceZero', 'idLeap', 'idBack', 'idReuse']; // prettier-ignore
    for (const kind of kinds) upbit.faults.tradeFault('BTC-KRW', kind);
    upbit.setBook('BTC-KRW', [['101000', '1000']], [['100000', '1']]);
    for (let i = 0; i <= kinds.length; i++) upbit.trade('BTC-KRW', 'buy', ['1']);
    await client.take(1 + kinds.length + 1);
    const ledger = live(upbit);
    expect(ledger.map(({ fault }) => fault)).toEqual([...kinds, null]);
    const of = (kind: string): SentTrade => ledger[kinds.indexOf(kind)]!;
    const sent = frames(client).slice(1);
    const ids = sent.map((frame) => frame.sequential_id);
    expect(ids).not.toContain(of('hole').id);
    expect(ids.slice(0, 5)).toEqual([
      ...[of('restHole').id, of('duplicate').id, of('duplicate').id],
      ...[of('wrongSide').id, of('late').id],
    ]);
    const frameOf = (kind: string): Frame => sent.find((f) => f.sequential_id === of(kind).id)!;
    expect(frameOf('wrongSide').ask_bid).toBe('ASK');
    expect(of('wrongSide').side).toBe('buy');
    expect(frameOf('unknownSide').ask_bid).toBe('NONE');
    expect(frameOf('priceZero').trade_price).toBe(0);
    expect(of('unknownSide').side).toBeNull();
    expect(of('priceZero').price).toBe('0');
    const usual = BigInt(of('priceZero').id);
    expect(BigInt(of('idLeap').id) - usual).toBeGreaterThan(9_000_000n);
    expect(usual - BigInt(of('idBack').id)).toBeGreaterThan(5_000_000n);
    expect(of('idReuse').id).toBe(of('idBack').id);
    const rows = await ticks(upbit, 13);
    const rowOf = (kind: string): Frame | undefined =>
      rows.find((row) => row.sequential_id === of(kind).restId);
    expect(rowOf('restHole')).toBeUndefined();
    expect(rowOf('hole')).toBeDefined();
    expect(rowOf('wrongSide')!.ask_bid).toBe('BID');
    expect(rowOf('restDisagrees')!.trade_volume).toBe(2);
    expect(rowOf('wildTime')!.timestamp).toBeLessThan(of('wildTime').ms - 1e11);
    expect(() => upbit.faults.tradeFault('BTC-KRW', 'hiccup')).toThrow('one of: hole, restHole');
  });

  it('are lost by chance, and forgotten by REST, when asked', async () => {
    const upbit = await start();
    const client = await following(upbit);
    upbit.faults.dropTrades(1);
    upbit.burst('BTC-KRW', 5);
    upbit.faults.dropTrades(0);
    upbit.burst('BTC-KRW', 3);
    await client.take(4);
    expect(live(upbit).map((trade) => trade.live)).toEqual([0, 0, 0, 0, 0, 1, 1, 1]);
    expect(await ticks(upbit)).toHaveLength(38);
    upbit.faults.forgetTrades('BTC-KRW');
    upbit.burst('BTC-KRW', 2);
    expect(await ticks(upbit)).toHaveLength(2);
  });

  it('come in bursts of equal trades of one ms', async () => {
    const upbit = await start();
    const client = await following(upbit);
    upbit.burst('BTC-KRW', 100);
    await client.take(101);
    const burst = frames(client).slice(1);
    const alike = new Set(
      burst.map((f) => [f.trade_timestamp, f.trade_price, f.trade_volume, f.ask_bid].join()),
    );
    expect(alike.size).toBe(1);
    expect(new Set(burst.map((f) => f.sequential_id)).size).toBe(100);
  });

  it('live by themselves at a rate, every one of them sent', async () => {
    const upbit = await start({ rate: 20 });
    const client = await following(upbit);
    await until(() => live(upbit).length > 60, 'sixty trades', 20_000);
    await until(() => {
      const sent = new Set(frames(client).map((frame) => frame.sequential_id));
      return live(upbit).slice(0, 60).every(({ id }) => sent.has(id)); // prettier-ignore
    }, 'their frames');
  }, 30_000);

  it('are worked and read over the control port', async () => {
    const upbit = await start();
    const control = await startControl([upbit]);
    running.push(control);
    const post = async (call: string, args: unknown[]): Promise<number> => {
      const body = JSON.stringify(args);
      return (await fetch(`${control.url}/upbit/${call}`, { method: 'POST', body })).status;
    };
    expect(await post('burst', ['BTC-KRW', 3])).toBe(200);
    expect(await post('trade', ['BTC-KRW', 'buy', ['0.00000001']])).toBe(200);
    expect(await post('trade', ['BTC-KRW', 'up'])).toBe(400);
    expect(await post('tradeFault', ['BTC-KRW', 'hiccup'])).toBe(400);
    const get = async (path: string): Promise<unknown> => (await fetch(control.url + path)).json();
    const { trades } = (await get('/ledger/upbit/BTC-KRW')) as { trades: SentTrade[] };
    expect(trades).toEqual(upbit.trades.of('BTC-KRW'));
    const counts = Object.fromEntries(upbit.trades.markets());
    expect(await get('/ledger')).toMatchObject({
      UPBIT: { 'BTC-KRW': { frames: 0, trades: counts['BTC-KRW'], last: null } },
    });
  });
});
