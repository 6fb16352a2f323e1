import type { CollectorStatus } from '../market/collector-status.js';
import type { CollectorControl, ListTrouble, Timekeeping } from '../market/collector-control.js';
import type { Completeness } from '../market/completeness.js';
import type { Exchange } from '../market/exchange.js';
import type { ExchangeTally } from '../market/exchange-tally.js';
import type { OddityTally } from '../market/oddity.js';
import type { StoreStats } from '../store/store-types.js';

/** What the node that collects an exchange reports every second. */
export interface ExchangeReport {
  readonly exchange: Exchange;
  readonly node: string;
  readonly statuses: readonly CollectorStatus[];
  readonly tally: ExchangeTally;
  readonly completeness: Completeness;
  readonly listTroubles: readonly ListTrouble[];
  readonly stoppedByUser: number;
  readonly timekeeping: Timekeeping;
  /** Books that the bus did not accept in time, since the node started. */
  readonly droppedBooks: number;
  /** Messages that wait for the bus. */
  readonly waiting: number;
}

/** What the node that stores the log reports. */
export interface StoreReport {
  readonly node: string;
  readonly stats: StoreStats;
}

/** How far the log is stored. */
export interface CommitNotice {
  /** Number of the last stored message. */
  readonly offset: number;
  /** When its books were received, Unix ms. */
  readonly receivedAt: readonly number[];
}

/** Subjects outside the log: only nodes listening at the moment receive them. */
export const reportSubject = (exchange: Exchange): string => `report.${exchange}`;
export const statusSubject = (exchange: Exchange): string => `status.${exchange}`;
export const controlSubject = (exchange: Exchange): string => `control.${exchange}`;
export const lossSubject = (exchange: Exchange): string => `lost.${exchange}`;
export const STORE_SUBJECT = 'stored.report';
export const COMMIT_SUBJECT = 'stored.commit';
export const WISHES_SUBJECT = 'wishes';

/** The report of an exchange's collectors. */
export function reportOf(
  control: CollectorControl,
  exchange: Exchange,
  node: string,
  { droppedBooks, waiting }: { readonly droppedBooks: number; readonly waiting: number },
): ExchangeReport {
  const tally = control.tally(exchange);
  return {
    exchange,
    node,
    statuses: control.collectors(exchange),
    tally: { ...tally, oddities: tally.oddities.map(shortened) },
    completeness: control.completeness(exchange),
    listTroubles: control.listTroubles(),
    stoppedByUser: control.stoppedByUser()[exchange] ?? 0,
    timekeeping: control.timekeeping,
    droppedBooks,
    waiting,
  };
}

/** Characters that a report quotes of what an exchange sent: all of it would not fit into a message. */
const MOST_OF_ODDITY = 500;

function shortened(tally: OddityTally): OddityTally {
  return {
    ...tally,
    lastText: tally.lastText.slice(0, MOST_OF_ODDITY),
    things: tally.things.map((t) => ({ ...t, text: t.text.slice(0, MOST_OF_ODDITY) })),
  };
}
