import { afterEach, describe, expect, it } from '@jest/globals';
import type { Exchange } from '../../src/market/exchange.js';
import type { SentBook } from '../../src/simulator/simulator.js';
import { allLive, type Recorder, startRecorder } from '../helpers/recorder.js';
import { deep } from '../helpers/simulators.js';
import { until } from '../helpers/wait.js';

const PAIRS = ['BTC-KRW', 'ETH-KRW', 'USDT-KRW'];
const COLLECT = PAIRS.join(',');

interface ExportedBook {
  exchange: Exchange;
  symbol: string;
  currency: string;
  timestamp: number;
  exchangeTimestamp: number | null;
  sequence: number;
  asks: [string, string][];
  bids: [string, string][];
}

let recorder: Recorder;
afterEach(() => recorder.close());

/** What a recorder must hold of what was sent: every book but those equal to the one before. */
function distinct(sent: readonly SentBook[], pair: string): SentBook[] {
  const books = sent.filter((b) => `${b.symbol}-${b.currency}` === pair);
  const contents = books.map((b) => JSON.stringify([b.connection, b.asks, b.bids]));
  return books.filter((_book, i) => contents[i] !== contents[i - 1]);
}

async function exported(
  exchange: Exchange,
  shape: 'books' | 'rows' = 'books',
): Promise<ExportedBook[]> {
  const answer = await fetch(`${recorder.app.url}/export/${exchange}.ndjson?shape=${shape}`);
  expect(answer.status).toBe(200);
  const lines = (await answer.text()).split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as ExportedBook);
}

/** Waits until everything sent has been received and written. */
async function settled(): Promise<void> {
  const { simulators } = recorder;
  // What Bithumb has is only sent when it is polled: two rounds from now nothing new can come.
  const polled = simulators.bithumb.sent.length + 2 * PAIRS.length;
  await until(() => simulators.bithumb.sent.length >= polled, 'two polls of Bithumb');
  for (const simulator of simulators.all) {
    for (const pair of PAIRS) {
      const [symbol, currency] = pair.split('-') as [string, string];
      const sent = simulator.sent.findLast((b) => b.symbol === symbol && b.currency === currency)!;
      const wanted = JSON.stringify([sent.asks, sent.bids]);
      await until(() => {
        const book = recorder.app.bus.current({ exchange: simulator.exchange, symbol, currency });
        return book !== undefined && JSON.stringify([book.asks, book.bids]) === wanted;
      }, `the newest book of ${simulator.exchange}:${pair}`);
    }
  }
  await until(() => recorder.app.storeStats().queuedBooks === 0, 'an empty queue');
}

async function expectExactExport(): Promise<number> {
  let total = 0;
  for (const simulator of recorder.simulators.all) {
    const books = await exported(simulator.exchange);
    const sequences = books.map((b) => b.sequence);
    expect(sequences).toEqual([...sequences].sort((a, b) => a - b));
    expect(new Set(sequences).size).toBe(sequences.length);
    for (const pair of PAIRS) {
      const stored = books.filter((b) => `${b.symbol}-${b.currency}` === pair);
      const sent = distinct(simulator.sent, pair);
      // As texts: Jest compares a million levels in many seconds.
      const plain = (b: ExportedBook | SentBook): string =>
        JSON.stringify([b.exchangeTimestamp, b.asks, b.bids]);
      expect(stored.map(plain)).toEqual(sent.map(plain));
      total += stored.length;
    }
  }
  return total;
}

describe('recording all five exchanges', () => {
  it('exports book for book and digit for digit what was sent, across a lost connection', async () => {
    recorder = await startRecorder({ makeBook: deep }, { COLLECT, SNAPSHOT_EVERY_MS: '500' });
    await allLive(recorder);
    const { simulators } = recorder;
    const step = async (times: number): Promise<void> => {
      for (let i = 0; i < times; i++) {
        for (const simulator of simulators.all) simulator.step(PAIRS[i % PAIRS.length]!);
        if (i % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    await step(120);
    await settled();
    for (const simulator of simulators.all) simulator.faults.dropConnections();
    await until(
      () =>
        recorder.app.supervisor.collectors().filter((c) => c.reconnects > 0).length ===
        4 * PAIRS.length,
      'four exchanges reconnected',
    );
    await allLive(recorder);
    await step(80);
    await settled();
    expect(await expectExactExport()).toBeGreaterThan(5 * 180);
  });

  it('rebuilds every book from the seven columns alone, also across a restart', async () => {
    recorder = await startRecorder({ makeBook: deep }, { COLLECT, SNAPSHOT_EVERY_MS: '300' });
    await allLive(recorder);
    const step = async (): Promise<void> => {
      for (let i = 0; i < 40; i++) {
        for (const simulator of recorder.simulators.all) simulator.step('BTC-KRW');
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    await step();
    await settled();
    await recorder.restart();
    await allLive(recorder);
    await step();
    await settled();
    for (const { exchange } of recorder.simulators.all) {
      const rows = (await exported(exchange, 'rows')) as unknown as {
        symbol: string;
        timestamp: number;
        side: 'ask' | 'bid';
        price: string;
        volume: string;
      }[];
      const side = { ask: new Map<string, string>(), bid: new Map<string, string>() };
      for (const row of rows.filter((r) => r.symbol === 'BTC')) {
        if (row.volume === '0') side[row.side].delete(row.price);
        else side[row.side].set(row.price, row.volume);
      }
      const last = (await exported(exchange)).filter((b) => b.symbol === 'BTC').at(-1)!;
      expect(side.ask).toEqual(new Map(last.asks));
      expect(side.bid).toEqual(new Map(last.bids));
    }
  });

  it('stores all that runs at full rhythm', async () => {
    recorder = await startRecorder({ rate: 5 }, { COLLECT });
    await allLive(recorder);
    await until(() => recorder.app.storeStats().storedBooks > 200, '200 stored books');
    expect(recorder.app.storeStats()).toMatchObject({ droppedBooks: 0, failure: null });
    expect(recorder.app.supervisor.collectors().every((c) => c.parseFailures === 0)).toBe(true);
  });
});
