import { describe, expect, it } from '@jest/globals';
import type { BookEvent } from '../../src/bus.js';
import { type LastBook, MarketLane } from '../../src/nats/market-lane.js';
import { type BookMessage, decodeBook, decodeMessage } from '../../src/nats/messages.js';
import { eventually } from '../helpers/wait.js';
import { describeWithNats } from '../nodes/nats-server.js';
import { bookAt, MARKET, natsLog, ONE_TERM } from './support.js';

describe('what was received of a market', () => {
  const host = (settles: ((outcome: object) => void)[]) => ({
    writer: { write: (_: unknown, settle: (outcome: object) => void) => void settles.push(settle) },
    ...{ snapshotEveryMs: 60_000, moved: () => undefined, settled: () => undefined, ...ONE_TERM },
  });
  const trade = (id: string) =>
    ({ kind: 'trade', message: { id }, id, tradedAt: 1, receivedAt: 1 }) as const;

  it('is in the log when the last message of then is, not those that come later', async () => {
    const settles: ((outcome: object) => void)[] = [];
    const lane = new MarketLane(MARKET, host(settles) as never);
    await lane.written();
    lane.add(trade('A'));
    lane.add(trade('B'));
    let written = false;
    const waiting = lane.written().then(() => (written = true));
    lane.add(trade('C'));
    settles.shift()!({ kind: 'STORED', seq: 1, duplicate: false });
    await Promise.resolve();
    expect(written).toBe(false);
    settles.shift()!({ kind: 'STORED', seq: 2, duplicate: false });
    await waiting;
    expect(lane.waiting).toBe(1);
  });

  it('is no longer waited for when the lane is given up', async () => {
    const lane = new MarketLane(MARKET, host([]) as never);
    lane.add(trade('A'));
    const waiting = lane.written();
    lane.begin(null, 0);
    await waiting;
  });
});

describe('a message of a market', () => {
  it('has the id that every version gives it, for nodes of two may write it', () => {
    const ids: (string | undefined)[] = [];
    const lane = new MarketLane(MARKET, {
      writer: {
        write: ({ id }, settle) => {
          ids.push(id);
          settle({ kind: 'STORED', seq: ids.length, duplicate: false });
        },
      },
      snapshotEveryMs: 60_000,
      ...ONE_TERM,
      moved: () => undefined,
      settled: () => undefined,
    });
    lane.add({ kind: 'trade', id: '1 1000 5 0.1 buy', message: {}, tradedAt: 1, receivedAt: 1 });
    lane.add({ kind: 'book', event: bookAt(1_000, '5'), receivedAt: 1_000 });
    expect(ids).toEqual([
      'GOPAX:BTC-KRW trade 1 1000 5 0.1 buy',
      expect.stringMatching(/^GOPAX:BTC-KRW 1000 /),
    ]);
  });
});

describe('what is said of a span of trades', () => {
  it('names the first trade out of the history that was on its way with it', () => {
    const sent: { subject: string; message: { fill?: number } }[] = [];
    const settle: (() => void)[] = [];
    let seq = 40;
    const lane = new MarketLane(MARKET, {
      writer: {
        write: ({ subject, data }, done) => {
          sent.push({ subject: subject.split('.')[0]!, message: decodeMessage(data) });
          settle.push(() => done({ kind: 'STORED', seq: ++seq, duplicate: false }));
        },
      },
      snapshotEveryMs: 60_000,
      ...ONE_TERM,
      moved: () => undefined,
      settled: () => undefined,
    });
    const trade = (id: string, fill: boolean) =>
      lane.add({ kind: 'trade', id, message: {}, tradedAt: 1, receivedAt: 1, fill });
    const span = (id: string) => lane.add({ kind: 'span', id, message: {}, receivedAt: 1 });
    const settleAll = (): void => {
      for (let next = settle.shift(); next !== undefined; next = settle.shift()) next();
    };
    trade('1', false);
    trade('2', true);
    trade('3', true);
    span('a');
    span('b');
    settleAll();
    span('c');
    settleAll();
    trade('4', true);
    span('d');
    settleAll();
    const fills = sent.filter(({ subject }) => subject === 'span').map(({ message }) => message);
    expect(fills).toMatchObject([{ fill: 42 }, { fill: 42 }, {}, { fill: 47 }]);
    expect(fills[2]).not.toHaveProperty('fill');
  });
});

