import { createHash } from 'node:crypto';
import type { GapCause } from '../market/gap.js';
import type { Level } from '../market/order-book.js';
import { BOOK_DIFFERS } from '../market/own-words.js';

/** The compared features of a book: its content as one number, and its exchange time. */
interface BookMark {
  /** See {@link contentOf}. */
  readonly content: number;
  /** Unix ms, or null. */
  readonly exchangeTimestamp: number | null;
}

/** A book of a market that really went out. */
export interface SentMark extends BookMark {
  /** When it was sent, Unix ms. */
  readonly at: number;
  /** Number of the connection; a newer one has a greater. */
  readonly connection: number;
}

/** A stored book of a market. */
export interface StoredMark extends BookMark {
  /** When it was received, Unix ms. */
  readonly timestamp: number;
}

/** An interval in which a market was not covered. */
export interface GapMark {
  readonly start: number;
  /** Null while it lasts. */
  readonly end: number | null;
  readonly cause: GapCause;
  readonly detail?: string | null;
}

/** The outcome for the books of a market, or of several added up. */
export interface Account {
  sent: number;
  /** Sent and stored, in the order of sending and with the same content and time. */
  stored: number;
  /** Equal to the book received before, or the same frame on a second connection. */
  equal: number;
  /** Never recorded, and inside a gap of that cause. */
  inGap: Partial<Record<GapCause, number>>;
  /**
   * Never recorded: sent on one of two connections while the recorder used the other one: the older one,
   * which may have missed what the newer one shows, or the newer one, which has yet to catch up.
   */
  replaced: number;
  /** Stored books that pass on a book once more after a gap (GOPAX, from its other connection). */
  again: number;
  /** Neither stored nor explained, but sent before all markets were recorded. */
  early: number;
  /** Sent, neither stored nor equal nor inside a gap nor on a second connection. */
  unaccounted: SentMark[];
  /** Stored, but never sent. */
  invented: StoredMark[];
  /** Stored, though a gap says that nothing was received then. */
  contradicted: StoredMark[];
}

/**
 * How long a book or a trade may take from sending to receipt, ms. A gap starts at the last receipt before it,
 * so a lost book may have been sent this much earlier.
 */
const LATENCY_MS = 5000;

/** A book received at least this long after it was sent shows that the recorder cannot keep up, ms. */
const LEAST_LATE_MS = 2000;
/** A gap of what lies unread begins up to this long before the last book read, by the exchange's time, ms. */
const MARGIN_MS = 1500;

/** The precision with which times of two processes, or a step of the clock, are measured, ms. */
const SHIFT_ERROR_MS = 20;

/** A number of 48 bits that stands for a book's levels, prices and volumes as Decimal text. */
export function contentOf(asks: readonly Level[], bids: readonly Level[]): number {
  return createHash('sha1')
    .update(JSON.stringify([asks, bids]))
    .digest()
    .readUIntBE(0, 6);
}

/** An empty account. */
export function emptyAccount(): Account {
  return {
    sent: 0,
    stored: 0,
    equal: 0,
    inGap: {},
    replaced: 0,
    again: 0,
    early: 0,
    unaccounted: [],
    invented: [],
    contradicted: [],
  };
}

/** Adds `part` to `sum`. */
export function addAccount(sum: Account, part: Account): void {
  sum.sent += part.sent;
  sum.stored += part.stored;
  sum.equal += part.equal;
  sum.replaced += part.replaced;
  sum.again += part.again;
  sum.early += part.early;
  for (const [cause, count] of Object.entries(part.inGap) as [GapCause, number][]) {
    sum.inGap[cause] = (sum.inGap[cause] ?? 0) + count;
  }
  sum.unaccounted.push(...part.unaccounted);
  sum.invented.push(...part.invented);
  sum.contradicted.push(...part.contradicted);
}

/** The number of wrong books in an account. */
export function problems(account: Account): number {
  return account.unaccounted.length + account.invented.length + account.contradicted.length;
}

/** How the recorder's clock related to the true one, by which the books were sent. */
export interface ClockView {
  /** What the recorder's clock may have shown at a true moment, Unix ms. */
  readings(at: number): readonly number[];
  /** Whether it may have shown that time while it was wrong: then a time inside a gap proves nothing. */
  doubtful(reading: number): boolean;
  /** All shifts that a date may have had since, 0 included, ms. */
  readonly shifts: readonly number[];
}

/** A recorder whose clock was right. */
export const TRUE_CLOCK: ClockView = { readings: (at) => [at], doubtful: () => false, shifts: [0] };

/**
 * Accounts for every book of one market: each sent one must be stored, equal to the one received
 * before it, or lost inside a gap, and each stored one must have been sent.
 * @param sent in order of sending
 * @param stored in order of sequence
 * @param gaps in order of start
 * @param clock what the recorder's clock showed; default: it was right
 */
