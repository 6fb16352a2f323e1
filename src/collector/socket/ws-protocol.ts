import type { GapCause } from '../../market/gap.js';
import type { Pair } from '../../market/market.js';

/** What is sent to an exchange's WebSocket and how it is read: what its controller implements or overrides. */
export abstract class WSProtocol {
  /** Full URL to connect to; called before every connection (signatures expire). */
  protected abstract getWSUrl(): string;

  /** Messages that subscribe all pairs of the socket when it is fresh. */
  protected abstract getMessage(): readonly string[];

  /** Reads one message; calls `deliver` for each book. Exceptions are counted and logged. */
  protected abstract handleMessage(data: Buffer): void;

  /**
   * Messages that turn the running subscription into one of the pairs that the socket has now. Default: all
   * of them again, for exchanges where a later subscription replaces the earlier one (Upbit, Bithumb).
   */
  protected getChangeMessage(
    _added: readonly Pair[],
    _removed: readonly Pair[],
  ): readonly string[] {
    return this.getMessage();
  }

  /** Messages that request the books of delivering pairs once more. Default: subscribes them again. */
  protected getAgainMessage(pairs: readonly Pair[]): readonly string[] {
    return this.getChangeMessage(pairs, pairs);
  }

  /** Message sent in place of a protocol ping, for exchanges whose keep-alive is a message. */
  protected getKeepAliveMessage(): string | null {
    return null;
  }

  /** Whether the subscription waits for a greeting; the subclass then calls `subscribe`. */
  protected get subscribesOnGreeting(): boolean {
    return false;
  }

  /** How a trade message starts, even an unreadable one, where the exchange sends them. */
  protected readonly tradeSign: RegExp = /(?!)/;

  /**
   * Messages that subscribe the trades of pairs whose book has arrived, where subscribed separately: a
   * refusal of an unknown pair then concerns its book. Default: none, they come with the books.
   */
  protected getTradesMessage(_pairs: readonly Pair[]): readonly string[] {
    return [];
  }

  /** Messages that unsubscribe what {@link getTradesMessage} subscribed. */
  protected getTradesEnd(_pairs: readonly Pair[]): readonly string[] {
    return [];
  }

  /** Resets the state of one connection. Called when it is lost and before every connect. */
  protected resetConnection(): void {}

  /** Gap cause for a close code; GOPAX and Coinone have codes of their own. */
  protected closeCause(_code: number): GapCause {
    return 'DISCONNECTED';
  }
}
