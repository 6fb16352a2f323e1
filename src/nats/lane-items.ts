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
  /** The exchange's time, Unix ms. */
  readonly tradedAt: number;
  /** See `tradeContents`; only where the history has it under another id. */
  readonly contents?: string | undefined;
  /** Whether it comes from the exchange's history. */
  readonly fill?: boolean;
  /** Its number, once it is in the log. */
  seq?: number;
}

/** A statement of its writer about a market: it counts only in the writer's own term. */
export interface WordItem {
  readonly kind: Exclude<LogKind, 'book' | 'trade'>;
  /** While it waits, a newer statement may be merged into it. */
  message: object;
  readonly id: string;
  readonly receivedAt: number;
  /** For a statement about a span: the first trade from the history that was on its way then. */
  behind?: TradeItem;
  /** The term in which it was last sent, and its number, once it is in the log. */
  term?: number;
  seq?: number;
}

/** A message of a market on its way into the log. */
export type LaneItem = BookItem | TradeItem | WordItem;
