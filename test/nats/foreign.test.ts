import { expect, it } from '@jest/globals';
import { type BookEvent, Bus } from '../../src/bus.js';
import { ExchangePublisher } from '../../src/nats/exchange-publisher.js';
import { LogBooks } from '../../src/nats/log-books.js';
import { newestBook } from '../../src/nats/log-ends.js';
import { encodeMessage, NewerMessageError } from '../../src/nats/messages.js';
import { readAlive } from '../../src/nats/term.js';
import { describeWithNats } from '../nodes/nats-server.js';
import { MARKET, natsLog } from './support.js';

const SUBJECT = 'book.GOPAX.BTC.KRW';

const BOOK = { t: 1, e: 1, g: false, p: 0, w: 0, a: [['2', '1']], b: [['1', '1']] };
const SPAN = { term: 0, start: 1, end: 2, cause: null, detail: null, checked: true };
const COVERAGE = { term: 0, minute: 1, frames: 1, changed: 1, repeats: 0 };
const RECORD = { timestamp: 1, level: 'info', event: 'A', message: 'b', exchange: null };

/** Of each kind a message that has the fields, one of them wrong. */
const NEARLY: readonly (readonly [subject: string, message: object])[] = [
  ...[
    { t: '1' },
    { e: 'now' },
    { g: 'no' },
    { p: 1.5 },
    { w: null },
    { p: 1e9 },
    { w: 1e9 },
    { a: [[2, 1]] },
    { a: [['2']] },
    { a: [['x', 'y']] },
    { a: [['1e5', '1']], b: [] },
    { b: {} },
  ].map((wrong) => [SUBJECT, { ...BOOK, ...wrong }] as const),
  ['trade.GOPAX.BTC.KRW', { tradeId: '1', idKind: 'EXCHANGE', side: 'buy', price: 1 }],
  ['gap.GOPAX.BTC.KRW', { term: 0, start: 1, end: null, cause: 'BORED', detail: null }],
  ['coverage.GOPAX.BTC.KRW', { ...COVERAGE, longestSilenceMs: '0' }],
  ['coverage.GOPAX.BTC.KRW', { ...COVERAGE, frames: 2 ** 31, longestSilenceMs: 0 }],
  ['span.GOPAX.BTC.KRW', { ...SPAN, completeness: 'SURELY' }],
  ['recording.GOPAX.BTC.KRW', { term: 0, recording: 'yes', at: 1 }],
  ['alive.GOPAX', { t: 'now', node: 'a' }],
  ['redate.GOPAX', { after: 1, byMs: 'a lot' }],
  ['log.a', { ...RECORD, exchange: 'NEW' }],
];

/** Subjects that this program does not write to, though the log takes them. */
const STRANGE = [
  ...['book.x', 'trade.x', 'span.GOPAX', 'gap.GOPAX.BTC', `${SUBJECT}.x`, 'recording.a.b.c'],
  ...['book.NEW.BTC.KRW', 'book.GOPAX.%42TC.KRW', 'book.GOPAX.%.KRW', 'trade.NEW'],
  ...['alive.NEW', 'alive.GOPAX.x', 'redate.NEW', 'redate.GOPAX.x', 'log.a.b'],
];

function foreign(): { subject: string; data: Uint8Array }[] {
  const subjects = [...new Set(NEARLY.map(([subject]) => subject))];
  const nothing = [
    Uint8Array.of(0xff, 0, 0x80),
    ...['', 'null', '5', '{}'].map((t) => Buffer.from(t)),
  ];
  return [
    ...subjects.flatMap((subject) => nothing.map((data) => ({ subject, data }))),
    ...NEARLY.map(([subject, message]) => ({ subject, data: encodeMessage(message) })),
    ...STRANGE.map((subject) => ({ subject, data: encodeMessage(BOOK) })),
  ];
}

function bookAt(t: number): BookEvent {
  const asks = [[`${t}`, '1']] as const;
  const book = { market: MARKET, timestamp: t, exchangeTimestamp: t, sequence: t, asks, bids: [] };
  return { book, changes: { asks, bids: [] }, previous: null, afterGap: false };
}

