import { describe, expect, it, jest } from '@jest/globals';
import { type BookEvent, Bus } from '../../src/bus.js';
import type { Gap } from '../../src/market/gap.js';
import { MarketHandle } from '../../src/market/market.js';
import type { Trade } from '../../src/market/trade.js';
import type { Span, TradeLoss } from '../../src/market/trade-span.js';
import { ExchangePublisher } from '../../src/nats/exchange-publisher.js';
import { HeardFills } from '../../src/nats/heard-fills.js';
import { LogBooks } from '../../src/nats/log-books.js';
import { decodeBook, decodeMessage, type GapMessage } from '../../src/nats/messages.js';
import { eventually } from '../helpers/wait.js';
import { describeWithNats } from '../nodes/nats-server.js';
import { bookAt, MARKET, natsLog } from './support.js';

const OTHER = new MarketHandle('GOPAX', { symbol: 'ETH', currency: 'KRW' });

const gap = (start: number, end: number | null): Gap => {
  return { market: MARKET, start, end, cause: 'DISCONNECTED', detail: null, attempts: 0 };
};
const tradeOf = (tradeId: string): Trade => ({
  market: OTHER,
  tradeId,
  idKind: 'EXCHANGE',
  side: 'buy',
  price: '100',
  volume: '0.1',
  exchangeTimestamp: 1_000,
  resolutionMs: 1,
  messageTimestamp: null,
  timestamp: 1_000,
  sequence: 1,
  origin: 'LIVE',
});

describe('a sign of life', () => {
  it('does not vouch for a time of which a gap is not yet in the log', async () => {
    jest.useFakeTimers();
    try {
      const bus = new Bus();
      const waiting: { text: string; settle: () => void }[] = [];
      let seq = 0;
      const settled = (text: string, settle: (outcome: object) => void) =>
        waiting.push({
          text,
          settle: () => settle({ kind: 'STORED', seq: ++seq, duplicate: false }),
        });
      let now = 10_000;
      let stoodStill = false;
      const publisher = new ExchangePublisher({
        ...{ exchange: 'GOPAX', node: 'a', bus, snapshotEveryMs: 60_000, books: true },
        stream: { last: async () => null, lastOfEach: async () => [] },
        writer: {
          put: async () => ({ kind: 'STORED', seq: ++seq, duplicate: false }),
          write: ({ data }: { data: Uint8Array }, settle: () => void) =>
            settled(Buffer.from(data).toString(), settle),
        },
        now: () => {
          // As the watch does: who asks for the time notices the standstill first.
          if (stoodStill) {
            stoodStill = false;
            const gap = {
              start: 11_000,
              end: null,
              cause: 'STANDSTILL',
              detail: null,
              attempts: 0,
            };
            bus.gaps.publish({ market: MARKET, ...gap } as Gap);
          }
          return now;
        },
        onFull: () => undefined,
        onMoved: () => undefined,
      } as never);
      await publisher.promote([]);
      const beat = (at: number): number[] => {
        now = at;
        jest.advanceTimersByTime(1_000);
        const alive = waiting.filter(({ text }) => text.includes('"node":"a"'));
        for (const { settle } of alive) settle();
        for (const one of alive) waiting.splice(waiting.indexOf(one), 1);
        return alive.map(({ text }) => (JSON.parse(text) as { t: number }).t);
      };
      expect(beat(11_000)).toEqual([11_000]);
      stoodStill = true;
      expect(beat(20_000)).toEqual([11_000]);
      expect(beat(21_000)).toEqual([11_000]);
      waiting.shift()!.settle();
      expect(beat(22_000)).toEqual([22_000]);
      now = 22_500;
      const lost = {
        completeness: 'GAP',
        cause: 'BUS_FAILED',
        detail: null,
        checked: false,
      } as const;
      bus.tradeSpans.publish({ market: MARKET, start: 15_000, end: 16_000, ...lost });
      expect(beat(23_000)).toEqual([22_000]);
      waiting.shift()!.settle();
      expect(beat(24_000)).toEqual([24_000]);
      publisher.close();
    } finally {
      jest.useRealTimers();
    }
  });
});

