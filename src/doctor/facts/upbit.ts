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
import * as common from './common.js';
import * as ticket from './ticket-protocol.js';

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
  // 10 per second and group.
  restEveryMs: 500,
  bookPath: unitBooksPath,
  batches: [200, 100, 50],
  talk: ticket.TICKET_TALK,
  facts: facts({
    reach: {
      'upbit.endpoint.rest-base': is('REST answers 200', common.restReached),
      'upbit.endpoint.ws-public': is('the socket opens', common.socketOpened),
      'upbit.endpoint.tls': is('TLS 1.2 or 1.3', ({ rest: { tls } }) =>
        tls === null
          ? unseen('the address asks for no TLS')
          : holds(/^TLSv1\.[23]$/.test(tls), tls),
      ),
      'upbit.ws.remaining-req': is('REST: Remaining-Req with group, min and sec', ({ named }) =>
        common.headerIs(named, { 'remaining-req': /^group=[a-z-]+; min=\d+; sec=\d+$/ }),
      ),
      'upbit.ws.connects-5-per-second': is(
        'the upgrade counts in group=websocket, by IP',
        ({ upgrade }) =>
          common.headerIs(upgrade, {
            'remaining-req': /^group=websocket;/,
            'limit-by-ip': /^Yes$/,
          }),
      ),
    },
    list: {
      'upbit.market-list.shape': is('rows of market, korean_name, english_name', (seen) =>
        common.listRead(
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
          (book) => ticket.unitsOf(book).length === 30,
          (book) => `${ticket.unitsOf(book).length} levels`,
          common.answerText(singles[0]!.answer),
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
            keysAre(booksIn(singles).flatMap(ticket.unitsOf), REST_UNIT_KEYS, { ordered: true }),
          ),
      ),
      'upbit.rest-book.rest-prices-plain-integers': is('prices without exponent', ({ singles }) =>
        textsAre(
          ticket.unitTexts(ticket.exactBooksIn(singles), 'ask_price', 'bid_price'),
          /^\d+(\.\d+)?$/,
        ),
      ),
      'upbit.rest-book.timestamp-last-change': is('13 digits, ms', ({ singles }) =>
        textsAre(fieldsOf(ticket.exactBooksIn(singles), 'timestamp'), /^\d{13}$/),
      ),
      'upbit.rest-book.markets-comma-separated-required': is(
        'many markets in one call',
        ({ batches }) => ticket.allAnswered(batches, false),
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
      'upbit.book.binary-frames': is('binary frames', (seen) => common.opcodeIs(seen, true)),
      'upbit.subscribe.no-acknowledgement': is('the first frame is a book', ticket.bookFirst),
      'upbit.format.default-keys': is(`keys ${FRAME_KEYS.join(', ')}`, (seen) =>
        ticket.framesAre(seen, FRAME_KEYS),
      ),
      'upbit.book.whole-book': is('SNAPSHOT first, then REALTIME', (seen) =>
        ticket.snapshotFirst(common.booksOf(seen)),
      ),
      'upbit.book.levels-30': is('30 levels, asks up, bids down', (seen) =>
        ticket.unitCount(ticket.exactBooks(seen), 30),
      ),
      'upbit.book.totals': is('totals are the sums of the levels', (seen) =>
        ticket.totalsAreSums(common.booksOf(seen)),
      ),
      'upbit.spelling.prices-default': is(
        '4407000.0, from 10,000,000 on 1.16539E8; padding 0',
        (seen) =>
          textsAre(
            ticket.unitTexts(ticket.exactBooks(seen), 'ask_price', 'bid_price'),
            /^(0|\d{1,7}\.\d+|\d\.\d+E-?\d+)$/,
          ),
      ),
      'upbit.spelling.sizes-default': is('up to 8 decimals', (seen) =>
        textsAre(
          ticket.unitTexts(ticket.exactBooks(seen), 'ask_size', 'bid_size'),
          /^(\d+(\.\d{1,8})?|\d(\.\d+)?E-?\d)$/,
        ),
      ),
      'upbit.spelling.timestamp-tms': is('a number of 13 digits, ms', (seen) =>
        ticket.timesAre(seen, /^\d{13}$/),
      ),
      'upbit.timing.never-backwards': is('times never fall', ticket.timesNeverFall),
      'upbit.ws.no-server-ping': common.noServerPing,
    },
    all: {
      'upbit.subscribe.many-codes': is('every code is served on one socket', common.allServed),
    },
    unknown: {
      'upbit.error.unknown-code-silent': is('nothing is said; good codes are served', (seen) =>
        common.unknownBrings(seen, (others) => others.length === 0),
      ),
      'upbit.error.unknown-market-alone-batch': is(
        'REST: 404 {"error":{"name":404,…}}',
        ({ alone }) =>
          common.answerIs(
            alone,
            alone.status === 404 && field(alone.plain, 'error', 'name') === 404,
          ),
      ),
      'upbit.rest-book.unknown-code-fails-batch': is(
        'REST: one bad code fails all, 404',
        ({ batch }) =>
          batch === null || batch.failure !== null
            ? unseen(batch?.failure ?? 'not asked')
            : holds(batch.status === 404, common.answerText(batch)),
      ),
    },
    changes: {
      'upbit.subscribe.replaces': is('a later subscription replaces', (seen) =>
        common.laterSubscription(seen, true),
      ),
      'upbit.ws.keepalive': is('a ping gets its pong', common.pingAnswered),
    },
    compared: {
      'upbit.rest-book.equals-ws': is('REST book = streamed book', common.comparedEqual),
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
      'upbit.ws.idle-60s': is('closed after 60 s of silence', (seen) =>
        common.endedAfter(seen, 55, 66),
      ),
      'upbit.ws.how-idle-close-looks': is('code 1006', (seen) => common.endedWith(seen, 1006)),
    },
  }),
};
