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
  fact,
  field,
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
  facts: [
    fact('reach', 'upbit.endpoint.rest-base', 'REST answers 200', restReached),
    fact('reach', 'upbit.endpoint.ws-public', 'the socket opens', socketOpened),
    fact('reach', 'upbit.endpoint.tls', 'TLS 1.2 or 1.3', ({ rest: { tls } }) =>
      tls === null ? unseen('the address asks for no TLS') : holds(/^TLSv1\.[23]$/.test(tls), tls),
    ),
    fact(
      'reach',
      'upbit.ws.remaining-req',
      'REST: Remaining-Req with group, min and sec',
      ({ named }) => headerIs(named, { 'remaining-req': /^group=[a-z-]+; min=\d+; sec=\d+$/ }),
    ),
    fact(
      'reach',
      'upbit.ws.connects-5-per-second',
      'the upgrade counts in group=websocket, by IP',
      ({ upgrade }) =>
        headerIs(upgrade, { 'remaining-req': /^group=websocket;/, 'limit-by-ip': /^Yes$/ }),
    ),
    fact('list', 'upbit.market-list.shape', 'rows of market, korean_name, english_name', (seen) =>
      listRead(
        seen,
        keysAre(seen.rows, ['market', 'korean_name', 'english_name'], {
          optional: ['market_event'],
        }),
      ),
    ),
    fact(
      'list',
      'upbit.endpoint.symbols-quote-base-upper-case',
      'codes as KRW-BTC, upper case',
      ({ rows }) =>
        textsAre(
          rows.map((row) => field(row, 'market')),
          /^[A-Z0-9]+-[A-Z0-9]+$/,
        ),
    ),
    fact('rest', 'upbit.rest-book.count-1-30-default-30', '30 levels', ({ singles }) =>
      allOf(
        booksIn(singles),
        (book) => unitsOf(book).length === 30,
        (book) => `${unitsOf(book).length} levels`,
        answerText(singles[0]!.answer),
      ),
    ),
    fact(
      'rest',
      'upbit.rest-book.key-order-rest-unit-bid',
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
    fact(
      'rest',
      'upbit.rest-book.rest-prices-plain-integers',
      'prices without exponent',
      ({ singles }) =>
        textsAre(unitTexts(exactBooksIn(singles), 'ask_price', 'bid_price'), /^\d+(\.\d+)?$/),
    ),
    fact('rest', 'upbit.rest-book.timestamp-last-change', '13 digits, ms', ({ singles }) =>
      textsAre(
        exactBooksIn(singles).map((book) => field(book, 'timestamp')),
        /^\d{13}$/,
      ),
    ),
    fact(
      'rest',
      'upbit.rest-book.markets-comma-separated-required',
      'many markets in one call',
      ({ batches }) => allAnswered(batches, false),
    ),
    fact(
      'rest',
      'upbit.rest-book.body-array-request-order-real',
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
    fact('stream', 'upbit.book.binary-frames', 'binary frames', (seen) => opcodeIs(seen, true)),
    fact('stream', 'upbit.subscribe.no-acknowledgement', 'the first frame is a book', bookFirst),
    fact('stream', 'upbit.format.default-keys', `keys ${FRAME_KEYS.join(', ')}`, (seen) =>
      framesAre(seen, FRAME_KEYS),
    ),
    fact('stream', 'upbit.book.whole-book', 'SNAPSHOT first, then REALTIME', (seen) =>
      snapshotFirst(booksOf(seen)),
    ),
    fact('stream', 'upbit.book.levels-30', '30 levels, asks up, bids down', (seen) =>
      unitCount(exactBooks(seen), 30),
    ),
    fact('stream', 'upbit.book.totals', 'totals are the sums of the levels', (seen) =>
      totalsAreSums(booksOf(seen)),
    ),
    fact(
      'stream',
      'upbit.spelling.prices-default',
      '4407000.0, from 10,000,000 on 1.16539E8; padding 0',
      (seen) =>
        textsAre(
          unitTexts(exactBooks(seen), 'ask_price', 'bid_price'),
          /^(0|\d{1,7}\.\d+|\d\.\d+E-?\d+)$/,
        ),
    ),
    fact('stream', 'upbit.spelling.sizes-default', 'up to 8 decimals', (seen) =>
      textsAre(
        unitTexts(exactBooks(seen), 'ask_size', 'bid_size'),
        /^(\d+(\.\d{1,8})?|\d(\.\d+)?E-?\d)$/,
      ),
    ),
    fact('stream', 'upbit.spelling.timestamp-tms', 'a number of 13 digits, ms', (seen) =>
      timesAre(seen, /^\d{13}$/),
    ),
    fact('stream', 'upbit.timing.never-backwards', 'times never fall', timesNeverFall),
    noServerPing('upbit.ws.no-server-ping'),
    fact('all', 'upbit.subscribe.many-codes', 'every code is served on one socket', allServed),
    fact(
      'unknown',
      'upbit.error.unknown-code-silent',
      'nothing is said; good codes are served',
      (seen) => unknownBrings(seen, (others) => others.length === 0),
    ),
    fact(
      'unknown',
      'upbit.error.unknown-market-alone-batch',
      'REST: 404 {"error":{"name":404,…}}',
      ({ alone }) =>
        alone.failure === null
          ? holds(
              alone.status === 404 && field(alone.plain, 'error', 'name') === 404,
              answerText(alone),
            )
          : unseen(alone.failure),
    ),
    fact(
      'unknown',
      'upbit.rest-book.unknown-code-fails-batch',
      'REST: one bad code fails all, 404',
      ({ batch }) =>
        batch === null || batch.failure !== null
          ? unseen(batch?.failure ?? 'not asked')
          : holds(batch.status === 404, answerText(batch)),
    ),
    fact('changes', 'upbit.subscribe.replaces', 'a later subscription replaces', (seen) =>
      laterSubscription(seen, true),
    ),
    fact('changes', 'upbit.ws.keepalive', 'a ping gets its pong', pingAnswered),
    fact('compared', 'upbit.rest-book.equals-ws', 'REST book = streamed book', comparedEqual),
    ...tradeFacts(
      {
        side: 'upbit.trade-side.taker',
        ids: 'upbit.trade-rest.rest-id-ws-id',
        rows: 'upbit.trade-rest.row-market-trade-date-utc',
      },
      true,
    ),
    fact('idle', 'upbit.ws.idle-60s', 'closed after 60 s of silence', (seen) =>
      endedAfter(seen, 55, 66),
    ),
    fact('idle', 'upbit.ws.how-idle-close-looks', 'code 1006', (seen) => endedWith(seen, 1006)),
  ],
};