describe('while the bus is away', () => {
  it('what waits does not grow with time, and what is left out is counted', async () => {
    const bus = new Bus();
    const said: { full: boolean; minutes: number }[] = [];
    const sent: { subject: string; settle: (outcome: object) => void }[] = [];
    let now = 0;
    const publisher = new ExchangePublisher({
      ...{ exchange: 'GOPAX', node: 'a', bus, snapshotEveryMs: 60_000, books: true },
      stream: { last: async () => null, lastOfEach: async () => [] },
      writer: {
        put: async () => ({ kind: 'STORED', seq: 1, duplicate: false }),
        write: ({ subject }: { subject: string }, settle: (outcome: object) => void) =>
          sent.push({ subject, settle }),
      },
      maxWaiting: 100,
      now: () => now,
      onFull: (full: boolean, { minutes }: { minutes: number }) => said.push({ full, minutes }),
      onMoved: () => undefined,
    } as never);
    await publisher.promote([]);
    const gap = { market: MARKET, cause: 'DISCONNECTED', detail: null } as const;
    const counts = { frames: 1, changed: 1, repeats: 0, longestSilenceMs: 0 };
    for (let n = 1; n <= 5_000; n++) {
      const t = n * 60_000;
      now = t;
      bus.publishBook(bookAt(t, `${n}`));
      bus.gaps.publish({ ...gap, start: t, end: null, attempts: 0 });
      bus.gaps.publish({ ...gap, start: t, end: t + 10, attempts: 1 });
      const word = { market: MARKET, detail: null, checked: false } as const;
      const unproven = { ...word, completeness: 'UNPROVEN', cause: null } as const;
      bus.tradeSpans.publish({ ...unproven, start: t, end: t + 60_000 });
      bus.tradeSpans.publish({
        ...{ ...word, start: t + 10, end: t + 20 },
        ...{ completeness: 'GAP', cause: 'DISCONNECTED' },
      });
      bus.coverage.publish({ ...counts, market: MARKET, minute: t });
    }
    expect(publisher.waiting).toBeLessThan(300);
    expect(said).toEqual([{ full: true, minutes: 0 }]);
    for (let next = sent.shift(); next !== undefined; next = sent.shift())
      if (!next.subject.startsWith('alive.'))
        next.settle({ kind: 'STORED', seq: 2, duplicate: false });
    bus.publishBook(bookAt(9e8, '1'));
    expect(said).toEqual([
      { full: true, minutes: 0 },
      { full: false, minutes: expect.any(Number) },
    ]);
    expect(said[1]!.minutes).toBeGreaterThan(4_000);
    publisher.close();
  });
});