describe('a book that was refused, for another node has written', () => {
  const message = (t: number, price: string): BookMessage => {
    return {
      t,
      e: t,
      g: false,
      p: 1,
      w: 1,
      asks: `[["${price}","1"]]`,
      bids: '[]',
      changes: null,
    };
  };
  const last = {
    seq: 9,
    subject: 'book.GOPAX.BTC.KRW',
    at: 0,
    data: new Uint8Array(),
  };

  const newest: LastBook = { seq: 9, message: message(120, '7') };

  function refused(event: BookEvent, between: readonly BookMessage[]) {
    const books = [newest, ...between.map((of, i) => ({ seq: 8 - i, message: of }))];
    const late: number[] = [];
    const written: string[] = [];
    let settled = 0;
    const lane = new MarketLane(MARKET, {
      writer: {
        write: ({ data }, settle) => {
          written.push(decodeBook(data).asks);
          settle(
            written.length === 1
              ? { kind: 'MOVED' }
              : { kind: 'STORED', seq: 10, duplicate: false },
          );
        },
      },
      snapshotEveryMs: 60_000,
      ...ONE_TERM,
      moved: (moved) => moved.resume(last, books),
      settled: () => settled++,
      late: (_lane, newest) => late.push(newest),
    });
    lane.add({ kind: 'book', event, receivedAt: event.book.timestamp });
    expect(settled).toBe(1);
    return { late, again: written.length === 2 };
  }

  it('is not written again where it is in the log, be it before the newest', () => {
    expect(refused(bookAt(120, '7'), [])).toEqual({ late: [], again: false });
    expect(refused(bookAt(110, '6'), [message(110, '6')])).toEqual({ late: [], again: false });
  });

  it('is missing, and said to be, where it is older than the newest and not in the log', () => {
    expect(refused(bookAt(110, '6'), [message(110, '5')])).toEqual({ late: [120], again: false });
    expect(refused(bookAt(110, '6'), [message(105, '6')])).toEqual({ late: [120], again: false });
  });

  it('leaves those behind it in their order, though a gap is added for it', () => {
    const asked: {
      expected: number | undefined;
      text: string;
      answer: (stored: boolean) => void;
    }[] = [];
    let moved = 0;
    let seq = 9;
    const lane: MarketLane = new MarketLane(MARKET, {
      writer: {
        write: ({ data, expected }, settle) => {
          const answer = (stored: boolean): void =>
            settle(stored ? { kind: 'STORED', seq: ++seq, duplicate: false } : { kind: 'MOVED' });
          asked.push({ expected, text: Buffer.from(data).toString(), answer });
        },
      },
      snapshotEveryMs: 60_000,
      ...ONE_TERM,
      moved: () => moved++,
      settled: () => undefined,
      late: () => lane.add({ kind: 'gap', id: 'late', message: { late: true }, receivedAt: 120 }),
    });
    // Not the first one alone is older than what the other node wrote.
    const events = [bookAt(110, '6'), bookAt(115, '7'), bookAt(130, '8'), bookAt(140, '9')];
    for (const event of events) lane.add({ kind: 'book', event, receivedAt: event.book.timestamp });
    asked.shift()!.answer(false);
    lane.resume(last, [newest]);
    const stored: string[] = [];
    for (let next = asked.shift(); next !== undefined; next = asked.shift()) {
      const { expected, text, answer } = next;
      const takes = expected === undefined || expected === seq;
      if (takes) stored.push(/\[\["(\d+)"/.exec(text)?.[1] ?? 'gap');
      answer(takes);
    }
    expect(stored).toEqual(['8', '9', 'gap']);
    expect([moved, lane.waiting]).toEqual([1, 0]);
  });

  it('is written behind the newest where it is not older', () => {
    expect(refused(bookAt(130, '8'), [])).toEqual({ late: [], again: true });
    expect(refused(bookAt(120, '8'), [])).toEqual({ late: [], again: true });
    expect(refused(bookAt(110, '6', null), [])).toEqual({ late: [], again: true });
  });
});

describeWithNats('a trade whose answer was lost', () => {
  const log = natsLog();

  it('is in the log once, though NATS has forgotten its id meanwhile', async () => {
    const { bus, stream, writer } = log;
    await bus.manager.streams.update('ORDERBOOK_LOG', { duplicate_window: 100_000_000 });
    let lost = 0;
    const settled: string[] = [];
    const lane: MarketLane = new MarketLane(MARKET, {
      writer: {
        write: (message, settle) => {
          if (!message.id!.includes('trade 2') || lost++ > 0) return writer.write(message, settle);
          // Stored, but nobody hears of it; asked for again when its id is forgotten.
          void writer
            .put(message)
            .then(() => new Promise((resolve) => setTimeout(resolve, 300)))
            .then(() => writer.write(message, settle));
        },
      },
      snapshotEveryMs: 60_000,
      ...ONE_TERM,
      moved: (moved) => void stream.last('trade.GOPAX.BTC.KRW').then((last) => moved.resume(last)),
      settled: (_lane, item) => settled.push('id' in item ? item.id : ''),
    });
    for (const id of ['1', '2', '3'])
      lane.add({ kind: 'trade', id, message: { tradeId: id }, tradedAt: 1, receivedAt: 1 });
    await eventually(
      async () => settled.length,
      (n) => n === 3,
      'all three',
    );
    const { last } = (await stream.state())!;
    const ids: string[] = [];
    for (let seq = 1; seq <= last; seq++)
      ids.push(decodeMessage<{ tradeId: string }>((await stream.at(seq))!.data).tradeId);
    expect(ids).toEqual(['1', '2', '3']);
  });
});
