import { bookPath, GOPAX_LIST, gopax } from '../../collector/exchanges/gopax/adapter.js';
import { GOPAX_PROFILE } from '../../collector/exchanges/gopax/controller.js';
import {
  bookRequest,
  GopaxBook,
  isHeartbeat,
  pongTo,
} from '../../collector/exchanges/gopax/messages.js';
import { wireObject, wireText } from '../../collector/wire/wire.js';
import type { Pair } from '../../market/market.js';
import type { Frame, StreamSeen } from '../evidence.js';
import {
  allOf,
  elements,
  facts,
  is,
  field,
  fieldsOf,
  holds,
  type Judgement,
  keysAre,
  steady,
  textsAre,
  together,
  unseen,
} from '../fact.js';
import type { Sheet, StreamReader } from '../sheet.js';
import { tradeFacts } from './trades.js';
import * as common from './common.js';

const ROW_KEYS = [
  'id',
  'name',
  'baseAsset',
  'quoteAsset',
  'baseAssetScale',
  'quoteAssetScale',
  'priceMin',
  'restApiOrderAmountMin',
  'makerFeePercent',
  'takerFeePercent',
];
const ENTRY_KEYS = ['entryId', 'price', 'volume', 'updatedAt'];
const HEARTBEAT = /^"primus::ping::\d{13}"$/;

/** Keeps the book of each pair, as the collector does. */
function reader(): StreamReader {
  const books = new Map<string, GopaxBook>();
  return {
    read: (exact) => {
      const name = field(exact, 'n');
      const snapshot = name === 'SubscribeToOrderBook';
      if (!snapshot && name !== 'OrderBookEvent') return null;
      const payload = wireObject(wireObject(exact, 'the message')['o'], 'o');
      if (payload['result'] === false) return null;
      const pair = wireText(payload['tradingPairName'], 'tradingPairName');
      const book = books.get(pair) ?? new GopaxBook();
      books.set(pair, book);
      let time: number | null | undefined = null;
      if (snapshot) book.snapshot(payload);
      else time = book.delta(payload);
      return book.complete ? { pair, sides: book.sides, time } : null;
    },
  };
}

/** Messages with a name, their numbers as JavaScript numbers or as texts. */
const named = (
  frames: readonly Frame[],
  name: string,
  form: 'plain' | 'exact' = 'plain',
): readonly unknown[] =>
  frames.flatMap((frame) => (field(frame.plain, 'n') === name ? [frame[form]] : []));
const snapshotsOf = (
  { frames }: StreamSeen,
  form: 'plain' | 'exact' = 'plain',
): readonly unknown[] =>
  named(frames, 'SubscribeToOrderBook', form).filter(
    (one) => field(one, 'o', 'result') === undefined,
  );
const deltasOf = ({ frames }: StreamSeen): readonly unknown[] => named(frames, 'OrderBookEvent');
const sideOf = (message: unknown, side: 'ask' | 'bid'): readonly unknown[] =>
  elements(field(message, 'o', side));
const entriesOf = (messages: readonly unknown[]): readonly unknown[] =>
  messages.flatMap((message) => [...sideOf(message, 'ask'), ...sideOf(message, 'bid')]);
const pricesOf = (entries: readonly unknown[]): readonly unknown[] => fieldsOf(entries, 'price');
const numbersOf = (entries: readonly unknown[], key: string): number[] =>
  entries.map((entry) => Number(field(entry, key)));

function refusals(frames: readonly Frame[]): readonly Frame[] {
  return frames.filter(({ plain }) => field(plain, 'o', 'result') === false);
}

/** A whole number at a place of messages. */
function wholeAt(messages: readonly unknown[], ...path: readonly string[]): Judgement {
  return allOf(
    fieldsOf(messages, ...path),
    Number.isSafeInteger,
    (value) => JSON.stringify(value) ?? 'none',
  );
}

