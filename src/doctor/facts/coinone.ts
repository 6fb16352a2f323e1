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
  fact,
  field,
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
import {
  allServed,
  answerText,
  booksOf,
  comparedEqual,
  endedAfter,
  endedWith,
  firstText,
  headerIs,
  laterSubscription,
  listRead,
  noServerPing,
  opcodeIs,
  pingAnswered,
  readAlike,
  restReached,
  socketOpened,
  unknownBrings,
} from './common.js';

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
const pricesOf = (levels: readonly unknown[]): readonly unknown[] =>
  levels.map((level) => field(level, 'price'));

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
  facts: [
    fact('reach', 'coinone.endpoint.rest-base', 'REST answers 200', (seen) => restReached(seen)),
    fact('reach', 'coinone.endpoint.ws-public', 'the socket opens', socketOpened),
    fact(
      'reach',
      'coinone.ws.rest-1200-per-minute',
      'headers public-ratelimit-*, 1200 and 20 a second',
      ({ named }) =>
        headerIs(named, {
          'public-ratelimit-burst-capacity': /^1200$/,
          'public-ratelimit-replenish-rate': /^20$/,
        }),
    ),
    fact('list', 'coinone.market-list.shape', `rows of ${ROW_KEYS.length} keys`, (seen) =>
      listRead(seen, keysAre(seen.rows, ROW_KEYS)),
    ),
    fact(
      'list',
      'coinone.market-list.trade-status',
      'trade_status 0 to 3, maintenance_status 0 or 1',
      ({ rows }) =>
        together(
          textsAre(
            rows.map((row) => field(row, 'trade_status')),
            /^[0-3]$/,
          ),
          textsAre(
            rows.map((row) => field(row, 'maintenance_status')),
            /^[01]$/,
          ),
        ),
    ),
    fact('rest', 'coinone.trap.only-16-levels-both-ws', '16 levels a side', ({ singles }) =>
      allOf(
        singles,
        ({ answer: { plain } }) =>
          elements(field(plain, 'asks')).length === 16 &&
          elements(field(plain, 'bids')).length === 16,
        ({ answer }) =>
          `${elements(field(answer.plain, 'asks')).length} asks of ${answerText(answer).slice(0, 60)}`,
      ),
    ),
    fact(
      'rest',
      'coinone.rest-book.rest-bids-descending-asks',
      'both sides best first',
      ({ singles }) =>
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
    fact(
      'rest',
      'coinone.rest-book.one-market-per-call',
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
    fact(
      'rest',
      'coinone.rest-book.timestamp-last-change-book-ms',
      'timestamp of 13 digits, id of 16',
      ({ singles }) => {
        const bodies = singles.map(({ answer }) => answer.exact);
        return together(
          textsAre(
            bodies.map((body) => field(body, 'timestamp')),
            /^\d{13}$/,
          ),
          textsAre(
            bodies.map((body) => field(body, 'id')),
            /^\d{16}$/,
          ),
        );
      },
    ),
    fact('stream', 'coinone.subscribe.connected', 'CONNECTED comes first', ({ greeting }) =>
      holds(
        field(greeting[0]?.plain, 'response_type') === 'CONNECTED',
        greeting[0]?.text ?? 'nothing came',
      ),
    ),
    fact(
      'stream',
      'coinone.subscribe.acknowledgement',
      'SUBSCRIBED before the first book',
      ({ frames }) => acknowledged(frames),
    ),
    fact('stream', 'coinone.book.text-frames', 'text frames', (seen) => opcodeIs(seen, false)),
    fact(
      'stream',
      'coinone.book.key-order-response-type-channel',
      'keys of message, data and levels as known; both readers alike',
      (seen) => {
        const books = booksOf(seen).map(({ plain }) => plain);
        const levels = books.flatMap((book) => [
          ...levelsOf(book, 'asks'),
          ...levelsOf(book, 'bids'),
        ]);
        return together(
          readAlike(seen),
          keysAre(books, ['response_type', 'channel', 'data']),
          keysAre(
            books.map((book) => field(book, 'data')),
            ['quote_currency', 'target_currency', 'timestamp', 'id', 'asks', 'bids'],
          ),
          keysAre(levels, ['price', 'qty']),
        );
      },
    ),
    fact('stream', 'coinone.book.whole-book', '16 asks and 16 bids in each frame', (seen) => {
      const judgement = allOf(
        booksOf(seen),
        ({ plain }) =>
          levelsOf(plain, 'asks').length === 16 && levelsOf(plain, 'bids').length === 16,
        ({ plain }) => `${levelsOf(plain, 'asks').length} and ${levelsOf(plain, 'bids').length}`,
      );
      return { ...judgement, seen: `${judgement.seen}; first ${firstText(seen)}` };
    }),
    fact('stream', 'coinone.book.asks-worst-first', 'asks worst first, bids best first', (seen) =>
      allOf(
        booksOf(seen),
        ({ plain }) =>
          steady(pricesOf(levelsOf(plain, 'asks')), -1) &&
          steady(pricesOf(levelsOf(plain, 'bids')), -1),
        ({ plain }) =>
          `asks ${pricesOf(levelsOf(plain, 'asks')).slice(0, 2).join(', ')}, bids ${pricesOf(levelsOf(plain, 'bids')).slice(0, 2).join(', ')}`,
      ),
    ),
    fact('stream', 'coinone.book.price-qty', 'plain text without trailing zeros', (seen) =>
      textsAre(
        booksOf(seen)
          .flatMap(({ plain }) => [...levelsOf(plain, 'asks'), ...levelsOf(plain, 'bids')])
          .flatMap((level) => [field(level, 'price'), field(level, 'qty')]),
        DECIMAL,
      ),
    ),
    fact('stream', 'coinone.book.timestamp', 'a number of 13 digits, ms', (seen) =>
      allOf(
        booksOf(seen).map(({ plain }) => field(plain, 'data', 'timestamp')),
        (time) => typeof time === 'number' && /^\d{13}$/.test(String(time)),
        (time) => JSON.stringify(time),
      ),
    ),
    fact('stream', 'coinone.book.id', 'a text of 16 digits', (seen) =>
      textsAre(booksOf(seen).map(idOf), /^\d{16}$/),
    ),
    fact('stream', 'coinone.book.id-2', 'rises from frame to frame of a pair', (seen) => {
      const last = new Map<string, string>();
      let count = 0;
      for (const frame of booksOf(seen)) {
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
    noServerPing('coinone.ws.no-server-ping'),
    fact('all', 'coinone.subscribe.all-363', 'every pair is served on one socket', allServed),
    fact(
      'unknown',
      'coinone.error.invalid-topic',
      'SUBSCRIBED, then ERROR 160012; good pairs are served',
      (seen) =>
        unknownBrings(seen, (others, unknown) => {
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
    fact(
      'unknown',
      'coinone.added.error-160012-names-no-pair',
      'the error names no pair',
      ({ tries }) => {
        const errors = tries
          .flatMap(({ others }) => others)
          .filter(({ plain }) => field(plain, 'response_type') === 'ERROR');
        return allOf(
          errors,
          ({ text }) => !text.toUpperCase().includes('ZZNOPE'),
          ({ text }) => text,
        );
      },
    ),
    fact('unknown', 'coinone.error.unknown-pair', 'REST: 200 with error_code 108', ({ alone }) =>
      alone.failure === null
        ? holds(
            alone.status === 200 && String(field(alone.plain, 'error_code')) === '108',
            answerText(alone),
          )
        : unseen(alone.failure),
    ),
    fact('changes', 'coinone.subscribe.add-up', 'subscriptions add up', (seen) => {
      const { again, lastBefore } = seen;
      const repeats = again.filter(
        (frame) => lastBefore !== null && idOf(frame) === idOf(lastBefore),
      );
      const acks = again.filter(({ plain }) => field(plain, 'response_type') === 'SUBSCRIBED');
      const added = laterSubscription(seen, false);
      return together(
        added,
        holds(
          acks.length === 1 && (lastBefore === null || repeats.length <= 1),
          `the same again: ${acks.length} acknowledgements, the same book ${repeats.length} times`,
        ),
      );
    }),
    fact(
      'changes',
      'coinone.subscribe.unsubscribe',
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
    fact('changes', 'coinone.ws.keepalive', 'PING gets PONG', pingAnswered),
    fact(
      'changes',
      'coinone.error.socket-stays-open',
      'nothing of this ends the socket',
      ({ end }) => holds(end === null, end === null ? 'open' : `closed with ${end.code}`),
    ),
    fact('compared', 'coinone.rest-book.equals-ws', 'REST book = streamed book', comparedEqual),
    ...tradeFacts(
      {
        side: 'coinone.trade-side.taker',
        ids: 'coinone.trade-id.rest-id-form-presumably-id',
        rows: 'coinone.trade-rest.get-public-v2-trades-quote',
      },
      true,
    ),
    fact('idle', 'coinone.ws.idle-60s', 'a mute socket is closed after 60 s, 1006', (seen) =>
      together(endedAfter(seen, 55, 66), endedWith(seen, 1006)),
    ),
  ],
};
