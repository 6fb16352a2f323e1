import { UPBIT_PROFILE, upbit } from '../../collector/exchanges/upbit/adapter.js';
import {
  MARKET_ALL,
  quoteFirstCode,
  unitBooksPath,
} from '../../collector/exchanges/upbit-protocol/messages.js';
import type { BooksSeen } from '../evidence.js';
import {
  allOf,
  elements,
  facts,
  is,
  field,
  fieldsOf,
  holds,
  keysAre,
  textsAre,
  together,
  unseen,
} from '../fact.js';
import type { Sheet } from '../sheet.js';
import { tradeFacts } from './trades.js';
import {
  allServed,
  answerIs,
  answerText,
  booksOf,
  comparedEqual,
  endedAfter,
  endedWith,
  headerIs,
  laterSubscription,
  listRead,
  noServerPing,
  opcodeIs,
  pingAnswered,
  restReached,
  socketOpened,
  unknownBrings,
} from './common.js';
import {
  allAnswered,
  bookFirst,
  exactBooks,
  exactBooksIn,
  framesAre,
  snapshotFirst,
  TICKET_TALK,
  timesAre,
  timesNeverFall,
  totalsAreSums,
  unitCount,
  unitsOf,
  unitTexts,
} from './ticket-protocol.js';

const FRAME_KEYS = [
  'type',
  'code',
  'timestamp',
  'total_ask_size',
  'total_bid_size',
  'orderbook_units',
  'stream_type',
  'level',
];
const REST_UNIT_KEYS = ['bid_price', 'bid_size', 'ask_price', 'ask_size'];

const booksIn = (seen: readonly BooksSeen[]): readonly unknown[] =>
  seen.flatMap(({ answer }) => elements(answer.plain));

