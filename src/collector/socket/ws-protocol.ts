import type { GapCause } from '../../market/gap.js';
import type { Pair } from '../../market/market.js';

/** What an exchange's WebSocket is told and how it is read: what a controller of one exchange gives, or overrides. */
export abstract class WSProtocol {
  /** Whole URL to connect to; asked again before every connection (signatures expire). */
  protected abstract getWSUrl(): string;

  /** Messages that subscribe all pairs of the socket, when it is fresh. */
  protected abstract getMessage(): readonly string[];

  /** Reads one message; calls `deliver` for each book. What it throws is counted and logged. */
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

  /** Messages that ask pairs whose books come for theirs once more. Default: their subscriptions begin again. */
  protected getAgainMessage(pairs: readonly Pair[]): readonly string[] {
    return this.getChangeMessage(pairs, pairs);
  }

  /** Message sent in place of a protocol ping, if the exchange keeps sockets alive by a message. */
  protected getKeepAliveMessage(): string | null {
    return null;
  }

  /** Whether the subscription waits for a greeting; then the subclass calls `subscribe`. */
  protected get subscribesOnGreeting(): boolean {
    return false;
  }

  /** How a message about trades begins, even an unreadable one, where the exchange sends them. */
  protected readonly tradeSign: RegExp = /(?!)/;

  /**
   * Messages that subscribe the trades of pairs whose book has come, where they are subscribed apart: a
   * refusal of an unknown pair is then one of its book. Default: none, they come with the books.
   */
  protected getTradesMessage(_pairs: readonly Pair[]): readonly string[] {
    return [];
  }

  /** Messages that end what {@link getTradesMessage} subscribed. */
  protected getTradesEnd(_pairs: readonly Pair[]): readonly string[] {
    return [];
  }

  /** Forgets what belongs to one connection. Called when one is lost and before every connect. */
  protected resetConnection(): void {}

  /** Cause of a gap by close code; GOPAX and Coinone have meanings of their own. */
  protected closeCause(_code: number): GapCause {
    return 'DISCONNECTED';
  }
}
