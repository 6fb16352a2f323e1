import { plainText } from '../book/number-text.js';
import type { Tape } from '../trade/tape.js';
import { clockTexts } from './history.js';

/**
 * A ticker frame of Upbit or Bithumb as of the newest trade: the keys of a trade and the sums of its
 * day, over all and by side (`bithumb.trade-complete.ws-ticker-acc-trade-volume`). The other keys of
 * a ticker are left out.
 * @param close yesterday's last price, units of 1e-8
 * @param ahead where the clock of its texts is ahead of UTC, ms
 */
export function tickerFrame(
  code: string,
  tape: Tape,
  close: bigint,
  ahead: number,
  stream: string,
): string {
  const { today, last } = tape;
  const { ms = 0, side = null, level } = last ?? {};
  const [date, time] = clockTexts(ms, ahead).map((text) => text.replace(/[-:]/g, ''));
  return (
    `{"type":"ticker","code":"${code}","trade_price":${level?.text[0] ?? 0},` +
    `"prev_closing_price":${plainText(close)},"trade_volume":${level?.text[1] ?? 0},` +
    `"acc_trade_volume":${plainText(today.buy + today.sell + today.none)},` +
    `"trade_date":"${date}","trade_time":"${time}","trade_timestamp":${ms},` +
    `"ask_bid":"${side === 'buy' ? 'BID' : 'ASK'}","acc_ask_volume":${plainText(today.sell)},` +
    `"acc_bid_volume":${plainText(today.buy)},"market_state":"ACTIVE",` +
    `"timestamp":${Date.now()},"stream_type":"${stream}"}`
  );
}
