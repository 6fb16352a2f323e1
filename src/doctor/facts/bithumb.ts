import {
  BITHUMB_LIST,
  BITHUMB_PROFILE,
  bithumbWs,
} from '../../collector/exchanges/bithumb/adapter.js';
import { unitBooksPath } from '../../collector/exchanges/upbit-protocol/messages.js';
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
  'total_ask_size',
  'total_bid_size',
  'orderbook_units',
  'level',
  'timestamp',
  'stream_type',
];

/** Levels of the books of one answer. */
function levelCounts(seen: readonly BooksSeen[], count: number) {
  return allOf(
    seen,
    ({ answer }) =>
      elements(answer.plain).length > 0 &&
      elements(answer.plain).every((book) => ticket.unitsOf(book).length === count),
    ({ pairs, answer }) => {
      const [book] = elements(answer.plain);
      const levels =
        book === undefined ? common.answerText(answer) : `${ticket.unitsOf(book).length} levels`;
      return `${levels} for ${pairs.length} markets`;
    },
    'the list is too short',
  );
}

/** Bithumb, generation 2. */
export const BITHUMB_SHEET: Sheet = {
  adapter: bithumbWs,
  list: BITHUMB_LIST,
  profile: BITHUMB_PROFILE,
  // 150 per second and category.
  restEveryMs: 500,
  bookPath: unitBooksPath,
  batches: [200, 100, 50],
  talk: ticket.TICKET_TALK,
  facts: facts({
    reach: {
      'bithumb.endpoint.rest-base-both-generations': is('REST answers 200', common.restReached),
      'bithumb.endpoint.ws-public-gen-2': is('the socket opens', common.socketOpened),
      'bithumb.ws.rest-150-per-second': is('headers x-ratelimit-*, 150 a second', ({ named }) =>
        common.headerIs(named, {
          'x-ratelimit-remaining': /^\d+$/,
          'x-ratelimit-burst-capacity': /^150$/,
          'x-ratelimit-replenish-rate': /^150$/,
        }),
      ),
    },
    list: {
      'bithumb.market-list.shape': is(
        'rows of market, korean_name, english_name, market_warning NONE or CAUTION',
        (seen) =>
          common.listRead(
            seen,
            together(
              keysAre(seen.rows, ['market', 'korean_name', 'english_name', 'market_warning']),
              textsAre(fieldsOf(seen.rows, 'market_warning'), /^(NONE|CAUTION)$/),
            ),
          ),
      ),
      'bithumb.endpoint.symbols-gen-2-krw-btc': is('codes as KRW-BTC', ({ rows }) =>
        textsAre(fieldsOf(rows, 'market'), /^[A-Z0-9]+-[A-Z0-9]+$/),
      ),
    },
    rest: {
      'bithumb.rest-book.levels-30-or-15': is(
        '30 levels of one market, 15 of several',
        ({ singles, batches }) => together(levelCounts(singles, 30), levelCounts(batches, 15)),
      ),
      'bithumb.added.not-proven-200-markets-call': is('200 markets in one call', ({ batches }) =>
        ticket.allAnswered(batches, true),
      ),
      'bithumb.rest-book.timestamp-ms': is('13 digits, ms', ({ singles, batches }) =>
        textsAre(fieldsOf(ticket.exactBooksIn([...singles, ...batches]), 'timestamp'), /^\d{13}$/),
      ),
    },
    stream: {
      'bithumb.book.binary-frames': is('binary frames', (seen) => common.opcodeIs(seen, true)),
      'bithumb.subscribe.no-acknowledgement': is('the first frame is a book', ticket.bookFirst),
      'bithumb.book.default-keys': is(`keys ${FRAME_KEYS.join(', ')}`, (seen) =>
        ticket.framesAre(seen, FRAME_KEYS),
      ),
      'bithumb.book.whole-book': is('SNAPSHOT once a code, else REALTIME', (seen) => {
        const frames = common.booksOf(seen);
        if (frames.length === 0) return unseen('no book came');
        const of = (stream: string): number =>
          frames.filter(({ plain }) => field(plain, 'stream_type') === stream).length;
        const [snapshots, realtime] = [of('SNAPSHOT'), of('REALTIME')];
        const pairs = new Set(frames.map(({ book }) => book!.pair)).size;
        return holds(
          snapshots === pairs && snapshots + realtime === frames.length,
          `${snapshots} SNAPSHOT of ${pairs} codes, ${realtime} REALTIME of ${frames.length} frames`,
        );
      }),
      'bithumb.book.levels-15': is('15 levels, asks up, bids down', (seen) =>
        ticket.unitCount(ticket.exactBooks(seen), 15),
      ),
      'bithumb.book.totals-sum-levels-frame-official': is('totals are the sums', (seen) =>
        ticket.totalsAreSums(common.booksOf(seen)),
      ),
      'bithumb.book.json-number-16-digits-microseconds': is(
        'times are numbers of 16 digits, µs',
        (seen) => ticket.timesAre(seen, /^\d{16}$/),
      ),
      'bithumb.book.numbers': is('plain prices; sizes of 4 decimals at most', (seen) => {
        const books = ticket.exactBooks(seen);
        return together(
          textsAre(ticket.unitTexts(books, 'ask_price', 'bid_price'), /^\d+(\.\d+)?$/),
          textsAre(ticket.unitTexts(books, 'ask_size', 'bid_size'), /^\d+(\.\d{1,4})?$/),
        );
      }),
      'bithumb.book.timing': is('times never fall', ticket.timesNeverFall),
      'bithumb.ws.no-server-ping': common.noServerPing,
    },
    all: {
      'bithumb.subscribe.several-pairs-list-them-all': is(
        'every code is served on one socket',
        common.allServed,
      ),
    },
    unknown: {
      'bithumb.error.unknown-code-silent': is('nothing is said; good codes are served', (seen) =>
        common.unknownBrings(seen, (others) => others.length === 0),
      ),
      'bithumb.error.unknown-market-alone-batch': is(
        'REST: 200 {"error":{"name":404,…}}, alone and with good ones',
        ({ alone, batch }) => {
          const answers = batch === null ? [alone] : [alone, batch];
          const failed = answers.find(({ failure }) => failure !== null);
          if (failed !== undefined) return unseen(failed.failure!);
          return allOf(
            answers,
            ({ status, plain }) => status === 200 && field(plain, 'error', 'name') === 404,
            common.answerText,
          );
        },
      ),
    },
    changes: {
      'bithumb.subscribe.replaces': is('a later subscription replaces', (seen) =>
        common.laterSubscription(seen, true),
      ),
      'bithumb.ws.keepalive': is('a ping gets its pong', common.pingAnswered),
    },
    compared: {
      'bithumb.rest-book.equals-ws': is('REST book = streamed book', common.comparedEqual),
    },
    trades: tradeFacts(
      {
        side: 'bithumb.trade-side.taker',
        ids: 'bithumb.trade-id.two-ids',
        rows: 'bithumb.trade-rest.row-market-trade-date-utc',
      },
      false,
    ),
    idle: {
      'bithumb.ws.idle-60s': is('closed after 60 s of silence', (seen) =>
        common.endedAfter(seen, 55, 66),
      ),
      'bithumb.ws.form-idle-close': is('code 1006', (seen) => common.endedWith(seen, 1006)),
    },
  }),
};
