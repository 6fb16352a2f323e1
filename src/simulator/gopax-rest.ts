/**
 * Texts of GOPAX's REST replies and the names in its refusals
 * (`gopax.limit.errors-errormessage-errorcode-int`).
 */
import { jsNumberText, type Entry } from './gopax-book.js';
import type { SimulatedMarket } from './simulator.js';

/** Why a pair is refused, the same on the WebSocket and in REST. */
export interface PairRefusal {
  /** 10058 unknown asset, 10059 known assets without such a (listed) pair. */
  readonly code: 10058 | 10059;
  /** The offending asset or pair. */
  readonly data: string;
}

/** Which of a name's parts is at fault; `assets` are all that are or were listed. */
export function refusePair(name: string, assets: ReadonlySet<string>): PairRefusal {
  const unknown = name.split('-').find((asset) => !assets.has(asset));
  return unknown === undefined ? { code: 10059, data: name } : { code: 10058, data: unknown };
}

/** A REST error; other key names than on the WebSocket. */
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

/** One row of the market list; being in the list is all that says a pair is listed. */
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
