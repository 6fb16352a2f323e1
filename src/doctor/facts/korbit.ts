import { bookPath, KORBIT_LIST, korbit } from '../../collector/exchanges/korbit/adapter.js';
import { KORBIT_PROFILE } from '../../collector/exchanges/korbit/controller.js';
import { bookRequest, readBook } from '../../collector/exchanges/korbit/messages.js';
import type { Json } from '../../collector/wire/quoted-json.js';
import { wireObject } from '../../collector/wire/wire.js';
import { pairText } from '../../market/market.js';
import type { BookSeen, Frame } from '../evidence.js';
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
import type { Sheet } from '../sheet.js';
import { tradeFacts } from './trades.js';
import * as common from './common.js';

const ROW_KEYS = ['symbol', 'status'];
const LATER_ROW_KEYS = ['baseCurrency', 'quoteCurrency', 'minOrderValue', 'maxOrderValue'];
/** One id is enough: each request is answered before the next one matters. */
const REQUEST_ID = 1;
const DECIMAL = /^\d+(\.\d+)?$/;

function bookIn(message: Json): BookSeen | null {
  if (field(message, 'status') !== undefined || field(message, 'type') !== 'orderbook') return null;
  const { pair, sides, exchangeTimestamp } = readBook(wireObject(message, 'the message'));
  return { pair: pairText(pair), sides, time: exchangeTimestamp };
}

const levelsOf = (book: unknown, side: 'asks' | 'bids'): readonly unknown[] =>
  elements(field(book, 'data', side));
const pricesOf = (levels: readonly unknown[]): readonly unknown[] => fieldsOf(levels, 'price');
const bodiesOf = (frames: readonly Frame[]): readonly unknown[] => frames.map(({ plain }) => plain);
const allLevels = (books: readonly unknown[]): readonly unknown[] =>
  books.flatMap((book) => [...levelsOf(book, 'asks'), ...levelsOf(book, 'bids')]);

/** The prices of a side go in one direction. */
function sideSteady(
  books: readonly unknown[],
  side: 'asks' | 'bids',
  direction: 1 | -1,
): Judgement {
  return allOf(
    books,
    (book) => steady(pricesOf(levelsOf(book, side)), direction),
    (book) => pricesOf(levelsOf(book, side)).slice(0, 3).join(', '),
  );
}

function refusals(others: readonly Frame[]): readonly Frame[] {
  return others.filter(({ plain }) => field(plain, 'status') === 'fail');
}

