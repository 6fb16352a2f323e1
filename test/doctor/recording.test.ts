import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { examine } from '../../src/doctor/examine.js';
import { SHEETS } from '../../src/doctor/facts/sheets.js';
import { Recording } from '../../src/doctor/recording.js';
import { parseExactJson } from '../../src/market/exact-json.js';
import { EXCHANGES, type Exchange } from '../../src/market/exchange.js';
import { startSimulators, type Simulators } from '../../src/simulator/simulators.js';
import { feedOf, pair } from '../helpers/feed.js';
import { frameServer } from '../helpers/frame-server.js';
import { type RecordedFile, recordingsIn } from '../helpers/recordings.js';
import { temporaryFolder, until } from '../helpers/wait.js';

const folder = temporaryFolder();
afterAll(() => folder.remove());

/** Plays the frames of each socket that watched books to a real feed; all of them must be read. */
async function replay({ name, exchange, messages }: RecordedFile): Promise<number> {
  const watched = messages.filter(({ group }) => ['stream', 'all', 'compared'].includes(group));
  let played = 0;
  for (const socket of new Set(watched.map((message) => message.socket)).values()) {
    const frames = watched.filter((one) => one.socket === socket && one.kind === 'in');
    const reader = SHEETS[exchange].talk.reader([]);
    const books = frames.flatMap(({ text }) => reader.read(parseExactJson(text)) ?? []);
    if (books.length === 0) continue;
    const server = await frameServer();
    const { feed, host } = feedOf(exchange, { wsUrl: server.url });
    feed.add([...new Set(books.map((book) => book.pair))].map(pair));
    // What greets is part of the recording; all others subscribe first.
    const greets = SHEETS[exchange].talk.greets;
    await until(() => (greets ? server.sockets : server.received).length > 0, `${name} opened`);
    for (const { text, binary } of frames) server.send(text, binary);
    const read = (): number => host.books.length + host.unreadables.length;
    await until(() => read() >= books.length, `${name}: ${read()} of ${books.length}`);
    expect(host.unreadables).toEqual([]);
    expect(
      host.books.map(({ code, asks, bids }) => ({ pair: code, sides: { asks, bids } })),
    ).toEqual(books.map((book) => ({ pair: book.pair, sides: book.sides })));
    played += books.length;
    await feed.close();
    await server.close();
  }
  return played;
}

describe('recordings of the doctor', () => {
  let simulators: Simulators;

  beforeAll(async () => {
    simulators = await startSimulators({ rate: 5, limits: false, ledger: 0 });
  });
  afterAll(() => simulators.close());

  it('hold raw messages with their times, and replay', async () => {
    const from = Date.now();
    await Promise.all(
      EXCHANGES.map(async (exchange: Exchange) => {
        const { wsUrl, restUrl } = simulators.all.find((one) => one.exchange === exchange)!;
        const recording = await Recording.open(folder.path, exchange);
        const sheet = SHEETS[exchange];
        await examine({ sheet, urls: { wsUrl, restUrl }, recording, second: 100 }, ['stream']);
        await recording.close();
      }),
    );
    const files = recordingsIn(folder.path);
    expect(files.map(({ exchange }) => exchange).sort()).toEqual([...EXCHANGES]);
    for (const file of files) {
      expect(file.messages[0]).toMatchObject({ group: 'list', kind: 'rest', status: 200 });
      expect(file.messages.every(({ at }) => at >= from && at <= Date.now())).toBe(true);
      expect(statSync(join(folder.path, file.name)).mode & 0o077).toBe(0);
      expect(await replay(file)).toBeGreaterThan(0);
    }
  });

  it('hold what the feed of trades heard and said, and the pages of the history, and replay', async () => {
    const own = join(folder.path, 'trades');
    await Promise.all(
      EXCHANGES.map(async (exchange: Exchange) => {
        const simulator = simulators.all.find((one) => one.exchange === exchange)!;
        const recording = await Recording.open(own, exchange);
        const urls = { wsUrl: simulator.wsUrl, restUrl: simulator.restUrl };
        const trading = setInterval(() => simulator.trade('BTC-KRW', 'buy'), 50);
        try {
          await examine({ sheet: SHEETS[exchange], urls, recording, second: 100 }, ['trades']);
        } finally {
          clearInterval(trading);
        }
        await recording.close();
      }),
    );
    const files = recordingsIn(own);
    expect(files).toHaveLength(EXCHANGES.length);
    for (const { name, exchange, messages } of files) {
      const ofTrades = messages.filter(({ group }) => group === 'trades');
      const of = (kind: string) => ofTrades.filter((message) => message.kind === kind);
      expect(
        of('out')
          .map(({ text }) => text)
          .join(),
      ).toMatch(/BTC/i);
      expect(of('rest').every(({ path, status }) => path !== undefined && status === 200)).toBe(
        true,
      );
      expect(of('rest').length).toBeGreaterThanOrEqual(3);
      const server = await frameServer();
      const { feed, host } = feedOf(exchange, { wsUrl: server.url }, { trades: true });
      feed.add(['BTC-KRW', 'ETH-KRW', 'XRP-KRW'].map(pair));
      const greets = SHEETS[exchange].talk.greets;
      await until(() => (greets ? server.sockets : server.received).length > 0, `${name} opened`);
      for (const { text, binary } of of('in')) server.send(text, binary);
      await until(() => host.heardTrades.some(({ snapshot }) => !snapshot), `a trade of ${name}`);
      expect(host.unreadableTrades).toEqual([]);
      await feed.close();
      await server.close();
    }
  }, 30_000);

  it('need a folder that can be written', async () => {
    const file = join(folder.path, 'file');
    writeFileSync(file, '');
    await expect(Recording.open(file, 'UPBIT')).rejects.toThrow(/EEXIST|ENOTDIR/);
  });

  const real = recordingsIn();
  if (real.length === 0)
    it.skip('of the real exchanges replay (skipped: there are none)', () => {});
  for (const file of real) {
    it(`${file.name} replays`, async () => {
      expect(await replay(file)).toBeGreaterThan(0);
    });
  }
});