export function accountFor(
  sent: readonly SentMark[],
  stored: readonly StoredMark[],
  gaps: readonly GapMark[],
  clock: ClockView = TRUE_CLOCK,
): Account {
  const account = emptyAccount();
  account.sent = sent.length;
  /** For each sent book the stored one that it became, or -1. */
  const becameOf = new Array<number>(sent.length).fill(-1);
  const places = placesByContent(sent);
  let next = 0;
  stored.forEach((book, j) => {
    // Books return to earlier contents: one that was sent after the receipt is a different one.
    const sentBy = ({ at }: SentMark): boolean =>
      clock.doubtful(book.timestamp) ||
      [at, ...clock.readings(at)].some((reading) => reading <= book.timestamp + SHIFT_ERROR_MS);
    const find = (mark: BookMark, from: number, exactly: boolean): number =>
      findFrom(places, sent, mark, from, exactly, sentBy);
    // A book without a time may be one that is passed on again, or a whole book of a new
    // connection; it must not be mistaken for an equal one that is still to come.
    const known = find(book, 0, false);
    const ends = gaps.some((gap) => endsWith(gap, book.timestamp, clock));
    const current = next > 0 && sent[next - 1]!.content === book.content;
    const handedOn = book.exchangeTimestamp === null && ends && current;
    let place = handedOn ? -1 : find(book, next, true);
    const again = handedOn || (place === -1 && ends && known !== -1 && known < next);
    if (place === -1 && !again) place = find(book, next, false);
    if (place !== -1) {
      becameOf[place] = j;
      next = place + 1;
      account.stored++;
    } else if (again || (ends && find(withoutTime(book), 0, false) !== -1)) {
      account.again++;
    } else account.invented.push(book);
    if (
      // What was received since the last audit that agreed was wrong, not missing, and is kept.
      gaps.some(
        (gap) => gap.detail !== BOOK_DIFFERS && isInside(book.timestamp, gap) && !isLate(book, gap),
      ) &&
      !clock.doubtful(book.timestamp)
    ) {
      account.contradicted.push(book);
    }
  });
  /** When each stored frame was received, whichever of two connections brought it. */
  const seen = new Map<string, number>();
  const frameOf = ({ content, exchangeTimestamp }: SentMark): string =>
    `${content} ${exchangeTimestamp}`;
  sent.forEach((book, i) => {
    if (becameOf[i] !== -1) seen.set(frameOf(book), stored[becameOf[i]!]!.timestamp);
  });

  // The stored books before and after each unmatched one.
  const after = nextMatched(sent, becameOf, stored.length);
  const courses = coursesOf(sent);
  const missing: number[] = [];
  let before = -1;
  let current: number | null = null;
  /** Of each connection, when its newest frame was received that is stored: what it brings comes in order. */
  const receivedOn = new Map<number, number>();
  sent.forEach((book, i) => {
    const received = seen.get(frameOf(book));
    if (received !== undefined) receivedOn.set(book.connection, received);
    if (becameOf[i] !== -1) {
      before = becameOf[i]!;
      current = book.content;
      return;
    }
    const from = stored[before]?.timestamp;
    const to = stored[after[i]!]?.timestamp;
    // A gap may have been redated after the clock was set right, so the true time counts as well.
    const moments = new Set([book.at, ...clock.readings(book.at)]);
    let gap: GapMark | undefined;
    const least = receivedOn.get(book.connection) ?? -Infinity;
    for (const at of moments) gap ??= gapBetween(gaps, from, to, at, least, clock);
    if (book.content === current || received !== undefined) {
      account.equal++;
    } else if (gap !== undefined && !isReplaced(courses, i, book)) {
      // Replaced comes first: a gap may begin in the millisecond of all these receipts.
      account.inGap[gap.cause] = (account.inGap[gap.cause] ?? 0) + 1;
    } else missing.push(i);
  });
  const lost = new Set(missing);
  for (const i of missing) {
    if (isReplaced(courses, i, sent[i]!) || isBehind(sent, courses, i, lost)) account.replaced++;
    else account.unaccounted.push(sent[i]!);
  }
  return account;
}

/** A time in which the recorder stood still, Unix ms of the true clock. */
export interface Standstill {
  readonly from: number;
  readonly until: number;
}

/** A standstill shorter than this need not be noticed, ms. */
const MIN_STANDSTILL_MS = 3000;
/** How much of either end of a standstill may count as covered, ms: its last books came in just before. */
const STANDSTILL_EDGE_MS = 1500;

/** The standstills of a recorded market that none of its gaps covers. */
export function unreportedStandstills(
  standstills: readonly Standstill[],
  gaps: readonly GapMark[],
  clock: ClockView = TRUE_CLOCK,
): Standstill[] {
  return standstills.filter(({ from, until }) => {
    if (until - from < MIN_STANDSTILL_MS) return false;
    const middle = [from + STANDSTILL_EDGE_MS, (from + until) / 2, until - STANDSTILL_EDGE_MS];
    return !middle.every((at) =>
      [at, ...clock.readings(at)].some((reading) =>
        gaps.some(({ start, end }) => start <= reading && (end === null || reading <= end)),
      ),
    );
  });
}