/** Korbit, now Digital X. */
export const KORBIT_SHEET: Sheet = {
  adapter: korbit,
  list: KORBIT_LIST,
  profile: KORBIT_PROFILE,
  // 50 a second.
  restEveryMs: 500,
  bookPath: ([pair]) => bookPath(pair!),
  batches: [],
  talk: {
    greets: false,
    subscribe: (pairs) => [bookRequest(REQUEST_ID, 'subscribe', pairs)],
    unsubscribe: (pairs) => [bookRequest(REQUEST_ID, 'unsubscribe', pairs)],
    ping: null,
    answer: () => null,
    reader: () => ({
      read: bookIn,
      fast: (data) => bookIn(JSON.parse(data.toString('utf8')) as Json),
    }),
  },
  facts: facts({
    reach: {
      'korbit.endpoint.rest': is('REST answers 200', (seen) => common.restReached(seen)),
      'korbit.added.no-user-agent-no-permessage': is('no User-Agent passes', (seen) =>
        common.restReached(seen, true),
      ),
      'korbit.endpoint.ws-public': is('the socket opens', common.socketOpened),
      'korbit.limit.public-50-per-second': is(
        'headers Ratelimit, Ratelimit-Policy 50;w=1',
        ({ named }) =>
          common.headerIs(named, {
            ratelimit: /^limit=50, remaining=\d+, reset=\d+$/,
            'ratelimit-policy': /^50;w=1$/,
          }),
      ),
    },
    list: {
      'korbit.market-list.shape': is(`rows of ${ROW_KEYS.join(', ')}, …`, (seen) =>
        common.listRead(seen, keysAre(seen.rows, ROW_KEYS, { optional: LATER_ROW_KEYS })),
      ),
      'korbit.market-list.status': is('launched or stopped', ({ rows }) =>
        textsAre(fieldsOf(rows, 'status'), /^(launched|stopped)$/),
      ),
    },
    rest: {
      'korbit.rest-book.shape': is('success, data of timestamp, bids, asks', ({ singles }) =>
        together(
          keysAre(
            singles.map(({ answer }) => answer.plain),
            ['success', 'data'],
          ),
          keysAre(
            singles.map(({ answer }) => field(answer.plain, 'data')),
            ['timestamp', 'bids', 'asks'],
          ),
          textsAre(
            singles.map(({ answer }) => field(answer.exact, 'data', 'timestamp')),
            /^\d{13}$/,
          ),
        ),
      ),
      'korbit.rest-book.levels-30': is('30 levels a side, best first', ({ singles }) => {
        const books = singles.map(({ answer }) => answer.plain);
        return together(
          allOf(
            books,
            (book) => levelsOf(book, 'asks').length === 30 && levelsOf(book, 'bids').length === 30,
            (book) => `${levelsOf(book, 'asks').length} and ${levelsOf(book, 'bids').length}`,
          ),
          sideSteady(books, 'asks', 1),
          sideSteady(books, 'bids', -1),
        );
      }),
    },
    stream: {
      'korbit.connect.nothing-sent-server-open-no': is(
        'nothing comes on open',
        ({ greeting, frames }) =>
          greeting.length + frames.length === 0
            ? unseen('nothing came')
            : holds(greeting.length === 0, greeting[0]?.text.slice(0, 120) ?? 'nothing'),
      ),
      'korbit.connect.all-data-control-messages-text': is('text frames', (seen) =>
        common.opcodeIs(seen, false),
      ),
      'korbit.answer.success-silent': is('success with the requestId', ({ frames }) => {
        const answers = frames.filter(({ plain }) => field(plain, 'status') !== undefined);
        const [first] = answers;
        if (first === undefined) return holds(false, 'no answer');
        const good = field(first.plain, 'status') === 'success';
        return holds(
          good && field(first.plain, 'requestId') === REQUEST_ID && answers.length === 1,
          answers.map(({ text }) => text.slice(0, 120)).join(' '),
        );
      }),
      'korbit.book.key-order-wire-symbol-timestamp': is(
        'keys of message, data and levels as known; both readers alike',
        (seen) => {
          const books = bodiesOf(common.booksOf(seen));
          return together(
            common.readAlike(seen),
            keysAre(books, ['symbol', 'timestamp', 'type', 'data'], { optional: ['snapshot'] }),
            keysAre(fieldsOf(books, 'data'), ['timestamp', 'asks', 'bids']),
            keysAre(allLevels(books), ['price', 'qty']),
          );
        },
      ),
      'korbit.book.snapshot': is('snapshot true in the first frame, absent in others', (seen) => {
        const started = new Set<string>();
        const judgement = allOf(
          common.booksOf(seen),
          ({ book, plain }) => {
            const first = !started.has(book!.pair);
            started.add(book!.pair);
            return field(plain, 'snapshot') === (first ? true : undefined);
          },
          ({ plain }) => `snapshot ${JSON.stringify(field(plain, 'snapshot')) ?? 'absent'}`,
        );
        return { ...judgement, seen: `${judgement.seen}; first ${common.firstText(seen)}` };
      }),
      'korbit.book.timestamp': is('sending time, 13 digits', (seen) =>
        textsAre(
          common.booksOf(seen).map(({ exact }) => field(exact, 'timestamp')),
          /^\d{13}$/,
        ),
      ),
      'korbit.book.data-timestamp': is('book time, 13 digits, not later', (seen) =>
        together(
          textsAre(
            common.booksOf(seen).map(({ exact }) => field(exact, 'data', 'timestamp')),
            /^\d{13}$/,
          ),
          allOf(
            bodiesOf(common.booksOf(seen)),
            (book) => Number(field(book, 'data', 'timestamp')) <= Number(field(book, 'timestamp')),
            (book) =>
              `${String(field(book, 'data', 'timestamp'))} in ${String(field(book, 'timestamp'))}`,
          ),
        ),
      ),
      'korbit.book.data-asks': is('asks ascend', (seen) =>
        sideSteady(bodiesOf(common.booksOf(seen)), 'asks', 1),
      ),
      'korbit.book.data-bids': is('bids descend', (seen) =>
        sideSteady(bodiesOf(common.booksOf(seen)), 'bids', -1),
      ),
      'korbit.book.asks-price-bids-price': is('prices are plain text', (seen) =>
        textsAre(fieldsOf(allLevels(bodiesOf(common.booksOf(seen))), 'price'), DECIMAL),
      ),
      'korbit.book.asks-qty-bids-qty': is('quantities are plain text', (seen) =>
        textsAre(fieldsOf(allLevels(bodiesOf(common.booksOf(seen))), 'qty'), DECIMAL),
      ),
      'korbit.book.levels-30': is('30 levels a side', (seen) =>
        allOf(
          bodiesOf(common.booksOf(seen)),
          (book) => levelsOf(book, 'asks').length === 30 && levelsOf(book, 'bids').length === 30,
          (book) => `${levelsOf(book, 'asks').length} and ${levelsOf(book, 'bids').length}`,
        ),
      ),
    },
    all: {
      'korbit.connect.socket-can-carry-every-pair': is(
        'every launched pair in one request',
        common.allServed,
      ),
    },
    unknown: {
      'korbit.answer.one-bad-symbol': is('one bad symbol fails the whole request', (seen) =>
        common.unknownBrings(seen, (others) => refusals(others).length === 1, {
          tryAt: 0,
          goodFail: true,
        }),
      ),
      'korbit.answer.invalid-symbol': is('INVALID_SYMBOL, the symbol in brackets', ({ tries }) =>
        allOf(
          refusals(tries[0]!.others),
          ({ plain }) =>
            field(plain, 'code') === 'INVALID_SYMBOL' &&
            /\(zznopea_krw\)/.test(String(field(plain, 'message'))),
          ({ text }) => text,
        ),
      ),
      'korbit.added.not-proven-failure-text-more': is(
        'two bad symbols: one answer, INVALID_SYMBOL',
        (seen) =>
          common.unknownBrings(
            seen,
            (others) =>
              refusals(others).length === 1 &&
              field(refusals(others)[0]!.plain, 'code') === 'INVALID_SYMBOL',
            { tryAt: 1, goodFail: true },
          ),
      ),
      'korbit.limit.unknown-upper-case-symbol': is('REST: 400 INVALID_CURRENCY_PAIR', ({ alone }) =>
        common.answerIs(
          alone,
          alone.status === 400 &&
            field(alone.plain, 'error', 'message') === 'INVALID_CURRENCY_PAIR',
        ),
      ),
    },
    changes: {
      'korbit.answer.subscription-again': is('success; the earlier subscription stays', (seen) => {
        const answers = seen.again.filter(({ plain }) => field(plain, 'status') !== undefined);
        return together(
          common.laterSubscription(seen, false),
          allOf(
            answers,
            ({ plain }) => field(plain, 'status') === 'success',
            ({ text }) => text,
          ),
        );
      }),
      'korbit.request.unsubscribe': is(
        'success, then no frame of the pair',
        ({ unsubscribed, pairs: [, b] }) => {
          const frames = unsubscribed?.frames ?? [];
          const at = frames.findIndex(({ plain }) => field(plain, 'status') === 'success');
          const later = frames.slice(at + 1).filter(({ book }) => book?.pair === pairText(b));
          const said = at === -1 ? 'no success' : 'success';
          return holds(at !== -1 && later.length === 0, `${said}, ${later.length} frames after it`);
        },
      ),
      'korbit.ws.client-ping': is('a ping gets its pong', common.pingAnswered),
      'korbit.answer.socket-stays-open': is('nothing of this ends the socket', ({ end }) =>
        holds(end === null, end === null ? 'open' : `closed with ${end.code}`),
      ),
    },
    compared: {
      'korbit.book.rest-socket-agree-four-four': is(
        'REST book = streamed book',
        common.comparedEqual,
      ),
    },
    trades: tradeFacts(
      {
        side: 'korbit.trade-side.taker',
        ids: 'korbit.trade-rest.rest-id-ws-id-assumed',
        rows: 'korbit.trade-rest.get-v2-trades-symbol-btc',
      },
      true,
    ),
    idle: {
      'korbit.ws.server-ping-30s': is(
        'a ping "ping" every 30 s, the first after 30 s',
        ({ answering: { pings }, second }) => {
          if (pings.length === 0) return holds(false, 'no ping');
          const times = pings.map(({ at }, i) => at - (pings[i - 1]?.at ?? 0));
          const text = pings.map(({ at }) => `${(at / second).toFixed(1)} s`).join(', ');
          return holds(
            times.every((ms) => Math.abs(ms / second - 30) < 3) &&
              pings.every(({ data }) => data === 'ping'),
            `"${pings[0]!.data}" at ${text}`,
          );
        },
      ),
      'korbit.connect.plain-websocket-upgrade-path-v2': is(
        'a socket that only answers pings stays open for 120 s',
        ({ answering: { end, waitedMs } }) =>
          holds(
            end === null,
            `${end === null ? 'open' : `closed with ${end.code}`} after ${common.seconds(waitedMs)}`,
          ),
      ),
    },
  }),
};
