import type { BookEvent } from '../bus.js';
import type { LogKind } from './subjects.js';

/** A book of a market on its way into the log. */
export interface BookItem {
  readonly kind: 'book';
  readonly event: BookEvent;
  readonly receivedAt: number;
  /** Its id, from when it was first sent. */
  id?: string;
}

/** A trade on its way there. */
export interface TradeItem {
  readonly kind: 'trade';
  readonly message: object;
  readonly id: string;
  readonly receivedAt: number;
  /** Whether it is out of the exchange's history. */
  readonly fill?: boolean;
  /** Its number, once it is in the log. */
  seq?: number;
}

/** What its writer says of a market: it counts in the writer's own term alone. */
export interface WordItem {
  readonly kind: Exclude<LogKind, 'book' | 'trade'>;
  /** While it waits, it may come to say what a newer one says, too. */
  message: object;
  readonly id: string;
  readonly receivedAt: number;
  /** Of what is said of a span: the first trade out of the history that was on its way then. */
  behind?: TradeItem;
  /** The term in which it was sent last, and its number, once it is in the log. */
  term?: number;
  seq?: number;
}

/** A message of a market on its way into the log. */
export type LaneItem = BookItem | TradeItem | WordItem;
