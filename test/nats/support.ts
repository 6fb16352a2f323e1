import { afterAll, beforeAll } from '@jest/globals';
import type { BookEvent } from '../../src/bus.js';
import { parseBusAddress } from '../../src/market/bus-address.js';
import { MarketHandle } from '../../src/market/market.js';
import { BusConnection } from '../../src/nats/connection.js';
import { LogStream } from '../../src/nats/log-stream.js';
import { LogWriter } from '../../src/nats/log-writer.js';
import type { Standing } from '../../src/nats/term.js';
import { temporaryFolder } from '../helpers/wait.js';
import { type NatsServer, startNats } from '../nodes/nats-server.js';

export const MARKET = new MarketHandle('GOPAX', { symbol: 'BTC', currency: 'KRW' });

/** A log in a NATS server of its own, empty when the first test of its `describe` begins. */
export interface NatsLog {
  readonly server: NatsServer;
  readonly bus: BusConnection;
  readonly stream: LogStream;
  readonly writer: LogWriter;
}

/** Starts a log before the tests of a `describe`, and removes it behind them; it is filled in by then. */
export function natsLog(): NatsLog {
  const folder = temporaryFolder();
  const log = {} as NatsLog;
  beforeAll(async () => {
    const server = await startNats(folder.path);
    const bus = await BusConnection.open(parseBusAddress(server.url)!, 'test');
    const stream = new LogStream(bus);
    await stream.make(1, -1, 1);
    Object.assign(log, { server, bus, stream, writer: new LogWriter(bus) } satisfies NatsLog);
  });
  afterAll(async () => {
    log.writer.close();
    await log.bus.close();
    await log.server.end('SIGKILL');
    folder.remove();
  });
  return log;
}

/** A book of one ask. @param e the exchange's own time, Unix ms, or null */
export function bookAt(
  timestamp: number,
  price: string,
  e: number | null = timestamp,
  market = MARKET,
): BookEvent {
  const asks = [[price, '1']] as const;
  const book = { market, timestamp, exchangeTimestamp: e, sequence: timestamp, asks };
  return {
    book: { ...book, bids: [] },
    changes: { asks, bids: [] },
    previous: null,
    afterGap: false,
  };
}

/** What a lane learns of the term in which its node writes: it is the only one. */
export const ONE_TERM = {
  term: { number: 1, standing: (): Standing => 'COUNTS' },
  again: () => undefined,
};
