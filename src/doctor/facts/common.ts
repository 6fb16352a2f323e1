import { type Pair, pairText } from '../../market/market.js';
import {
  type Answer,
  type Evidence,
  type Frame,
  goesOn,
  type HostSeen,
  isSparse,
  type StreamSeen,
} from '../evidence.js';
import { allOf, holds, is, type Judgement, unseen } from '../fact.js';

/** Judgements that several exchanges share; what is expected is in each exchange's facts. */

/** Milliseconds as seconds. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function hostText({ host, addresses, connectMs, tls, failure }: HostSeen): string {
  if (failure !== null) return `${host}: ${failure}`;
  const over = tls === null ? '' : `, ${tls}`;
  return `${host} = ${addresses[0] ?? '?'}, ${Math.round(connectMs ?? 0)} ms${over}`;
}

/** An answer in brief. */
export function answerText({ status, text, failure }: Answer): string {
  return failure ?? `HTTP ${status} ${text.slice(0, 120)}`.trim();
}

/** REST answers 200 to us. @param unnamedToo whether it must do so without a User-Agent */
export function restReached(
  { rest, named, unnamed }: Evidence['reach'],
  unnamedToo = false,
): Judgement {
  const seen = `${hostText(rest)}; ${statusText(named)}, without User-Agent ${statusText(unnamed)}`;
  if (named.failure !== null) return unseen(seen);
  return holds(named.status === 200 && (!unnamedToo || unnamed.status === 200), seen);
}

function statusText({ status, failure }: Answer): string {
  return failure ?? `HTTP ${status}`;
}

/** The socket opens. */
export function socketOpened({ socket, upgrade }: Evidence['reach']): Judgement {
  const seen = `${hostText(socket)}; ${upgrade.failure ?? 'opened'}`;
  return upgrade.status === 0 ? unseen(seen) : holds(upgrade.status === 101, seen);
}

/** A header has a form. */
export function headerIs(
  { failure, headers }: Pick<Answer, 'failure' | 'headers'>,
  form: Readonly<Record<string, RegExp>>,
): Judgement {
  if (failure !== null) return unseen(failure);
  const seen = Object.keys(form).map((name) => `${name}: ${headers[name] ?? 'none'}`);
  const ok = Object.entries(form).every(([name, expected]) => expected.test(headers[name] ?? ''));
  return holds(ok, seen.join(', '));
}

/** The outcome for the rows, in brief. */
function listText({ rows, used, idle, dropped }: Evidence['list']): string {
  const odd = dropped.length === 0 ? '' : `, dropped ${dropped.slice(0, 5).join(' ')}`;
  return `${rows.length} rows, ${used.length} used, ${idle} not traded${odd}`;
}

/** A list whose rows are all understood. @param rows the judgement of their form */
export function listRead(seen: Evidence['list'], rows: Judgement): Judgement {
  const { answer, dropped, used } = seen;
  if (answer.failure !== null) return unseen(answer.failure);
  if (used.length === 0) return holds(false, `${answerText(answer)}`);
  const text = `${listText(seen)}; ${rows.seen}`;
  return holds(rows.verdict === 'CONFIRMED' && dropped.length === 0, text);
}

/** The frames with a book. */
export function booksOf({ frames }: Pick<StreamSeen, 'frames'>): readonly Frame[] {
  return frames.filter(({ book }) => book !== null);
}

/** Frames that hold books and could not be read. */
function unreadOf({ frames }: Pick<StreamSeen, 'frames'>): readonly Frame[] {
  return frames.filter(({ failure }) => failure !== null);
}

/** The fast reader reads nearly all of them, with the same result as the general one; no frame is unreadable. */
export function readAlike(seen: StreamSeen): Judgement {
  const unread = unreadOf(seen);
  if (unread.length > 0)
    return holds(false, `unreadable: ${unread[0]!.failure!}: ${unread[0]!.text.slice(0, 120)}`);
  const count = booksOf(seen).length;
  if (count === 0) return unseen('no book came');
  const { fast } = seen;
  if (fast === null) return holds(true, `${count} frames read`);
  const [different] = fast.differing;
  if (different !== undefined) return holds(false, `the readers differ about ${different}`);
  // Only a market's first frame may be slow.
  return holds(fast.left === 0, `${fast.read} read fast, ${fast.left} left to the general reader`);
}

/** Frames of one kind all have that opcode. */
export function opcodeIs({ frames, greeting }: StreamSeen, binary: boolean): Judgement {
  return allOf(
    [...greeting, ...frames],
    (frame) => frame.binary === binary,
    (frame) => (frame.binary ? 'binary' : 'text'),
  );
}

/** How soon the first books came. */
export function firstText({ pairs, first }: StreamSeen): string {
  return pairs
    .map((pair) => {
      const ms = first.get(pairText(pair));
      return `${pairText(pair)} ${ms === undefined ? 'none' : `${Math.round(ms)} ms`}`;
    })
    .join(', ');
}

