/** Texts of GOPAX's frames and REST bodies; a level has an entry id (`gopax.book.rules`). */
import { plainText, UNITS } from '../book/number-text.js';
import type { BookLevel } from '../book/book.js';
import type { SimulatedMarket } from '../simulator.js';
import type { Candle, ShownTrade } from '../trade/trade.js';

/** A side of a book. */
export type Side = 'asks' | 'bids';

/** One level as it is on the wire; volume `0n`: the level is gone. */
export interface Entry {
  /** Number of the change, from the one counter of the whole exchange. */
  readonly entryId: number;
  /** When the level was changed, Unix ms (on the wire: seconds with a fraction). */
  readonly updatedAt: number;
  readonly level: BookLevel;
  /** The entry as a JSON object. */
  readonly text: string;
}

/** Levels that one message carries. */
export interface Delta {
  readonly asks: readonly Entry[];
  readonly bids: readonly Entry[];
  /** The whole `OrderBookEvent` frame. */
  readonly text: string;
}

/** JavaScript's spelling of a number: plain from 0.000001 on, `1e-8` or `8.5e-7` below it. */
export function jsNumberText(units: bigint): string {
  if (units === 0n || units >= 100n) return plainText(units);
  const exponent = units >= 10n ? 7 : 8;
  const [first, second = '0'] = units.toString();
  return `${first}${second === '0' ? '' : `.${second}`}e-${exponent}`;
}

/** Unix ms as seconds with a fraction, trailing zeros dropped: `1790138983.5`. */
export function secondsText(ms: number): string {
  const text = `${ms}`;
  const fraction = text.slice(-3).replace(/0+$/, '');
  return fraction === '' ? text.slice(0, -3) : `${text.slice(0, -3)}.${fraction}`;
}

/** An entry with its text. */
export function makeEntry(entryId: number, updatedAt: number, level: BookLevel): Entry {
  const price = jsNumberText(level.price);
  const volume = jsNumberText(level.volume);
  const text =
    `{"entryId":${entryId},"price":${price},"volume":${volume},` +
    `"updatedAt":${secondsText(updatedAt)}}`;
  return { entryId, updatedAt, level, text };
}

/** A delta with its frame; `i` is -1 in every push, both arrays are always there. */
export function makeDelta(pair: string, asks: readonly Entry[], bids: readonly Entry[]): Delta {
  const list = (entries: readonly Entry[]): string => entries.map(({ text }) => text).join(',');
  const text =
    `{"i":-1,"n":"OrderBookEvent","o":{"ask":[${list(asks)}],"bid":[${list(bids)}],` +
    `"tradingPairName":"${pair}"}}`;
  return { asks, bids, text };
}

/** How the time of a trade event is written; the documentation shows whole seconds. */
export type OccurredAtForm = 'seconds' | 'fraction' | 'ms';

/** A `PublicTradeEvent` (`gopax.trade-frame.tradeid`); an invented word stands for an unknown side. */
export function tradeEvent(pair: string, trade: ShownTrade, form: OccurredAtForm): string {
  const { price, volume } = trade.level;
  const at = { seconds: `${Math.floor(trade.ms / 1000)}`, fraction: secondsText(trade.ms) };
  const isBuy = trade.side === null ? '"unknown"' : trade.side === 'buy';
  return (
    `{"i":-1,"n":"PublicTradeEvent","o":{"tradeId":${trade.id},"baseAmount":${jsNumberText(volume)},` +
    `"quoteAmount":${jsNumberText((price * volume) / UNITS)},"price":${jsNumberText(price)},` +
    `"isBuy":${isBuy},"occurredAt":${form === 'ms' ? trade.ms : at[form]},"tradingPairName":"${pair}"}}`
  );
}

/** A row of REST trades; its time has no more than seconds (`gopax.trade-rest.time-utc-000-always-real`). */
export function tradeRow({ id, ms, side, level: { price, volume } }: ShownTrade): string {
  const date = Math.floor(ms / 1000);
  return (
    `{"time":"${new Date(date * 1000).toISOString()}","date":${date},"id":${id},` +
    `"price":${jsNumberText(price)},"amount":${jsNumberText(volume)},"side":"${side ?? 'unknown'}"}`
  );
}

/** A row of REST candles. */
export function candleRow({ minute, open, high, low, close, volume }: Candle): string {
  const prices = [low, high, open, close].map(jsNumberText).join(',');
  return `[${minute},${prices},${jsNumberText(volume)}]`;
}

/** The newest `updatedAt` of a delta, Unix ms. */
export function newestUpdate(delta: Delta): number {
  return Math.max(...[...delta.asks, ...delta.bids].map(({ updatedAt }) => updatedAt));
}

/** Why a pair is refused, the same on the WebSocket and in REST. */
export interface PairRefusal {
  /** 10058 unknown asset, 10059 known assets without such a (listed) pair. */
  readonly code: 10058 | 10059;
  /** The offending asset or pair. */
  readonly data: string;
}

/** Which part of a name is wrong; `listed` are the pairs that are or were listed. */
export function refusePair(name: string, listed: Iterable<string>): PairRefusal {
  const assets = new Set([...listed].flatMap((pair) => pair.split('-')));
  const unknown = name.split('-').find((asset) => !assets.has(asset));
  return unknown === undefined ? { code: 10059, data: name } : { code: 10058, data: unknown };
}

/** A REST error (`gopax.limit.errors-errormessage-errorcode-int`); other key names than on the WebSocket. */
export function restError(message: string, code: number, data?: string): string {
  return JSON.stringify({ errorMessage: message, errorCode: code, errorData: data });
}

/** Body of a refused pair. */
export function restPairError({ code, data }: PairRefusal): string {
  const what = code === 10058 ? 'asset code' : 'trading pair';
  return restError(`Invalid ${what}: ${data}`, code, data);
}

/** The page of an unknown path. */
export function notFoundPage(method: string, path: string): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Error</title>
</head>
<body>
<pre>Cannot ${method} ${path.replace(/[<>&]/g, '')}</pre>
</body>
</html>
`;
}

/** A book: entry ids and times are strings, prices and volumes numbers. */
export function restBook(sequence: number, asks: readonly Entry[], bids: readonly Entry[]): string {
  const side = (entries: readonly Entry[]): string => entries.map(restEntry).join(',');
  return `{"sequence":${sequence},"bid":[${side(bids)}],"ask":[${side(asks)}]}`;
}

function restEntry({ entryId, updatedAt, level }: Entry): string {
  return `["${entryId}",${jsNumberText(level.price)},${jsNumberText(level.volume)},"${updatedAt}"]`;
}

/** One row of the market list; only its presence shows that a pair is listed. */
export function tradingPairRow(market: SimulatedMarket, id: number): string {
  const { symbol, currency, pair, profile } = market;
  const won = currency === 'KRW';
  const quote = { amount: won ? 1000 : 1, unit: currency };
  const minima = {
    limitAsk: quote,
    limitBid: quote,
    marketAsk: { amount: 0.001, unit: symbol },
    marketBid: quote,
  };
  return (
    `{"id":${id},"name":"${pair}","baseAsset":"${symbol}","quoteAsset":"${currency}",` +
    `"baseAssetScale":8,"quoteAssetScale":${won ? 0 : 4},"priceMin":${jsNumberText(profile.tick)},` +
    `"restApiOrderAmountMin":${JSON.stringify(minima)},"makerFeePercent":0.2,"takerFeePercent":0.2}`
  );
}
