import type { Sides } from '../../market/order-book.js';
import { pairText } from '../../market/market.js';
import { sameToDepth } from '../../collector/rest/rest-books.js';
import {
  type ChangesSeen,
  type ComparedSeen,
  goesOn,
  type IdleSeen,
  isSparse,
  type LeftAlone,
} from '../evidence.js';
import type { Lab } from '../lab.js';
import type { Line } from '../line.js';

/** How long frames of a pair are counted, s. */
const COUNT_S = 3;
/** How much longer to listen for a pair that should go on but paused, s. */
const PAUSE_S = 15;
/** How long to wait for one answer, s. */
const ANSWER_S = 3;
/** Time in which what was under way still arrives, s. */
const SETTLE_S = 0.5;
/** How often a pair is compared before its REST book counts as different. */
const TRIES = 3;
/** Time after a REST answer in which its book may still arrive, s. */
const NEAR_S = 2;
/** How long sockets are left alone, s; the longest known limit is below it. */
const ALONE_S = 130;

/** A second subscription, a repeated one, an unsubscription, a ping and a close, on one socket. */
export async function probeChanges(lab: Lab): Promise<ChangesSeen> {
  const { talk } = lab.sheet;
  const [a, b] = lab.pairs(2);
  if (a === undefined || b === undefined) throw new Error('the list has fewer than two markets');
  const line = await lab.socket([a, b]);
  const answerMs = ANSWER_S * lab.second;
  const since = (from: number): number =>
    line.frames.slice(from).filter((frame) => lab.isOf(frame, a)).length;
  const listen = () => line.until(() => false, COUNT_S * lab.second);
  await lab.subscribe(line, [a]);
  await line.until(() => line.frames.some((frame) => lab.isOf(frame, a)), answerMs);
  const beginning = line.frames.length;
  await listen();
  const before = since(beginning);

  await line.send(talk.subscribe([b]));
  const second = await line.until(() => line.frames.some((f) => lab.isOf(f, b)), answerMs);
  await line.until(() => false, SETTLE_S * lab.second);
  const changed = line.frames.length;
  await listen();
  if (isSparse(before)) await line.until(() => goesOn(since(changed)), PAUSE_S * lab.second);
  const after = since(changed);

  const lastBefore = line.frames.findLast((frame) => lab.isOf(frame, b)) ?? null;
  const again = await answersTo(lab, line, talk.subscribe([b]));
  const unsubscribed =
    talk.unsubscribe === null
      ? null
      : { frames: await answersTo(lab, line, talk.unsubscribe([b])) };
  const pong = await line.ping(answerMs);
  const { end } = line;
  const close = await line.close(answerMs);
  return {
    pairs: [a, b],
    before,
    after,
    second,
    again,
    lastBefore,
    unsubscribed,
    pong,
    close,
    end,
  };
}

async function answersTo(lab: Lab, line: Line, messages: readonly string[]) {
  const from = line.frames.length;
  await line.send(messages);
  await line.until(() => false, ANSWER_S * lab.second);
  return line.frames.slice(from);
}

/** REST books beside the streamed ones of the same moment, level by level, digit for digit. */
export async function probeCompared(lab: Lab): Promise<ComparedSeen> {
  const { restBooks } = lab.sheet.adapter;
  const { depth, ragged = false } = restBooks;
  const compared = [];
  for (const pair of lab.pairs(3)) {
    const line = await lab.socket([pair]);
    await lab.subscribe(line, [pair]);
    const books = (): Sides[] =>
      line.frames.flatMap((frame) => (lab.isOf(frame, pair) ? [frame.book!.sides] : []));
    await line.until(() => books().length > 0, ANSWER_S * lab.second);
    let equal: boolean | null = null;
    let detail = 'no book came by the socket';
    for (let i = 0; i < TRIES && equal !== true && books().length > 0; i++) {
      try {
        const rest = (await restBooks.fetch(lab.rest, [pair])).get(pairText(pair));
        const matches = (): boolean =>
          rest !== undefined && books().some((sides) => sameToDepth(sides, rest, depth, ragged));
        equal = await line.until(matches, NEAR_S * lab.second);
        const streamed = `one of ${books().length} streamed`;
        detail = equal ? `equals ${streamed}` : `is not ${streamed}: ${difference(rest, books())}`;
      } catch (error) {
        detail = (error as Error).message;
      }
    }
    compared.push({ pair: pairText(pair), equal, detail });
    await line.close(lab.second);
  }
  return { pairs: compared };
}

/** The first level in which a REST book differs from the newest streamed one. */
function difference(rest: Sides | undefined, books: readonly Sides[]): string {
  const streamed = books.at(-1);
  if (rest === undefined || streamed === undefined) return 'REST has none';
  for (const side of ['asks', 'bids'] as const) {
    const count = Math.max(rest[side].length, streamed[side].length);
    for (let i = 0; i < count; i++) {
      const [here, there] = [rest[side][i]?.join(' x '), streamed[side][i]?.join(' x ')];
      if (here !== there) return `${side}[${i}] REST ${here ?? 'none'}, socket ${there ?? 'none'}`;
    }
  }
  return 'other levels than any of them together';
}

/** Sockets that are left alone: one answers nothing, one answers pings and is otherwise silent. */
export async function probeIdle(lab: Lab): Promise<IdleSeen> {
  const mute = await lab.socket([], { mute: true });
  const answering = await lab.socket([]);
  await Promise.all([
    mute.until(() => false, ALONE_S * lab.second),
    answering.until(() => false, ALONE_S * lab.second),
  ]);
  const seen = (line: Line): LeftAlone => ({
    frames: line.frames,
    pings: line.pings,
    end: line.end,
    waitedMs: line.now,
  });
  const result = { mute: seen(mute), answering: seen(answering), second: lab.second };
  await Promise.all([mute.close(lab.second), answering.close(lab.second)]);
  return result;
}