/** All requested pairs have a first book, except those without one by REST too. */
export function allServed(seen: Evidence['all']): Judgement {
  const { asked, listed, first, missing, others, end, waitedMs } = seen;
  const lost = missing.filter(({ restHas }) => restHas !== false);
  const slowest = Math.max(0, ...first.values());
  const names = missing.slice(0, 5).map(({ pair, restHas }) => {
    const rest = restHas === null ? 'REST not asked' : restHas ? 'REST has it' : 'REST empty too';
    return `${pair} (${rest})`;
  });
  const parts = [
    `${first.size} of ${asked} (${listed} listed) had a book, the last after ${seconds(slowest)}`,
    ...(names.length > 0 ? [`after ${seconds(waitedMs)} missing ${names.join(', ')}`] : []),
    ...(end === null ? [] : [`closed with ${end.code}`]),
    ...(lost.length > 0 && others.length > 0 ? [`said ${others[0]!.text.slice(0, 120)}`] : []),
  ];
  return holds(lost.length === 0 && end === null, parts.join('; '));
}

/** The response to an unknown name; good ones still come, unless `goodFail`. */
export function unknownBrings(
  { tries }: Evidence['unknown'],
  good: (others: readonly Frame[], unknown: readonly Pair[]) => boolean,
  { tryAt, goodFail = false }: { tryAt?: number; goodFail?: boolean } = {},
): Judgement {
  const chosen = tryAt === undefined ? tries : tries.slice(tryAt, tryAt + 1);
  const texts = chosen.map(({ unknown, good: asked, came, others, end }) => {
    const said = others.length === 0 ? 'nothing' : others.map(({ text }) => text).join(' ');
    const closed = end === null ? '' : `, closed with ${end.code}`;
    return `${unknown.length} unknown: ${said.slice(0, 200)}${closed}, ${came.length} of ${asked.length} good came`;
  });
  const ok = chosen.every(
    ({ unknown, good: asked, came, others, end }) =>
      end === null && came.length === (goodFail ? 0 : asked.length) && good(others, unknown),
  );
  return holds(ok, texts.join('; '));
}

/** Whether a later subscription ends the earlier one, or leaves it. */
export function laterSubscription(seen: Evidence['changes'], replaces: boolean): Judgement {
  const { pairs, before, after, second } = seen;
  const [a, b] = pairs.map(pairText);
  const text = `${a} had ${before} frames before, ${after} after ${b} was subscribed`;
  if (!second) return holds(false, `${b} had no book; ${text}`);
  // From a pair that sends little, none for a while may just be a pause.
  if (!goesOn(after) && (replaces ? before < 3 : isSparse(before)))
    return unseen(`too quiet: ${text}`);
  return holds(replaces !== goesOn(after), text);
}

/** A ping is answered. */
export function pingAnswered({ pong, close }: Evidence['changes']): Judgement {
  const closed = close === null ? 'the close without an answer' : `closed with ${close.code}`;
  return holds(
    pong !== null,
    pong === null ? 'no answer' : `after ${Math.round(pong)} ms; ${closed}`,
  );
}

/** REST books were among the streamed ones. */
export function comparedEqual({ pairs }: Evidence['compared']): Judgement {
  const compared = pairs.filter(({ equal }) => equal !== null);
  const seen = pairs.map(({ pair, detail }) => `${pair} ${detail}`).join('; ');
  if (compared.length === 0) return unseen(seen);
  return holds(
    compared.every(({ equal }) => equal),
    seen,
  );
}

/** A socket that was left alone ended within that time, s. @param from when that time begins, ms; null: never */
export function endedAfter(
  { mute, second }: Evidence['idle'],
  fromS: number,
  toS: number,
  from: number | null = 0,
): Judgement {
  if (from === null) return unseen('there was nothing to count from');
  const { end, waitedMs } = mute;
  const lasted = ((end?.at ?? waitedMs) - from) / second;
  const text = `${end === null ? 'still open' : 'closed'} after ${lasted.toFixed(1)} s`;
  return holds(end !== null && lasted >= fromS && lasted <= toS, text);
}

/** The code by which a socket that was left alone ended. */
export function endedWith({ mute: { end } }: Evidence['idle'], code: number): Judgement {
  return end === null ? unseen('it did not end') : holds(end.code === code, `${end.code}`);
}

/** No ping from the server came. */
export const noServerPing = is('the server sends no ping', ({ pings, frames }: StreamSeen) =>
  frames.length === 0 ? unseen('nothing came') : holds(pings.length === 0, `${pings.length} pings`),
);

/** Whether an answer is as expected; unseen if there was none. */
export function answerIs(answer: Answer, good: boolean): Judgement {
  return answer.failure === null ? holds(good, answerText(answer)) : unseen(answer.failure);
}
