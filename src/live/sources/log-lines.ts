import type { Bus } from '../../bus.js';
import { LOG_LEVELS, type LogLevel, type LogRecord } from '../../market/log-record.js';
import type { Exchange } from '../../market/exchange.js';
import { type Delivery, delivery } from '../delivery.js';
import { type OwnFeed, OwnSource } from '../source.js';

/** Maximum log entries waiting for one reader; the oldest are dropped, and remain in `logs`. */
const MAX_WAITING = 1_000;

/** Which log entries are wanted; an absent part matches any. */
interface LogFilter {
  readonly exchange: Exchange | undefined;
  readonly symbol: string | undefined;
  readonly currency: string | undefined;
  /** Lowest severity. */
  readonly level: LogLevel | undefined;
  readonly event: string | undefined;
}

/** Log entries from now on, as they happen. */
export class LogLines extends OwnSource<LogRecord> {
  readonly #bus: Bus;
  readonly #filter: LogFilter;

  constructor(bus: Bus, filter: LogFilter) {
    super();
    this.#bus = bus;
    this.#filter = filter;
  }

  override open(wake: () => void): OwnFeed {
    const waiting: LogRecord[] = [];
    let order = 0;
    const stop = this.#bus.logs.on((record) => {
      if (!matches(this.#filter, record)) return;
      waiting.push(record);
      if (waiting.length > MAX_WAITING) waiting.shift();
      wake();
    });
    return {
      ended: false,
      failure: null,
      take: (): Delivery<unknown> | undefined => {
        const value = waiting.shift();
        return value && delivery('log', ++order, value);
      },
      close: stop,
    };
  }
}

function matches(filter: LogFilter, record: LogRecord): boolean {
  const { exchange, symbol, currency, level, event } = filter;
  return (
    (exchange === undefined || record.exchange === exchange) &&
    (symbol === undefined || record.pair?.symbol === symbol) &&
    (currency === undefined || record.pair?.currency === currency) &&
    (event === undefined || record.event === event) &&
    (level === undefined || LOG_LEVELS.indexOf(record.level) >= LOG_LEVELS.indexOf(level))
  );
}
