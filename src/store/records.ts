import type {
  Gap as GapRow,
  Log as LogRow,
  Market as MarketRow,
  WantedPattern as PatternRow,
} from '../generated/sqlite/client.js';
import type { LogLevel, LogRecord } from '../market/log-record.js';
import type { Exchange } from '../market/exchange.js';
import type { Gap, GapCause } from '../market/gap.js';
import type { Market } from '../market/market.js';
import type { WantedPattern } from '../market/managed-lists.js';

/** The market of a row. */
export function toMarket(row: MarketRow): Market {
  return { exchange: row.exchangeName as Exchange, symbol: row.symbol, currency: row.currency };
}

/** A mutation on a pattern of markets from its row. */
export function toWantedPattern({ symbol, currency, wanted, ...row }: PatternRow): WantedPattern {
  return { pattern: { exchange: row.exchange as Exchange | null, symbol, currency }, wanted };
}

/** A gap from its row. */
export function toGap(row: GapRow & { market: MarketRow }): Gap {
  return {
    market: toMarket(row.market),
    start: Number(row.start),
    end: row.end === null ? null : Number(row.end),
    cause: row.cause as GapCause,
    detail: row.detail,
    attempts: row.attempts,
  };
}

/** A log record from its row. */
export function toLogRecord(row: LogRow): LogRecord {
  const { symbol, currency } = row;
  return {
    timestamp: Number(row.timestamp),
    level: row.level as LogLevel,
    event: row.event,
    exchange: row.exchange as Exchange | null,
    pair: symbol === null || currency === null ? null : { symbol, currency },
    message: row.message,
    params: row.params,
  };
}
