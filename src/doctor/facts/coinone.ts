import { bookPath, COINONE_LIST, coinone } from '../../collector/exchanges/coinone/adapter.js';
import { COINONE_PROFILE } from '../../collector/exchanges/coinone/controller.js';
import { PING, readBook, topicRequest } from '../../collector/exchanges/coinone/messages.js';
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

const ROW_KEYS = [
  'quote_currency',
  'target_currency',
  'price_unit',
  'qty_unit',
  'max_order_amount',
  'max_price',
  'max_qty',
  'min_order_amount',
  'min_price',
  'min_qty',
  'order_book_units',
  'maintenance_status',
  'trade_status',
  'order_types',
];
const DECIMAL = /^\d+(\.\d*[1-9])?$/;

function bookIn(message: Json): BookSeen | null {
  if (field(message, 'response_type') !== 'DATA') return null;
  const { pair, sides, exchangeTimestamp } = readBook(wireObject(message, 'the message'));
  return { pair: pairText(pair), sides, time: exchangeTimestamp };
}

const idOf = ({ plain }: Frame): unknown => field(plain, 'data', 'id');
const levelsOf = (plain: unknown, side: 'asks' | 'bids'): readonly unknown[] =>
  elements(field(plain, 'data', side));
const pricesOf = (levels: readonly unknown[]): readonly unknown[] => fieldsOf(levels, 'price');

/** A message of a kind that answers a subscription is followed by a book of its pair. */
function acknowledged(frames: readonly Frame[]): Judgement {
  const acks = frames.filter(({ plain }) => field(plain, 'response_type') === 'SUBSCRIBED');
  const firstBook = frames.findIndex(({ book }) => book !== null);
  const firstAck = frames.findIndex((frame) => acks.includes(frame));
  if (firstBook === -1 && firstAck === -1) return holds(false, 'nothing came');
  return holds(
    firstAck !== -1 && (firstBook === -1 || firstAck < firstBook),
    `${acks.length} acknowledged${acks[0] === undefined ? '' : `: ${acks[0].text}`}`,
  );
}