function isInside(time: number, { start, end }: GapMark): boolean {
  return time > start && (end === null || time < end);
}

/** Whether a book was read long after it came, when the gap of what still lay unread had begun. */
function isLate({ timestamp, exchangeTimestamp }: StoredMark, { start }: GapMark): boolean {
  if (exchangeTimestamp === null || timestamp - exchangeTimestamp < LEAST_LATE_MS) return false;
  return exchangeTimestamp <= start + MARGIN_MS;
}

function placesByContent(sent: readonly SentMark[]): ReadonlyMap<number, number[]> {
  const places = new Map<number, number[]>();
  sent.forEach(({ content }, i) => {
    const list = places.get(content);
    if (list === undefined) places.set(content, [i]);
    else list.push(i);
  });
  return places;
}

/** Whether a gap ended with a book of that time; both may have been redated since. */
function endsWith({ end }: GapMark, timestamp: number, { shifts }: ClockView): boolean {
  if (end === null) return false;
  const by = end - timestamp;
  return shifts.some((shift) => (shift === 0 ? by === 0 : Math.abs(by - shift) < SHIFT_ERROR_MS));
}

function withoutTime({ content }: BookMark): BookMark {
  return { content, exchangeTimestamp: null };
}

/**
 * First place from `from` on where such a book was sent; -1 when there is none.
 * @param exactly whether a book without a time matches none that was sent with one
 * @param may whether a sent book may be it
 */
function findFrom(
  places: ReadonlyMap<number, number[]>,
  sent: readonly SentMark[],
  book: BookMark,
  from: number,
  exactly: boolean,
  may: (mark: SentMark) => boolean,
): number {
  const list = places.get(book.content) ?? [];
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle]! < from) low = middle + 1;
    else high = middle;
  }
  for (; low < list.length; low++) {
    const mark = sent[list[low]!]!;
    const any = book.exchangeTimestamp === null && !exactly;
    if ((any || book.exchangeTimestamp === mark.exchangeTimestamp) && may(mark)) return list[low]!;
  }
  return -1;
}

/** The first and last place of a connection's books among those of all. */
interface Course {
  readonly first: number;
  last: number;
}

function coursesOf(sent: readonly SentMark[]): ReadonlyMap<number, Course> {
  const courses = new Map<number, Course>();
  sent.forEach(({ connection }, i) => {
    const course = courses.get(connection);
    if (course === undefined) courses.set(connection, { first: i, last: i });
    else course.last = i;
  });
  return courses;
}

/**
 * Whether the market was sent on a newer connection both before and after. That connection's books
 * must all be accounted for.
 */
function isReplaced(
  courses: ReadonlyMap<number, Course>,
  place: number,
  { connection }: SentMark,
): boolean {
  for (const [other, { first, last }] of courses)
    if (other > connection && first < place && place < last) return true;
  return false;
}

/**
 * Whether the market was sent on an older connection before and after, which may have been ahead: this
 * one's first accounted-for book comes soon after that.
 */
function isBehind(
  sent: readonly SentMark[],
  courses: ReadonlyMap<number, Course>,
  place: number,
  lost: ReadonlySet<number>,
): boolean {
  const { connection, at } = sent[place]!;
  const beside = [...courses].some(
    ([other, { first, last }]) => other < connection && first < place && place < last,
  );
  if (!beside) return false;
  const taken = sent.findIndex((book, i) => book.connection === connection && !lost.has(i));
  return taken > place && sent[taken]!.at - at <= LATENCY_MS;
}

/**
 * For each place the stored book of the next matched one after it; `none` when there is none. What an older
 * connection delivers may be received before what was sent earlier on a newer one, and proves nothing about
 * that.
 */
function nextMatched(
  sent: readonly SentMark[],
  becameOf: readonly number[],
  none: number,
): number[] {
  const after = new Array<number>(becameOf.length);
  const nextOn = new Map<number, number>();
  for (let i = becameOf.length - 1; i >= 0; i--) {
    const { connection } = sent[i]!;
    after[i] = none;
    for (const [other, next] of nextOn)
      if (other >= connection) after[i] = Math.min(after[i]!, next);
    if (becameOf[i] !== -1) nextOn.set(connection, becameOf[i]!);
  }
  return after;
}

/**
 * A gap between two receipts that reaches to the sending of a book.
 * @param least the earliest time of its receipt, if known: a network may delay what was sent
 */
function gapBetween(
  gaps: readonly GapMark[],
  from: number | undefined,
  to: number | undefined,
  sentAt: number,
  least: number,
  clock: ClockView,
): GapMark | undefined {
  return gaps.find(
    (gap) =>
      // Receipts that the clock put out of order do not show where a gap lies.
      (to === undefined || gap.start <= to || clock.doubtful(to)) &&
      (gap.end === null || from === undefined || gap.end >= from || clock.doubtful(from)) &&
      gap.start - LATENCY_MS <= Math.max(sentAt, least) &&
      (gap.end === null || sentAt <= gap.end),
  );
}