/** Upbit. */
export const UPBIT_SHEET: Sheet = {
  adapter: upbit,
  list: MARKET_ALL,
  profile: UPBIT_PROFILE,
  // 10 a second and group.
  restEveryMs: 500,
  bookPath: unitBooksPath,
  batches: [200, 100, 50],
  talk: TICKET_TALK,
  facts: facts({
    reach: {
      'upbit.endpoint.rest-base': is('REST answers 200', restReached),
      'upbit.endpoint.ws-public': is('the socket opens', socketOpened),
      'upbit.endpoint.tls': is('TLS 1.2 or 1.3', ({ rest: { tls } }) =>
        tls === null
          ? unseen('the address asks for no TLS')
          : holds(/^TLSv1\.[23]$/.test(tls), tls),
      ),
      'upbit.ws.remaining-req': is('REST: Remaining-Req with group, min and sec', ({ named }) =>
        headerIs(named, { 'remaining-req': /^group=[a-z-]+; min=\d+; sec=\d+$/ }),
      ),
      'upbit.ws.connects-5-per-second': is(
        'the upgrade counts in group=websocket, by IP',
        ({ upgrade }) =>
          headerIs(upgrade, { 'remaining-req': /^group=websocket;/, 'limit-by-ip': /^Yes$/ }),
      ),
    },
    list: {
      'upbit.market-list.shape': is('rows of market, korean_name, english_name', (seen) =>
        listRead(
          seen,
          keysAre(seen.rows, ['market', 'korean_name', 'english_name'], {
            optional: ['market_event'],
          }),
        ),
      ),
      'upbit.endpoint.symbols-quote-base-upper-case': is(
        'codes as KRW-BTC, upper case',
        ({ rows }) => textsAre(fieldsOf(rows, 'market'), /^[A-Z0-9]+-[A-Z0-9]+$/),
      ),
    },
    rest: {
      'upbit.rest-book.count-1-30-default-30': is('30 levels', ({ singles }) =>
        allOf(
          booksIn(singles),
          (book) => unitsOf(book).length === 30,
          (book) => `${unitsOf(book).length} levels`,
          answerText(singles[0]!.answer),
        ),
      ),
      'upbit.rest-book.key-order-rest-unit-bid': is(
        `units of ${REST_UNIT_KEYS.join(', ')}`,
        ({ singles }) =>
          together(
            keysAre(booksIn(singles), [
              'market',
              'timestamp',
              'total_ask_size',
              'total_bid_size',
              'orderbook_units',
              'level',
            ]),
            keysAre(booksIn(singles).flatMap(unitsOf), REST_UNIT_KEYS, { ordered: true }),
          ),
      ),
      'upbit.rest-book.rest-prices-plain-integers': is('prices without exponent', ({ singles }) =>
        textsAre(unitTexts(exactBooksIn(singles), 'ask_price', 'bid_price'), /^\d+(\.\d+)?$/),
      ),
      'upbit.rest-book.timestamp-last-change': is('13 digits, ms', ({ singles }) =>
        textsAre(fieldsOf(exactBooksIn(singles), 'timestamp'), /^\d{13}$/),
      ),
      'upbit.rest-book.markets-comma-separated-required': is(
        'many markets in one call',
        ({ batches }) => allAnswered(batches, false),
      ),
      'upbit.rest-book.body-array-request-order-real': is(
        'books in the order asked for',
        ({ batches }) =>
          allOf(
            batches,
            ({ pairs, answer }) =>
              elements(answer.plain).every(
                (book, i) => field(book, 'market') === quoteFirstCode(pairs[i]!),
              ),
            ({ answer }) => `first ${String(field(answer.plain, 0, 'market'))}`,
            'the list is too short',
          ),
      ),
    },
    stream: {
      'upbit.book.binary-frames': is('binary frames', (seen) => opcodeIs(seen, true)),
      'upbit.subscribe.no-acknowledgement': is('the first frame is a book', bookFirst),
      'upbit.format.default-keys': is(`keys ${FRAME_KEYS.join(', ')}`, (seen) =>
        framesAre(seen, FRAME_KEYS),
      ),
      'upbit.book.whole-book': is('SNAPSHOT first, then REALTIME', (seen) =>
        snapshotFirst(booksOf(seen)),
      ),
      'upbit.book.levels-30': is('30 levels, asks up, bids down', (seen) =>
        unitCount(exactBooks(seen), 30),
      ),
      'upbit.book.totals': is('totals are the sums of the levels', (seen) =>
        totalsAreSums(booksOf(seen)),
      ),
      'upbit.spelling.prices-default': is(
        '4407000.0, from 10,000,000 on 1.16539E8; padding 0',
        (seen) =>
          textsAre(
            unitTexts(exactBooks(seen), 'ask_price', 'bid_price'),
            /^(0|\d{1,7}\.\d+|\d\.\d+E-?\d+)$/,
          ),
      ),
      'upbit.spelling.sizes-default': is('up to 8 decimals', (seen) =>
        textsAre(
          unitTexts(exactBooks(seen), 'ask_size', 'bid_size'),
          /^(\d+(\.\d{1,8})?|\d(\.\d+)?E-?\d)$/,
        ),
      ),
      'upbit.spelling.timestamp-tms': is('a number of 13 digits, ms', (seen) =>
        timesAre(seen, /^\d{13}$/),
      ),
      'upbit.timing.never-backwards': is('times never fall', timesNeverFall),
      'upbit.ws.no-server-ping': noServerPing,
    },
    all: {
      'upbit.subscribe.many-codes': is('every code is served on one socket', allServed),
    },
    unknown: {
      'upbit.error.unknown-code-silent': is('nothing is said; good codes are served', (seen) =>
        unknownBrings(seen, (others) => others.length === 0),
      ),
      'upbit.error.unknown-market-alone-batch': is(
        'REST: 404 {"error":{"name":404,…}}',
        ({ alone }) =>
          answerIs(alone, alone.status === 404 && field(alone.plain, 'error', 'name') === 404),
      ),
      'upbit.rest-book.unknown-code-fails-batch': is(
        'REST: one bad code fails all, 404',
        ({ batch }) =>
          batch === null || batch.failure !== null
            ? unseen(batch?.failure ?? 'not asked')
            : holds(batch.status === 404, answerText(batch)),
      ),
    },
    changes: {
      'upbit.subscribe.replaces': is('a later subscription replaces', (seen) =>
        laterSubscription(seen, true),
      ),
      'upbit.ws.keepalive': is('a ping gets its pong', pingAnswered),
    },
    compared: {
      'upbit.rest-book.equals-ws': is('REST book = streamed book', comparedEqual),
    },
    trades: tradeFacts(
      {
        side: 'upbit.trade-side.taker',
        ids: 'upbit.trade-rest.rest-id-ws-id',
        rows: 'upbit.trade-rest.row-market-trade-date-utc',
      },
      true,
    ),
    idle: {
      'upbit.ws.idle-60s': is('closed after 60 s of silence', (seen) => endedAfter(seen, 55, 66)),
      'upbit.ws.how-idle-close-looks': is('code 1006', (seen) => endedWith(seen, 1006)),
    },
  }),
};