/** Coinone. */
export const COINONE_SHEET: Sheet = {
  adapter: coinone,
  list: COINONE_LIST,
  profile: COINONE_PROFILE,
  // 20 a second.
  restEveryMs: 500,
  bookPath: ([pair]) => bookPath(pair!),
  batches: [],
  talk: {
    greets: true,
    subscribe: (pairs) => pairs.map((pair) => topicRequest('SUBSCRIBE', pair)),
    unsubscribe: (pairs) => pairs.map((pair) => topicRequest('UNSUBSCRIBE', pair)),
    ping: { message: PING, answer: '{"response_type":"PONG"' },
    answer: () => null,
    reader: () => ({
      read: bookIn,
      fast: (data) => bookIn(JSON.parse(data.toString('utf8')) as Json),
    }),
  },
  facts: facts({
    reach: {
      'coinone.endpoint.rest-base': is('REST answers 200', (seen) => common.restReached(seen)),
      'coinone.endpoint.ws-public': is('the socket opens', common.socketOpened),
      'coinone.ws.rest-1200-per-minute': is(
        'headers public-ratelimit-*, 1200 and 20 a second',
        ({ named }) =>
          common.headerIs(named, {
            'public-ratelimit-burst-capacity': /^1200$/,
            'public-ratelimit-replenish-rate': /^20$/,
          }),
      ),
    },
    list: {
      'coinone.market-list.shape': is(`rows of ${ROW_KEYS.length} keys`, (seen) =>
        common.listRead(seen, keysAre(seen.rows, ROW_KEYS)),
      ),
      'coinone.market-list.trade-status': is(
        'trade_status 0 to 3, maintenance_status 0 or 1',
        ({ rows }) =>
          together(
            textsAre(fieldsOf(rows, 'trade_status'), /^[0-3]$/),
            textsAre(fieldsOf(rows, 'maintenance_status'), /^[01]$/),
          ),
      ),
    },
    rest: {
      'coinone.trap.only-16-levels-both-ws': is('16 levels a side', ({ singles }) =>
        allOf(
          singles,
          ({ answer: { plain } }) =>
            elements(field(plain, 'asks')).length === 16 &&
            elements(field(plain, 'bids')).length === 16,
          ({ answer }) =>
            `${elements(field(answer.plain, 'asks')).length} asks of ${common.answerText(answer).slice(0, 60)}`,
        ),
      ),
      'coinone.rest-book.rest-bids-descending-asks': is('both sides best first', ({ singles }) =>
        allOf(
          singles,
          ({ answer: { plain } }) =>
            elements(field(plain, 'asks')).length > 0 &&
            steady(pricesOf(elements(field(plain, 'asks'))), 1) &&
            steady(pricesOf(elements(field(plain, 'bids'))), -1),
          ({ answer: { plain } }) =>
            `first ask ${String(field(plain, 'asks', 0, 'price'))}, last ${String(field(plain, 'asks', 15, 'price'))}`,
        ),
      ),
      'coinone.rest-book.one-market-per-call': is(
        'keys of one market, prices and sizes as text',
        ({ singles }) => {
          const bodies = singles.map(({ answer }) => answer.plain);
          const levels = bodies.flatMap((body) => [
            ...elements(field(body, 'asks')),
            ...elements(field(body, 'bids')),
          ]);
          return together(
            keysAre(bodies, [
              ...['result', 'error_code', 'timestamp', 'id', 'quote_currency', 'target_currency'],
              ...['order_book_unit', 'bids', 'asks'],
            ]),
            textsAre(
              levels.flatMap((level) => [field(level, 'price'), field(level, 'qty')]),
              DECIMAL,
            ),
          );
        },
      ),
      'coinone.rest-book.timestamp-last-change-book-ms': is(
        'timestamp of 13 digits, id of 16',
        ({ singles }) => {
          const bodies = singles.map(({ answer }) => answer.exact);
          return together(
            textsAre(fieldsOf(bodies, 'timestamp'), /^\d{13}$/),
            textsAre(fieldsOf(bodies, 'id'), /^\d{16}$/),
          );
        },
      ),
    },
    stream: {
      'coinone.subscribe.connected': is('CONNECTED comes first', ({ greeting }) =>
        holds(
          field(greeting[0]?.plain, 'response_type') === 'CONNECTED',
          greeting[0]?.text ?? 'nothing came',
        ),
      ),
      'coinone.subscribe.acknowledgement': is('SUBSCRIBED before the first book', ({ frames }) =>
        acknowledged(frames),
      ),
      'coinone.book.text-frames': is('text frames', (seen) => common.opcodeIs(seen, false)),
      'coinone.book.key-order-response-type-channel': is(
        'keys of message, data and levels as known; both readers alike',
        (seen) => {
          const books = common.booksOf(seen).map(({ plain }) => plain);
          const levels = books.flatMap((book) => [
            ...levelsOf(book, 'asks'),
            ...levelsOf(book, 'bids'),
          ]);
          return together(
            common.readAlike(seen),
            keysAre(books, ['response_type', 'channel', 'data']),
            keysAre(fieldsOf(books, 'data'), [
              'quote_currency',
              'target_currency',
              'timestamp',
              'id',
              'asks',
              'bids',
            ]),
            keysAre(levels, ['price', 'qty']),
          );
        },
      ),
      'coinone.book.whole-book': is('16 asks and 16 bids in each frame', (seen) => {
        const judgement = allOf(
          common.booksOf(seen),
          ({ plain }) =>
            levelsOf(plain, 'asks').length === 16 && levelsOf(plain, 'bids').length === 16,
          ({ plain }) => `${levelsOf(plain, 'asks').length} and ${levelsOf(plain, 'bids').length}`,
        );
        return { ...judgement, seen: `${judgement.seen}; first ${common.firstText(seen)}` };
      }),
      'coinone.book.asks-worst-first': is('asks worst first, bids best first', (seen) =>
        allOf(
          common.booksOf(seen),
          ({ plain }) =>
            steady(pricesOf(levelsOf(plain, 'asks')), -1) &&
            steady(pricesOf(levelsOf(plain, 'bids')), -1),
          ({ plain }) =>
            `asks ${pricesOf(levelsOf(plain, 'asks')).slice(0, 2).join(', ')}, bids ${pricesOf(levelsOf(plain, 'bids')).slice(0, 2).join(', ')}`,
        ),
      ),
      'coinone.book.price-qty': is('plain text without trailing zeros', (seen) =>
        textsAre(
          common
            .booksOf(seen)
            .flatMap(({ plain }) => [...levelsOf(plain, 'asks'), ...levelsOf(plain, 'bids')])
            .flatMap((level) => [field(level, 'price'), field(level, 'qty')]),
          DECIMAL,
        ),
      ),
      'coinone.book.timestamp': is('a number of 13 digits, ms', (seen) =>
        allOf(
          common.booksOf(seen).map(({ plain }) => field(plain, 'data', 'timestamp')),
          (time) => typeof time === 'number' && /^\d{13}$/.test(String(time)),
          (time) => JSON.stringify(time),
        ),
      ),
      'coinone.book.id': is('a text of 16 digits', (seen) =>
        textsAre(common.booksOf(seen).map(idOf), /^\d{16}$/),
      ),
      'coinone.book.id-2': is('rises from frame to frame of a pair', (seen) => {
        const last = new Map<string, string>();
        let count = 0;
        for (const frame of common.booksOf(seen)) {
          const id = String(idOf(frame));
          const before = last.get(frame.book!.pair);
          if (before !== undefined) {
            if (id <= before) return holds(false, `${frame.book!.pair}: ${id} after ${before}`);
            count++;
          }
          last.set(frame.book!.pair, id);
        }
        return count === 0 ? unseen('no pair had two books') : holds(true, `${count} times`);
      }),
      'coinone.ws.no-server-ping': common.noServerPing,
    },
    all: {
      'coinone.subscribe.all-363': is('every pair is served on one socket', common.allServed),
    },
    unknown: {
      'coinone.error.invalid-topic': is(
        'SUBSCRIBED, then ERROR 160012; good pairs are served',
        (seen) =>
          common.unknownBrings(seen, (others, unknown) => {
            const codes = others.filter(
              ({ plain }) => String(field(plain, 'error_code')) === '160012',
            );
            const acks = unknown.filter(({ symbol }) =>
              others.some(
                ({ plain }) =>
                  field(plain, 'response_type') === 'SUBSCRIBED' &&
                  field(plain, 'data', 'target_currency') === symbol,
              ),
            );
            return codes.length === unknown.length && acks.length === unknown.length;
          }),
      ),
      'coinone.added.error-160012-names-no-pair': is('the error names no pair', ({ tries }) => {
        const errors = tries
          .flatMap(({ others }) => others)
          .filter(({ plain }) => field(plain, 'response_type') === 'ERROR');
        return allOf(
          errors,
          ({ text }) => !text.toUpperCase().includes('ZZNOPE'),
          ({ text }) => text,
        );
      }),
      'coinone.error.unknown-pair': is('REST: 200 with error_code 108', ({ alone }) =>
        common.answerIs(
          alone,
          alone.status === 200 && String(field(alone.plain, 'error_code')) === '108',
        ),
      ),
    },
    changes: {
      'coinone.subscribe.add-up': is('subscriptions add up', (seen) => {
        const { again, lastBefore } = seen;
        const repeats = again.filter(
          (frame) => lastBefore !== null && idOf(frame) === idOf(lastBefore),
        );
        const acks = again.filter(({ plain }) => field(plain, 'response_type') === 'SUBSCRIBED');
        const added = common.laterSubscription(seen, false);
        return together(
          added,
          holds(
            acks.length === 1 && (lastBefore === null || repeats.length <= 1),
            `the same again: ${acks.length} acknowledgements, the same book ${repeats.length} times`,
          ),
        );
      }),
      'coinone.subscribe.unsubscribe': is(
        'UNSUBSCRIBED, then no frame of the pair',
        ({ unsubscribed, pairs: [, b] }) => {
          const frames = unsubscribed?.frames ?? [];
          const at = frames.findIndex(
            ({ plain }) => field(plain, 'response_type') === 'UNSUBSCRIBED',
          );
          const later = frames.slice(at + 1).filter(({ book }) => book?.pair === pairText(b));
          const said = at === -1 ? 'no acknowledgement' : 'acknowledged';
          return holds(at !== -1 && later.length === 0, `${said}, ${later.length} frames after it`);
        },
      ),
      'coinone.ws.keepalive': is('PING gets PONG', common.pingAnswered),
      'coinone.error.socket-stays-open': is('nothing of this ends the socket', ({ end }) =>
        holds(end === null, end === null ? 'open' : `closed with ${end.code}`),
      ),
    },
    compared: {
      'coinone.rest-book.equals-ws': is('REST book = streamed book', common.comparedEqual),
    },
    trades: tradeFacts(
      {
        side: 'coinone.trade-side.taker',
        ids: 'coinone.trade-id.rest-id-form-presumably-id',
        rows: 'coinone.trade-rest.get-public-v2-trades-quote',
      },
      true,
    ),
    idle: {
      'coinone.ws.idle-60s': is('a mute socket is closed after 60 s, 1006', (seen) =>
        together(common.endedAfter(seen, 55, 66), common.endedWith(seen, 1006)),
      ),
    },
  }),
};