describeWithNats('a standby that takes over', () => {
  const log = natsLog();

  function publisher(
    node: string,
    onMoved: () => void = () => undefined,
    now: () => number = () => 1_000,
    maxWaiting = 100_000,
    fills?: HeardFills,
  ): { local: Bus; made: ExchangePublisher } {
    const local = new Bus();
    const made = new ExchangePublisher({
      exchange: 'GOPAX',
      node,
      bus: local,
      stream: log.stream,
      writer: log.writer,
      snapshotEveryMs: 60_000,
      books: true,
      maxWaiting,
      now,
      ...(fills === undefined ? {} : { fills }),
      onFull: () => undefined,
      onMoved,
    });
    return { local, made };
  }

  /** Books of {@link MARKET}, by their best ask, and gaps, in the order of the log behind a message. */
  async function booksAndGaps(behind: number): Promise<string[]> {
    const order: string[] = [];
    for (let seq = behind + 1; seq <= (await log.stream.state())!.last; seq++) {
      const { subject, data } = (await log.stream.at(seq))!;
      if (subject === 'book.GOPAX.BTC.KRW') order.push(decodeBook(data).asks.split('"')[1]!);
      if (!subject.startsWith('gap.')) continue;
      const { start, end } = decodeMessage<GapMessage>(data);
      order.push(`${start} to ${end ?? 'now'}`);
    }
    return order;
  }

  /** Ids of the trades of {@link OTHER} in the log. */
  async function tradesInLog(from = 1): Promise<string[]> {
    const ids: string[] = [];
    for (let seq = from; seq <= (await log.stream.state())!.last; seq++) {
      const { subject, data } = (await log.stream.at(seq))!;
      if (subject === 'trade.GOPAX.ETH.KRW')
        ids.push(decodeMessage<{ tradeId: string }>(data).tradeId);
    }
    return ids;
  }

  it('writes what the log lacks, and those of its gaps without any books', async () => {
    const primary = publisher('a');
    const standby = publisher('b');
    await primary.made.promote([]);
    for (const t of [1_100, 1_110, 1_120]) primary.local.publishBook(bookAt(t, `${t}`));
    expect(await primary.made.drain(2_000)).toBe(true);
    primary.made.demote();
    primary.made.close();

    // It did not get the second one, but the third, which the primary wrote.
    standby.local.publishBook(bookAt(1_101, '1100', 1_100));
    standby.local.gaps.publish(gap(1_101, 1_121));
    standby.local.publishBook(bookAt(1_121, '1120', 1_120));
    standby.local.publishBook(bookAt(1_131, '1130', 1_130));
    standby.local.gaps.publish(gap(1_131, null));
    // One that the primary left in a market of which nobody has had a book yet.
    await standby.made.promote([{ ...gap(1_050, null), market: OTHER }]);
    standby.local.gaps.publish(gap(1_131, 1_151));
    standby.local.publishBook(bookAt(1_151, '1150', 1_150));
    standby.local.publishBook(bookAt(1_160, '9', 1_160, OTHER));
    expect(await standby.made.drain(2_000)).toBe(true);
    standby.made.close();

    const books: string[] = [];
    const gaps: [number, number | null][] = [];
    for (let seq = 1; seq <= (await log.stream.state())!.last; seq++) {
      const { subject, data } = (await log.stream.at(seq))!;
      if (subject === 'book.GOPAX.BTC.KRW') books.push(decodeBook(data).asks.split('"')[1]!);
      if (!subject.startsWith('gap.')) continue;
      const { start, end } = decodeMessage<GapMessage>(data);
      gaps.push([start, end]);
    }
    expect(books).toEqual(['1100', '1110', '1120', '1130', '1150']);
    // The lanes of two markets are in no order. The open one ended while it waited behind the books before it.
    expect(gaps.sort(([a], [b]) => b - a)).toEqual([
      [1_131, 1_151],
      [1_050, 1_160],
    ]);
  });

  it('writes its gaps among the books between which they were, so that each is one and none has a book', async () => {
    const primary = publisher('a');
    const standby = publisher('b');
    await primary.made.promote([]);
    const from = (await log.stream.state())!.last;
    primary.local.publishBook(bookAt(2_100, '2100'));
    expect(await primary.made.drain(2_000)).toBe(true);
    primary.made.close();

    standby.local.publishBook(bookAt(2_101, '2100', 2_100));
    standby.local.publishBook(bookAt(2_110, '2110'));
    standby.local.gaps.publish(gap(2_110, 2_130));
    standby.local.publishBook(bookAt(2_130, '2130'));
    standby.local.publishBook(bookAt(2_140, '2140'));
    standby.local.gaps.publish(gap(2_140, null));
    await standby.made.promote([]);
    standby.local.gaps.publish({ ...gap(2_140, null), attempts: 1 });
    standby.local.gaps.publish(gap(2_140, 2_160));
    standby.local.publishBook(bookAt(2_160, '2160'));
    expect(await standby.made.drain(2_000)).toBe(true);
    standby.made.close();

    // The last one ended while it waited behind the books before it.
    const inOrder = ['2100', '2110', '2110 to 2130', '2130', '2140', '2140 to 2160', '2160'];
    expect(await booksAndGaps(from)).toEqual(inOrder);
  });

  it('writes a gap that ended with a book which the node before did not have, though that was alive', async () => {
    const { last } = (await log.stream.state())!;
    const blind = publisher('a', undefined, () => 9_000);
    const standby = publisher('b');
    await blind.made.promote([]);
    await blind.made.farewell(false);
    blind.made.close();
    const gap = { market: MARKET, cause: 'STANDSTILL', detail: null, attempts: 0 } as const;
    standby.local.publishBook(bookAt(7_000, '7000'));
    standby.local.gaps.publish({ ...gap, start: 7_000, end: 7_500 });
    standby.local.publishBook(bookAt(7_500, '7500'));
    expect(await standby.made.promote([])).toMatchObject({ aliveAt: 9_000, own: false });
    expect(await standby.made.drain(2_000)).toBe(true);
    standby.made.close();
    const { books, gaps } = await readLog(last);
    expect(books.map(({ book: { exchangeTimestamp } }) => exchangeTimestamp)).toEqual([
      7_000, 7_500,
    ]);
    expect(gaps).toMatchObject([{ start: 7_000, end: 7_500 }]);
  });

  it('writes its trades, the first one too, and the node before it writes none any more', async () => {
    let moved = 0;
    const old = publisher('c', () => moved++);
    const next = publisher('d');
    await old.made.promote([]);
    await next.made.promote([]);
    next.local.trades.publish(tradeOf('1'));
    expect(await next.made.drain(2_000)).toBe(true);
    // It does not know yet that it is the one no longer, and this is its first trade.
    old.local.trades.publish(tradeOf('2'));
    await eventually(
      async () => moved,
      (times) => times > 0,
      'the refusal',
    );
    expect(old.made.demote()).toEqual([{ market: OTHER, start: 1_000, end: 1_001 }]);
    next.local.trades.publish(tradeOf('3'));
    expect(await next.made.drain(2_000)).toBe(true);
    for (const { made } of [old, next]) made.close();
    // And one who begins behind trades of others goes on there.
    const third = publisher('e');
    await third.made.promote([]);
    third.local.trades.publish(tradeOf('4'));
    expect(await third.made.drain(2_000)).toBe(true);
    third.made.close();
    // Nor does it come twice where the next one heard of it in the snapshot of a new connection.
    const fourth = publisher('g');
    await fourth.made.promote([]);
    fourth.local.trades.publish({ ...tradeOf('4'), origin: 'SNAPSHOT' });
    fourth.local.trades.publish(tradeOf('5'));
    expect(await fourth.made.drain(2_000)).toBe(true);
    fourth.made.close();
    expect(await tradesInLog()).toEqual(['1', '3', '4', '5']);
  });

  it('says of a book that nobody has written, and of trades that find no room, that they are missing', async () => {
    const { last: begin } = (await log.stream.state())!;
    const old = publisher('h');
    const next = publisher('i');
    await old.made.promote([]);
    old.local.publishBook(bookAt(2_000, '20'));
    expect(await old.made.drain(2_000)).toBe(true);
    await next.made.promote([]);
    // The one before does not know yet that it is the one no longer.
    old.local.publishBook(bookAt(2_010, '21'));
    old.local.publishBook(bookAt(2_030, '23'));
    expect(await old.made.drain(2_000)).toBe(true);
    next.local.publishBook(bookAt(2_011, '21', 2_010));
    next.local.publishBook(bookAt(2_020, '22'));
    expect(await next.made.drain(10_000)).toBe(true);
    for (const { made } of [old, next]) made.close();
    const [books, gaps]: [string[], [number, number | null][]] = [[], []];
    for (let seq = begin + 1; seq <= (await log.stream.state())!.last; seq++) {
      const { subject, data } = (await log.stream.at(seq))!;
      if (subject === 'book.GOPAX.BTC.KRW') books.push(decodeBook(data).asks.split('"')[1]!);
      if (!subject.startsWith('gap.')) continue;
      const { start, end } = decodeMessage<GapMessage>(data);
      gaps.push([start, end]);
    }
    // 21 came from both and is one; 22 came to one of them alone, too late for the log.
    expect(books).toEqual(['20', '21', '23']);
    expect(gaps).toEqual([[2_030, 2_030]]);
    expect(next.made.droppedBooks).toBe(1);

    const full = publisher('j', undefined, undefined, 1);
    const losses: TradeLoss[] = [];
    full.local.tradeLosses.on((loss) => losses.push(loss));
    await full.made.promote([]);
    for (const id of ['5', '6']) full.local.trades.publish(tradeOf(id));
    expect(losses).toMatchObject([
      { market: OTHER, start: 1_000, end: 1_001, cause: 'BUS_FAILED' },
    ]);
    expect(await full.made.drain(2_000)).toBe(true);
    full.made.close();
  });

  it('fills trades in again that went from the log unread, though NATS still knows their ids', async () => {
    const { last } = (await log.stream.state())!;
    const { local, made } = publisher('k');
    await made.promote([]);
    const fill = { ...tradeOf('lost'), origin: 'BACKFILL' } as const;
    local.trades.publish(fill);
    local.trades.publish(fill);
    const later = { exchangeTimestamp: 6_000, messageTimestamp: 6_000 };
    for (const trade of [tradeOf('live'), { ...tradeOf('later'), ...later }])
      local.trades.publish(trade);
    made.refillAfter(5_000);
    local.trades.publish(fill);
    // Heard live, it may be among the lost; one of after that time is not.
    local.trades.publish({ ...tradeOf('live'), origin: 'SNAPSHOT' });
    local.trades.publish({ ...tradeOf('later'), ...later, origin: 'SNAPSHOT' });
    expect(await made.drain(2_000)).toBe(true);
    made.close();
    expect(await tradesInLog(last + 1)).toEqual(['lost', 'live', 'later', 'lost', 'live']);
  });

  it('writes equal trades of a history that gives them one id, each once', async () => {
    const { last } = (await log.stream.state())!;
    for (const node of ['l', 'm']) {
      const { local, made } = publisher(node);
      await made.promote([]);
      const equal = { ...tradeOf('equal'), origin: 'BACKFILL', idKind: 'REST' } as const;
      for (let i = 0; i < 2; i++) local.trades.publish(equal);
      local.trades.publish({ ...equal, tradeId: 'next' });
      expect(await made.drain(2_000)).toBe(true);
      made.close();
    }
    expect(await tradesInLog(last + 1)).toEqual(['equal', 'equal', 'next']);
  });

  it('writes a trade once that one node heard as it happened and another out of the history', async () => {
    const { last } = (await log.stream.state())!;
    const stream = { ...tradeOf('of the stream'), idKind: 'STREAM' } as const;
    const history = { ...stream, tradeId: '4', idKind: 'REST', origin: 'BACKFILL' } as const;
    const live = [tradeOf('both'), stream];
    const filled = [{ ...tradeOf('both'), origin: 'BACKFILL' } as const, history];
    const [primary, standby] = [publisher('x'), publisher('y')];
    await primary.made.promote([]);
    for (const trade of filled) standby.local.trades.publish(trade);
    for (const trade of live) primary.local.trades.publish(trade);
    expect(await primary.made.drain(2_000)).toBe(true);
    await standby.made.promote([]);
    expect(await standby.made.drain(2_000)).toBe(true);
    for (const { made } of [primary, standby]) made.close();
    expect(await tradesInLog(last + 1)).toEqual(['both', 'of the stream']);
  });

  it('writes no trade of its stream that the node before filled in under the id of the history', async () => {
    const { last } = (await log.stream.state())!;
    const stream = { ...tradeOf('of the stream'), idKind: 'STREAM' } as const;
    const history = { ...stream, tradeId: 'filled', idKind: 'REST', origin: 'BACKFILL' } as const;
    const fills = new HeardFills(log.bus, 'GOPAX', () => true);
    const primary = publisher('x');
    const standby = publisher('y', undefined, undefined, undefined, fills);
    await primary.made.promote([]);
    // Of two equal ones the primary missed one; a third had another price.
    for (const tradeId of ['1', '2']) standby.local.trades.publish({ ...stream, tradeId });
    standby.local.trades.publish({ ...stream, tradeId: '3', price: '101' });
    primary.local.trades.publish(history);
    expect(await primary.made.drain(2_000)).toBe(true);
    await eventually(
      async () => (await tradesInLog(last + 1)).length,
      (count) => count === 1,
      'the filled one',
    );
    await log.bus.nc.flush();
    await standby.made.promote([]);
    expect(await standby.made.drain(2_000)).toBe(true);
    for (const { made } of [primary, standby]) made.close();
    expect(await tradesInLog(last + 1)).toEqual(['filled', '2', '3']);
  });

  /** What a reader makes of the log behind a number. */
  async function readLog(from: number) {
    const heard = {
      gaps: [] as Gap[],
      coverage: [] as number[],
      spans: [] as Span[],
      recording: [] as boolean[],
      books: [] as BookEvent[],
    };
    const read = new Bus();
    read.books.on((event) => heard.books.push(event));
    read.gaps.on((gap) => heard.gaps.push(gap));
    read.coverage.on(({ minute }) => heard.coverage.push(minute));
    read.tradeSpans.on(({ start, end }) => heard.spans.push({ start, end }));
    const books = new LogBooks({
      ...{ bus: read, base: 0, from, lastTimestamp: null },
      fetch: (seq) => log.stream.at(seq),
      stored: async () => null,
      newestAt: async () => null,
      onRecording: (_market, recording) => heard.recording.push(recording),
      onUnreadable: () => undefined,
    });
    const { last } = (await log.stream.state())!;
    for (let seq = from + 1; seq <= last; seq++) await books.take((await log.stream.at(seq))!);
    return heard;
  }

  it('says what it no longer keeps, where the log ended before, and how the markets were last', async () => {
    const { last } = (await log.stream.state())!;
    let now = 2_000;
    const primary = publisher('p', undefined, () => now);
    const standby = publisher('q', undefined, () => now);
    const third = new MarketHandle('GOPAX', { symbol: 'XRP', currency: 'KRW' });
    await primary.made.promote([]);
    for (const market of [MARKET, OTHER, third])
      primary.local.publishBook(bookAt(1_900, '5', 1_900, market));
    expect(await primary.made.drain(2_000)).toBe(true);
    await primary.made.farewell(false);
    primary.made.close();

    // The bus was away from here on, and the primary is gone when it is back.
    const hear = (t: number, price: string, e: number, market: MarketHandle): void =>
      standby.local.publishBook(bookAt(t, price, e, market));
    const losses: TradeLoss[] = [];
    standby.local.tradeLosses.on((loss) => losses.push(loss));
    const tradeAt = (timestamp: number, market: MarketHandle): void =>
      standby.local.trades.publish({ ...tradeOf(`${timestamp}`), market, timestamp });
    for (const market of [MARKET, OTHER, third]) hear(1_901, '5', 1_900, market);
    standby.made.setRecording(MARKET, true);
    hear(10_000, '6', 10_000, MARKET);
    tradeAt(15_000, MARKET);
    tradeAt(16_000, OTHER);
    now = 18_000;
    standby.made.setRecording(OTHER, false);
    hear(20_000, '7', 20_000, MARKET);
    hear(25_000, '8', 25_000, third);
    now = 60_000;
    hear(60_000, '9', 60_000, third);
    await standby.made.promote([]);
    expect(await standby.made.drain(2_000)).toBe(true);
    standby.made.close();

    const books: Record<string, [number, string, boolean][]> = {};
    const others: object[] = [];
    for (let seq = last + 1; seq <= (await log.stream.state())!.last; seq++) {
      const { subject, data } = (await log.stream.at(seq))!;
      const [kind, , symbol] = subject.split('.');
      if (kind === 'book') {
        const { t, asks, g } = decodeBook(data);
        (books[symbol!] ??= []).push([t, asks.split('"')[1]!, g]);
      } else if (kind === 'gap' || kind === 'span') {
        const { start, end, cause } = decodeMessage<GapMessage>(data);
        others.push({ kind, symbol, start, end, cause });
      }
    }
    const lost = { cause: 'BUS_FAILED' };
    expect(books).toEqual({
      BTC: [
        [1_900, '5', false],
        [20_000, '7', true],
      ],
      ETH: [[1_900, '5', false]],
      XRP: [
        [1_900, '5', false],
        [25_000, '8', true],
        [60_000, '9', false],
      ],
    });
    expect(others).toHaveLength(3);
    expect(others).toEqual(
      expect.arrayContaining([
        { kind: 'gap', symbol: 'BTC', start: 2_000, end: 20_000, ...lost },
        { kind: 'gap', symbol: 'XRP', start: 2_000, end: 25_000, ...lost },
        { kind: 'span', symbol: 'ETH', start: 2_000 - 60_000, end: 16_001, ...lost },
      ]),
    );
    expect(losses).toMatchObject([{ market: MARKET, start: 2_000 - 60_000, end: 15_001 }]);
  });

  it('says what it no longer keeps and the node before it did not read in time, though that was alive', async () => {
    const { last } = (await log.stream.state())!;
    let now = 100_000;
    const slow = publisher('r', undefined, () => now);
    const standby = publisher('s', undefined, () => now);
    await slow.made.promote([]);
    const hear = (to: Bus, t: number, e: number): void => {
      const event = bookAt(t, `${e}`, e);
      to.publishBook({ ...event, previous: e });
    };
    for (const e of [100_000, 102_000, 104_000, 106_000]) hear(standby.local, e + 10, e);
    hear(slow.local, 100_010, 100_000);
    await slow.made.farewell(false);
    // It reads what was sent 20 s before, and the standby has more than it keeps.
    now = 122_000;
    hear(slow.local, 122_000, 102_000);
    expect(await slow.made.drain(2_000)).toBe(true);
    await slow.made.farewell(false);
    slow.made.close();
    now = 140_000;
    hear(standby.local, 140_010, 140_000);
    expect(await standby.made.promote([])).toMatchObject({ aliveAt: now - 18_000 - 19_990 });
    expect(await standby.made.drain(2_000)).toBe(true);
    standby.made.close();

    expect(await booksAndGaps(last)).toEqual([
      '100000',
      '102000',
      '102010 to 106010',
      '106000',
      '140000',
    ]);
  });

  it('begins that gap before the first of many such books, though the last one in the log was read later', async () => {
    const { last } = (await log.stream.state())!;
    let now = 400_000;
    const slow = publisher('x', undefined, () => now);
    const standby = publisher('y', undefined, () => now);
    await slow.made.promote([]);
    for (let e = 400_000; e < 440_000; e += 1_000)
      standby.local.publishBook({ ...bookAt(e + 10, `${e}`, e), previous: e });
    slow.local.publishBook(bookAt(400_010, '400000', 400_000));
    expect(await slow.made.drain(2_000)).toBe(true);
    await slow.made.farewell(false);
    now = 420_000;
    slow.local.publishBook(bookAt(420_000, '401000', 401_000));
    expect(await slow.made.drain(2_000)).toBe(true);
    slow.made.close();
    now = 480_000;
    standby.local.publishBook(bookAt(480_010, '480000', 480_000));
    const { aliveAt } = await standby.made.promote([]);
    expect(aliveAt).toBeLessThan(402_000);
    expect(await standby.made.drain(2_000)).toBe(true);
    standby.made.close();
    const gap = `${aliveAt} to 439010`;
    expect(await booksAndGaps(last)).toEqual(['400000', '401000', gap, '439000', '480000']);
  });

  it('says since when it was blind itself, though it was alive and took over from itself', async () => {
    const { last } = (await log.stream.state())!;
    let now = 210_000;
    const { local, made } = publisher('u', undefined, () => now);
    await made.promote([]);
    local.publishBook(bookAt(200_000, '200000'));
    expect(await made.drain(2_000)).toBe(true);
    await made.farewell(false);
    made.demote();
    local.gaps.publish(gap(205_000, 211_000));
    local.publishBook(bookAt(211_000, '211000'));
    now = 260_000;
    local.publishBook(bookAt(260_000, '260000'));
    expect(await made.promote([])).toMatchObject({ aliveAt: 210_000, own: true });
    expect(await made.drain(2_000)).toBe(true);
    made.close();
    const [first, ...others] = await booksAndGaps(last);
    expect(first).toBe('200000');
    expect(others).toContain('205000 to 211000');
    expect(others.filter((one) => !one.includes(' '))).toEqual(['211000', '260000']);
  });

  it('misses a book that it no longer keeps, of the same time as the last one in the log', async () => {
    const { last } = (await log.stream.state())!;
    let now = 300_000;
    const primary = publisher('v', undefined, () => now);
    const standby = publisher('w', undefined, () => now);
    await primary.made.promote([]);
    primary.local.publishBook(bookAt(300_001, '1', 300_000));
    expect(await primary.made.drain(2_000)).toBe(true);
    await primary.made.farewell(false);
    primary.made.close();
    for (const ask of ['1', '2']) standby.local.publishBook(bookAt(300_001, ask, 300_000));
    now = 340_000;
    standby.local.publishBook(bookAt(340_000, '3'));
    await standby.made.promote([]);
    expect(await standby.made.drain(2_000)).toBe(true);
    standby.made.close();
    expect(await booksAndGaps(last)).toEqual(['1', '300001 to 300001', '2', '3']);
  });

  it('writes the minutes of coverage that the node before it did not, each once', async () => {
    const { last } = (await log.stream.state())!;
    let now = 120_500;
    const primary = publisher('r', undefined, () => now);
    const standby = publisher('s', undefined, () => now);
    const counts = { frames: 1, changed: 1, repeats: 0, longestSilenceMs: 0 };
    const minute = ({ coverage }: Bus, n: number): void =>
      coverage.publish({ ...counts, market: MARKET, minute: n * 60_000 });
    await primary.made.promote([]);
    minute(primary.local, 1);
    expect(await primary.made.drain(2_000)).toBe(true);
    await primary.made.farewell(false);
    primary.made.close();
    minute(standby.local, 1);
    now = 180_500;
    minute(standby.local, 2);
    await standby.made.promote([]);
    minute(standby.local, 3);
    const minutes = await eventually(
      async () => (await readLog(last)).coverage,
      (found) => found.length >= 3,
      'three minutes',
    );
    standby.made.close();
    expect(minutes).toEqual([60_000, 120_000, 180_000]);
  });

  it('writes again what it said while the term of another, which it still outlasts, had begun', async () => {
    const { last } = (await log.stream.state())!;
    const holder = publisher('n');
    const late = publisher('o');
    const minute = (n: number) => {
      const counts = { frames: 1, changed: 1, repeats: 0, longestSilenceMs: 0 };
      holder.local.coverage.publish({ market: MARKET, minute: n * 60_000, ...counts });
    };
    const unproven = { completeness: 'UNPROVEN', cause: null, detail: null } as const;
    const gap = { market: MARKET, start: 3_000, cause: 'DISCONNECTED', detail: null } as const;
    await holder.made.promote([]);
    minute(1);
    expect(await holder.made.drain(2_000)).toBe(true);
    // It took the lease, and had lost it again by the time its message came.
    await late.made.promote([]);
    late.made.demote();
    minute(2);
    // Two words of one minute, as around a restart of a connection, are two.
    minute(2);
    holder.local.gaps.publish({ ...gap, end: null, attempts: 0 });
    expect(await holder.made.drain(2_000)).toBe(true);
    holder.local.gaps.publish({ ...gap, end: 3_500, attempts: 1 });
    holder.local.tradeSpans.publish({
      ...{ market: MARKET, start: 1_000, end: 3_000, checked: false },
      ...unproven,
    });
    holder.made.setRecording(MARKET, false);
    const { term } = holder.made;
    await eventually(
      async () => {
        // Its sign of life is refused.
        await holder.made.farewell(false);
        await holder.made.goOn();
        return holder.made.term;
      },
      (begun) => begun > term,
      'its next term',
    );
    minute(3);
    expect(await holder.made.drain(2_000)).toBe(true);
    for (const { made } of [holder, late]) made.close();
    const { gaps, coverage, spans, recording } = await readLog(last);
    expect(coverage).toEqual([60_000, 120_000, 120_000, 180_000]);
    expect(gaps.map(({ start, end }) => [start, end])).toEqual([
      [3_000, null],
      [3_000, 3_500],
    ]);
    expect(spans).toEqual([{ start: 1_000, end: 3_000 }]);
    expect(recording).toEqual([false]);
  });

  it('does not write a trade again whose id NATS may have forgotten', async () => {
    const { last } = (await log.stream.state())!;
    let now = 200_000;
    const quiet = publisher('f', undefined, () => now);
    const primary = publisher('g', undefined, () => now);
    quiet.local.trades.publish({ ...tradeOf('old'), timestamp: 180_000 });
    await primary.made.promote([]);
    // It says that all is in the log that was received by now.
    await primary.made.farewell(false);
    primary.made.close();
    quiet.local.trades.publish({ ...tradeOf('since'), timestamp: 201_000 });
    now = 400_000;
    await quiet.made.promote([]);
    expect(await quiet.made.drain(2_000)).toBe(true);
    quiet.made.close();
    expect(await tradesInLog(last + 1)).toEqual(['since']);
  });
});