describeWithNats('what another program writes into the log', () => {
  const log = natsLog();

  function publisher(node: string): { local: Bus; made: ExchangePublisher } {
    const local = new Bus();
    const made = new ExchangePublisher({
      exchange: 'GOPAX',
      node,
      bus: local,
      stream: log.stream,
      writer: log.writer,
      snapshotEveryMs: 60_000,
      books: true,
      now: () => 1_000,
      onFull: () => undefined,
      onMoved: () => undefined,
    });
    return { local, made };
  }

  /** All that a reader makes of the log, and what it names. */
  async function read() {
    const local = new Bus();
    const events: BookEvent[] = [];
    const named: { seq: number; subject: string; reason: string }[] = [];
    local.books.on((event) => events.push(event));
    const books = new LogBooks({
      bus: local,
      base: 0,
      from: 0,
      lastTimestamp: null,
      fetch: (seq) => log.stream.at(seq),
      stored: async () => null,
      newestAt: async () => null,
      onRedate: () => undefined,
      onUnreadable: ({ seq, subject }, reason) => named.push({ seq, subject, reason }),
    });
    const { last } = (await log.stream.state())!;
    const end = new AbortController();
    await log.stream.follow(
      1,
      async (entry) => {
        await books.take(entry);
        if (entry.seq === last) end.abort();
      },
      end.signal,
    );
    return { events, named };
  }

  it('stalls no market, is not taken for its book, and is named once', async () => {
    const first = publisher('a');
    await first.made.promote([]);
    first.local.publishBook(bookAt(10));
    expect(await first.made.drain(5_000)).toBe(true);
    const written: { seq: number; subject: string }[] = [];
    const send = async (subject: string, data: Uint8Array): Promise<void> => {
      const outcome = await log.writer.put({ subject, data });
      if (outcome.kind === 'STORED') written.push({ seq: outcome.seq, subject });
    };
    for (const { subject, data } of foreign()) await send(subject, data);

    // The one that writes is refused, and goes on behind it.
    first.local.publishBook(bookAt(20));
    expect(await first.made.drain(10_000)).toBe(true);
    first.made.close();

    // Who takes over begins behind it.
    for (let i = 0; i < 3; i++) await send(SUBJECT, encodeMessage({ i }));
    const last = (await log.stream.last(SUBJECT))!;
    expect((await newestBook(log.stream, last))?.message.t).toBe(20);
    const next = publisher('b');
    next.local.publishBook(bookAt(20));
    next.local.publishBook(bookAt(30));
    await next.made.promote([]);
    expect(await next.made.drain(1_000)).toBe(true);
    next.made.close();
    expect((await readAlive(log.stream, 'GOPAX'))?.node).toBe('b');

    const { events, named } = await read();
    expect(named.map(({ seq, subject }) => ({ seq, subject }))).toEqual(written);
    expect(named.filter(({ reason }) => !/^its? |JSON/.test(reason))).toEqual([]);
    expect(events.map(({ book }) => book.timestamp)).toEqual([10, 20, 30]);
    expect(events.map(({ previous }) => previous)).toEqual([
      null,
      events[0]!.book.sequence,
      events[1]!.book.sequence,
    ]);
  });

  it('is no book before another, though one says so', async () => {
    const written = await log.writer.put({ subject: 'alive.GOPAX', data: encodeMessage({ a: 1 }) });
    expect(written.kind).toBe('STORED');
    const p = (await log.stream.state())!.last;
    await log.writer.put({ subject: SUBJECT, data: encodeMessage({ ...BOOK, p }) });
    const { events } = await read();
    expect(events.at(-1)).toMatchObject({ previous: events.at(-2)!.book.sequence, afterGap: true });
  });

  it('is not looked past where a newer version of this program wrote it', async () => {
    await log.writer.put({ subject: SUBJECT, data: encodeMessage({ v: 2 }) });
    const made = publisher('c');
    await expect(made.made.promote([])).rejects.toThrow(NewerMessageError);
    made.made.close();
  });
});
