import { type Pair, pairText } from '../../market/market.js';
import type { AllSeen, BookSeen, FastSeen, Frame, StreamSeen, UnknownSeen } from '../evidence.js';
import type { Lab } from '../lab.js';
import type { StreamReader } from '../sheet.js';

/** How long three pairs are watched, s. */
const WATCH_S = 8;
/** How long all pairs may take to their first book, s. */
const FIRST_S = 10;
/** How long to wait for the response to an unknown name, s. */
const UNKNOWN_S = 4;
/** The most pairs without a book whose REST book is requested. */
const MAX_MISSING = 5;
/** The most frames kept that are not books. */
const MAX_OTHERS = 20;

/** Three pairs on one socket: what comes, how it is spelled, and whether both readers agree. */
export async function probeStream(lab: Lab): Promise<StreamSeen> {
  const pairs = lab.pairs(3);
  const first = new Map<string, number>();
  const fast = new FastCheck(lab.sheet.talk.reader(pairs));
  let from = 0;
  const line = await lab.socket(pairs, {
    onFrame: (frame, data) => {
      noteFirst(first, frame, from);
      fast.read(frame, data);
      return false;
    },
  });
  await lab.wait(0.5);
  if (lab.sheet.talk.greets) await line.until(() => line.frames.length > 0, 2 * lab.second);
  const greeting = line.frames.splice(0);
  from = line.now;
  await line.send(lab.sheet.talk.subscribe(pairs));
  await line.until(() => false, WATCH_S * lab.second);
  const frames = [...line.frames];
  await line.close(lab.second);
  return { pairs, greeting, frames, first, pings: line.pings, fast: fast.seen };
}

/** Every market in one subscription, or as many as one socket carries. */
export async function probeAll(lab: Lab): Promise<AllSeen> {
  const pairs = lab.pairs(lab.sheet.profile.maxPairs);
  const wanted = new Set(pairs.map(pairText));
  const first = new Map<string, number>();
  const others: Frame[] = [];
  let from = 0;
  const line = await lab.socket(pairs, {
    onFrame: (frame) => {
      if (frame.book !== null && wanted.has(frame.book.pair)) noteFirst(first, frame, from);
      else if (others.length < MAX_OTHERS) others.push(frame);
      return true;
    },
  });
  from = line.now;
  await lab.subscribe(line, pairs);
  await line.until(() => first.size === wanted.size, FIRST_S * lab.second);
  const waitedMs = line.now - from;
  const { end } = line;
  await line.close(lab.second);
  const missing: AllSeen['missing'][number][] = [];
  for (const pair of pairs.filter((one) => !first.has(pairText(one)))) {
    const ask = missing.length < MAX_MISSING;
    missing.push({ pair: pairText(pair), restHas: ask ? await hasBook(lab, pair) : null });
  }
  return { asked: pairs.length, listed: lab.listed.length, first, missing, others, end, waitedMs };
}

/** One and two names that are not listed, with good ones. */
export async function probeUnknown(lab: Lab): Promise<UnknownSeen> {
  const good = lab.pairs(2);
  const tries = [];
  for (const count of [1, 2]) {
    const unknown = lab.unlisted(count);
    const pairs = [good[0]!, ...unknown, ...good.slice(1)];
    const line = await lab.socket(pairs);
    await lab.subscribe(line, pairs);
    await line.until(() => false, UNKNOWN_S * lab.second);
    const { end, frames } = line;
    const came = good.filter((pair) => frames.some((frame) => lab.isOf(frame, pair)));
    const others = frames.filter(({ book }) => book === null);
    tries.push({ unknown, good, came: came.map(pairText), others, end });
    await line.close(lab.second);
  }
  const { bookPath, batches } = lab.sheet;
  const bad = lab.unlisted(1);
  const alone = await lab.get(bookPath(bad));
  const batch = batches.length > 0 ? await lab.get(bookPath([good[0]!, ...bad])) : null;
  return { tries, alone, batch };
}

function noteFirst(first: Map<string, number>, { book, at }: Frame, from: number): void {
  if (book !== null && !first.has(book.pair)) first.set(book.pair, at - from);
}

async function hasBook(lab: Lab, pair: Pair): Promise<boolean | null> {
  try {
    const books = await lab.sheet.adapter.restBooks.fetch(lab.rest, [pair]);
    const sides = books.get(pairText(pair));
    return sides !== undefined && sides.asks.length + sides.bids.length > 0;
  } catch {
    return null;
  }
}

/** Reads every frame the fast way too, and compares. */
class FastCheck {
  readonly #reader: StreamReader;
  #read = 0;
  #left = 0;
  readonly #differing: string[] = [];

  constructor(reader: StreamReader) {
    this.#reader = reader;
  }

  get seen(): FastSeen | null {
    if (this.#reader.fast === undefined) return null;
    return { read: this.#read, left: this.#left, differing: this.#differing };
  }

  read({ book }: Frame, data: Buffer): void {
    if (this.#reader.fast === undefined || book === null) return;
    let fast: BookSeen | null = null;
    try {
      fast = this.#reader.fast(data);
    } catch {
      // Left to the general reader, as in a collector.
    }
    if (fast === null) this.#left++;
    else this.#read++;
    if (fast !== null && JSON.stringify(fast) !== JSON.stringify(book))
      this.#differing.push(data.toString('utf8').slice(0, 200));
  }
}
