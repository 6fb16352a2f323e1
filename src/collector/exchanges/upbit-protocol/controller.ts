import { randomUUID } from 'node:crypto';
import { type ExactJson, parseExactJson } from '../../../market/exact-json.js';
import { pairText } from '../../../market/market.js';
import { WSController } from '../../socket/ws-controller.js';
import {
  errorOf,
  quoteFirstCode,
  readUnitBook,
  readUnitTrade,
  subscribeRequest,
} from './messages.js';
import { FrameReader } from './frame-reader.js';

/**
 * A socket of Upbit or Bithumb (generation 2): every binary frame is a whole book; there is no
 * acknowledgement, no sequence and no unsubscribe; a later subscription replaces the earlier one,
 * so the full list is sent again on each change; an unknown code is ignored silently; an error
 * frame is followed by a close with 1000 (`upbit.subscribe.*`, `upbit.book.*`, `upbit.error.*` and
 * the same areas of bithumb).
 */
export class UpbitProtocolController extends WSController {
  readonly #reader = new FrameReader((code) => this.pairs.has(code));

  protected override readonly tradeSign = /"ty(pe)?"\s*:\s*"trade"/;

  protected override getWSUrl(): string {
    return this.context.urls.wsUrl;
  }

  protected override getMessage(): readonly string[] {
    const codes = [...this.pairs.values()].map(quoteFirstCode);
    return [subscribeRequest(randomUUID(), codes, this.context.trades)];
  }

  protected override resetConnection(): void {
    this.#reader.clear();
  }

  protected override handleMessage(data: Buffer): void {
    const known = this.#reader.read(data);
    if (known !== null) {
      this.deliver(known.code, known.sides, known.exchangeTimestamp);
      return;
    }
    const message = parseExactJson(data.toString('utf8'));
    // The LIST formats wrap frames in an array (`upbit.format.list-wrapped`).
    for (const item of Array.isArray(message) ? message : [message]) this.#handle(item);
  }

  #handle(message: ExactJson): void {
    const error = errorOf(message);
    if (error !== null) {
      this.refusedBy(error);
      return;
    }
    if (typeof message !== 'object' || message === null || Array.isArray(message)) return;
    if (this.context.trades && (message['type'] === 'trade' || message['ty'] === 'trade')) {
      const idKind = this.context.exchange === 'BITHUMB' ? 'STREAM' : 'EXCHANGE';
      const { pair, trade, snapshot } = readUnitTrade(message, idKind);
      this.deliverTrades(pairText(pair), [trade], snapshot);
      return;
    }
    const kind = message['type'] ?? message['ty'];
    if (kind !== 'orderbook') {
      // `{"status":"UP"}` and streams we did not subscribe to.
      const what = JSON.stringify(kind ?? Object.keys(message));
      if (!('status' in message)) this.context.host.odd('UNKNOWN_MESSAGE', what, what);
      return;
    }
    const { pair, sides, exchangeTimestamp, ordered } = readUnitBook(message);
    if (this.pairs.has(pairText(pair))) this.context.host.odd('SLOW_FRAME', '', pairText(pair));
    this.deliver(pairText(pair), sides, exchangeTimestamp, undefined, ordered ? undefined : null);
  }
}