/** The time of the first heartbeat that stayed without an answer. */
const firstPing = (frames: readonly Frame[]): number | null =>
  frames.find(({ text }) => HEARTBEAT.test(text))?.at ?? null;

/** GOPAX, without a key. */
export const GOPAX_SHEET: Sheet = {
  adapter: gopax,
  list: GOPAX_LIST,
  profile: GOPAX_PROFILE,
  // One book a second: a recorder's audits use most of that.
  restEveryMs: 3000,
  bookPath: ([pair]) => bookPath(pair!),
  batches: [],
  talk: {
    greets: false,
    subscribe: (pairs: readonly Pair[]) => pairs.map((pair) => bookRequest(pair)),
    unsubscribe: null,
    // No client pings are documented; a protocol ping is never wrong.
    ping: null,
    answer: (frame) => (typeof frame === 'string' && isHeartbeat(frame) ? pongTo(frame) : null),
    reader,
  },
  facts: facts({
    reach: {
      'gopax.rest.base-https-api-gopax-co': is('REST answers 200', (seen) =>
        common.restReached(seen),
      ),
      'gopax.connect.url-wss-wsapi-gopax-co': is('the socket opens', common.socketOpened),
      'gopax.limit.book-1-per-second': is(
        'headers x-gopax-ip-addr-used-weight, -left-weight',
        ({ named: answer }) =>
          common.headerIs(answer, {
            'x-gopax-ip-addr-used-weight': /^\d+$/,
            'x-gopax-ip-addr-left-weight': /^\d+$/,
          }),
      ),
    },
    list: {
      'gopax.market-list.shape': is(`rows of ${ROW_KEYS.length} keys`, (seen) =>
        common.listRead(seen, keysAre(seen.rows, ROW_KEYS)),
      ),
      'gopax.market-list.bare-array-no-status-field': is('a bare array', ({ answer }) =>
        answer.failure === null
          ? holds(Array.isArray(answer.plain), common.answerText(answer).slice(0, 60))
          : unseen(answer.failure),
      ),
    },
    rest: {
      'gopax.rest-book.shape': is(
        'sequence, bid, ask; entries of id, price, volume, time in ms',
        ({ singles }) => {
          const books = singles.map(({ answer }) => answer.plain);
          const entries = books.flatMap((book) => [
            ...elements(field(book, 'bid')),
            ...elements(field(book, 'ask')),
          ]);
          return together(
            keysAre(books, ['sequence', 'bid', 'ask']),
            allOf(
              entries,
              (entry) =>
                elements(entry)
                  .map((value) => typeof value)
                  .join() === 'string,number,number,string' &&
                /^\d{13}$/.test(String(field(entry, 3))),
              (entry) => JSON.stringify(entry),
            ),
          );
        },
      ),
      'gopax.rest-book.levels': is('level 2: at most 50 a side, best first', ({ singles }) =>
        allOf(
          singles.map(({ answer }) => answer.exact),
          (book) => {
            const [asks, bids] = [elements(field(book, 'ask')), elements(field(book, 'bid'))];
            const prices = (side: readonly unknown[]): readonly unknown[] => fieldsOf(side, 1);
            return (
              asks.length + bids.length > 0 &&
              Math.max(asks.length, bids.length) <= 50 &&
              steady(prices(asks), 1) &&
              steady(prices(bids), -1)
            );
          },
          (book) =>
            `${elements(field(book, 'ask')).length} and ${elements(field(book, 'bid')).length}`,
        ),
      ),
    },
    stream: {
      'gopax.connect.nothing-sent-open': is('nothing but heartbeats on open', (seen) => {
        const said = seen.greeting.filter(({ text }) => !HEARTBEAT.test(text));
        if (seen.frames.length === 0) return unseen('nothing came');
        return holds(said.length === 0, said[0]?.text.slice(0, 120) ?? 'nothing');
      }),
      'gopax.connect.text-frames-only-json-no': is('text frames, no protocol pings', (seen) =>
        together(
          common.opcodeIs(seen, false),
          seen.frames.length === 0
            ? unseen('nothing came')
            : holds(seen.pings.length === 0, `${seen.pings.length} pings`),
        ),
      ),
      'gopax.envelope.three-keys': is('keys i, n, o', ({ frames }) =>
        keysAre(
          frames.filter(({ plain }) => typeof plain !== 'string').map(({ plain }) => plain),
          ['i', 'n', 'o'],
        ),
      ),
      'gopax.envelope.i': is('i is echoed; -1 in pushes', (seen) =>
        together(
          allOf(
            snapshotsOf(seen),
            (one) => field(one, 'i') === field(one, 'o', 'tradingPairName'),
            (one) => JSON.stringify(field(one, 'i')),
          ),
          allOf(
            deltasOf(seen),
            (one) => field(one, 'i') === -1,
            (one) => JSON.stringify(field(one, 'i')),
          ),
        ),
      ),
      'gopax.snapshot.shape': is(
        'the reply is the book: ask, bid, tradingPairName, maxEntryId',
        (seen) => {
          const whole = together(
            common.readAlike(seen),
            keysAre(fieldsOf(snapshotsOf(seen), 'o'), [
              'ask',
              'bid',
              'tradingPairName',
              'maxEntryId',
            ]),
            keysAre(entriesOf(snapshotsOf(seen)), ENTRY_KEYS),
          );
          return { ...whole, seen: `${whole.seen}; first ${common.firstText(seen)}` };
        },
      ),
      'gopax.snapshot.o-ask-o-bid': is('asks ascend, bids descend', (seen) =>
        allOf(
          snapshotsOf(seen, 'exact'),
          (one) =>
            steady(pricesOf(sideOf(one, 'ask')), 1) && steady(pricesOf(sideOf(one, 'bid')), -1),
          (one) => `${sideOf(one, 'ask').length} asks, ${sideOf(one, 'bid').length} bids`,
        ),
      ),
      'gopax.snapshot.entryid': is('entryId is a whole number', (seen) =>
        wholeAt(entriesOf([...snapshotsOf(seen), ...deltasOf(seen)]), 'entryId'),
      ),
      'gopax.snapshot.o-maxentryid': is(
        'a whole number, not below any entryId of the book',
        (seen) =>
          together(
            wholeAt(snapshotsOf(seen), 'o', 'maxEntryId'),
            allOf(
              snapshotsOf(seen),
              (one) =>
                numbersOf(entriesOf([one]), 'entryId').every(
                  (id) => id <= Number(field(one, 'o', 'maxEntryId')),
                ),
              (one) => String(field(one, 'o', 'maxEntryId')),
            ),
          ),
      ),
      'gopax.snapshot.updatedat': is('seconds with 3 decimals at most', ({ frames }) =>
        textsAre(
          fieldsOf(
            entriesOf(
              frames.flatMap(({ exact }) => (typeof field(exact, 'n') === 'string' ? [exact] : [])),
            ),
            'updatedAt',
          ),
          /^\d{10}(\.\d{1,3})?$/,
        ),
      ),
      'gopax.snapshot.price': is('prices are numbers', (seen) =>
        allOf(
          fieldsOf(entriesOf([...snapshotsOf(seen), ...deltasOf(seen)]), 'price'),
          (price) => typeof price === 'number',
          (price) => JSON.stringify(price) ?? 'none',
        ),
      ),
      'gopax.snapshot.volume': is('volumes are numbers', (seen) =>
        allOf(
          fieldsOf(entriesOf([...snapshotsOf(seen), ...deltasOf(seen)]), 'volume'),
          (volume) => typeof volume === 'number',
          (volume) => JSON.stringify(volume) ?? 'none',
        ),
      ),
      'gopax.delta.both-arrays': is('deltas of ask, bid, tradingPairName', (seen) =>
        together(
          keysAre(fieldsOf(deltasOf(seen), 'o'), ['ask', 'bid', 'tradingPairName']),
          keysAre(entriesOf(deltasOf(seen)), ENTRY_KEYS),
        ),
      ),
    },
    all: {
      'gopax.subscribe.50-requests-sent-burst-all': is(
        '50 pairs on one socket are served',
        common.allServed,
      ),
    },
    unknown: {
      'gopax.error.unknown-asset': is('10058 with the asset; good pairs are served', (seen) =>
        common.unknownBrings(
          seen,
          (others, unknown) =>
            refusals(others).length === unknown.length &&
            unknown.every(({ symbol }) =>
              refusals(others).some(
                ({ plain }) =>
                  field(plain, 'o', 'errCode') === 10058 && field(plain, 'o', 'errData') === symbol,
              ),
            ),
        ),
      ),
      'gopax.error.shape': is('o of result, errCode, errData; i echoed', ({ tries }) => {
        const refused = tries.flatMap(({ others }) => refusals(others)).map(({ plain }) => plain);
        return together(
          keysAre(fieldsOf(refused, 'o'), ['result', 'errCode', 'errData']),
          textsAre(fieldsOf(refused, 'i'), /^ZZNOPE/),
        );
      }),
      'gopax.limit.trading-pairs-nope-krw-book': is('REST: 404 with errorCode 10058', ({ alone }) =>
        common.answerIs(alone, alone.status === 404 && field(alone.plain, 'errorCode') === 10058),
      ),
    },
    changes: {
      'gopax.error.already-subscribed': is('10325; the first subscription goes on', (seen) => {
        const [refusal] = refusals(seen.again);
        if (refusal === undefined) return holds(false, 'a second subscription was not refused');
        return together(
          holds(field(refusal.plain, 'o', 'errCode') === 10325, refusal.text),
          common.laterSubscription(seen, false),
        );
      }),
      'gopax.envelope.no-unsubscribe': is('a close ends all; it is answered', (seen) => {
        const { end, close } = seen;
        if (end !== null) return holds(false, `closed with ${end.code} before`);
        const ping = common.pingAnswered(seen).seen;
        return holds(
          close?.code === 1000,
          close === null ? 'no answer' : `${close.code}; ping ${ping}`,
        );
      }),
    },
    compared: {
      'gopax.book.max-entry-id': is('REST book = kept book', common.comparedEqual),
    },
    trades: tradeFacts(
      {
        side: 'gopax.trade-side.taker',
        ids: 'gopax.trade-id.ws-tradeid-rest-id-presumed',
        rows: 'gopax.trade-rest.time-utc-000-always-real',
      },
      true,
    ),
    idle: {
      'gopax.ws.ping-text': is('heartbeats "primus::ping::<ms>"', ({ answering }) =>
        textsAre(
          answering.frames.map(({ text }) => text),
          HEARTBEAT,
        ),
      ),
      'gopax.ws.interval-30s': is('every 30 s', ({ answering: { frames }, second }) => {
        const times = frames.map(({ at }) => at / second);
        const spans = times.slice(1).map((at, i) => at - times[i]!);
        return allOf(
          spans,
          (span) => Math.abs(span - 30) < 3,
          (span) => `${span.toFixed(1)} s`,
          'fewer than two came',
        );
      }),
      'gopax.ws.no-pong-close-1000': is('without an answer closed with 1000 after 30 s', (seen) =>
        together(
          common.endedAfter(seen, 27, 34, firstPing(seen.mute.frames)),
          common.endedWith(seen, 1000),
        ),
      ),
      'gopax.ws.pong-echo': is(
        'a socket that answers stays open for 100 s',
        ({ answering: { end, waitedMs } }) =>
          holds(
            end === null,
            `${end === null ? 'open' : `closed with ${end.code}`} after ${common.seconds(waitedMs)}`,
          ),
      ),
    },
  }),
};
