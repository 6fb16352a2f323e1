import type { Exchange } from '../../src/market/exchange.js';
import type { BithumbSimulator } from '../../src/simulator/bithumb/server.js';
import type { MessageRule, ReplyChange, Simulator } from '../../src/simulator/simulator.js';
import type { UpbitSimulator } from '../../src/simulator/upbit/server.js';

/** Makes a simulator contradict a fact. @param second ms in a second of the doctor's time */
export type Break = (simulator: Simulator, second: number) => void;

const frames =
  (pattern: string, replacement: string): Break =>
  ({ faults }) =>
    faults.changeFrames(pattern, replacement);
const reply =
  (path: string, change: ReplyChange): Break =>
  ({ faults }) =>
    faults.changeReplies(path, change);
const body = (path: string, pattern: string, replacement: string): Break =>
  reply(path, { pattern, replacement });
const on =
  (pattern: string, rule: MessageRule): Break =>
  ({ faults }) =>
    faults.onMessage(pattern, rule);
const timing =
  (name: string, seconds: number): Break =>
  ({ faults }, second) =>
    faults.setTiming(name, seconds * second);
const swapped: Break = ({ faults }) => faults.swapOpcodes(true);
const noPong: Break = ({ faults }) => faults.ignorePings(true);
const pings: Break = ({ faults }) => faults.pingOnOpen(true);
const greeted: Break = ({ faults }) => faults.greet('{"hello":1}');
const keepReplaced: Break = (simulator) =>
  (simulator as UpbitSimulator | BithumbSimulator).faults.keepReplaced(true);
/** Closes in order what would be dropped. */
const closedInOrder: Break = ({ faults }, second) => {
  setTimeout(() => faults.closeConnections(1001), 10 * second);
};

const FIRST_UNIT = ['"orderbook_units":\\[\\{[^}]*\\},', '"orderbook_units":['] as const;
const FIRST_ASK = ['"asks":\\[\\{[^}]*\\},', '"asks":['] as const;
const LONGER_TIME = ['"timestamp":(\\d+)', '"timestamp":$1000'] as const;
/** The last digits in another order: times fall now and then. */
const SHUFFLED_TIME = ['"timestamp":(\\d{10})(\\d)(\\d)(\\d)', '"timestamp":$1$4$3$2'] as const;
const KORBIT_REFUSAL =
  '{"status":"fail","code":"INVALID_SYMBOL","message":"The symbol does not exist (zznopea_krw)","requestId":1}';

/** The sockets show the wrong side of every trade. */
const wrongSides: Break = ({ faults }) => {
  for (const pair of ['BTC-KRW', 'ETH-KRW', 'XRP-KRW'])
    faults.tradeFault(pair, 'wrongSide', 1_000_000);
};
const otherRestIds = (path: string, key: string): Break => body(path, `"${key}":`, `"${key}":1`);
const otherDay = (path: string, key: string): Break => body(path, `"${key}":"20`, `"${key}":"19`);

/** What Upbit's and Bithumb's books have in common. */
const TICKET = {
  levels: frames(...FIRST_UNIT),
  totals: frames('"total_ask_size":', '"total_ask_size":1'),
  anotherKey: frames('"level":(\\d)', '"level":$1,"seq":7'),
  acknowledged: on('orderbook', { replies: ['{"status":"OK"}'] }),
  oneCodeUnserved: frames('"code":"KRW-XRP"', '"code":"KRW-OLD"'),
  refusesUnknown: on('ZZNOPE', {
    ignore: true,
    replies: ['{"error":{"name":"INVALID_PARAM","message":"no"}}'],
    close: 1000,
  }),
  restDiffers: body('/v1/orderbook', '"ask_size":', '"ask_size":1'),
  batchRefused: reply('/v1/orderbook', {
    status: 400,
    pattern: '^.*$',
    replacement: '{"error":{"name":"400","message":"too many"}}',
  }),
} as const;

/** One switch for each fact of each exchange; see the simulators' `faults`. */
export const BREAKS: Readonly<Record<Exchange, Readonly<Record<string, Break>>>> = {
  UPBIT: {
    'upbit.endpoint.rest-base': reply('/v1/market', { status: 403 }),
    'upbit.endpoint.ws-public': reply('/websocket/v1', { status: 403 }),
    'upbit.ws.remaining-req': reply('/v1/market', { headers: { 'Remaining-Req': 'sec=9' } }),
    'upbit.ws.connects-5-per-second': reply('/websocket/v1', { headers: { 'Remaining-Req': '' } }),
    'upbit.market-list.shape': body('/v1/market', '"korean_name"', '"name_ko"'),
    'upbit.endpoint.symbols-quote-base-upper-case': body('/v1/market', 'KRW-BTC', 'krw-btc'),
    'upbit.rest-book.count-1-30-default-30': body('/v1/orderbook', ...FIRST_UNIT),
    'upbit.rest-book.key-order-rest-unit-bid': body(
      '/v1/orderbook',
      '"bid_price":([^,]*),"bid_size":([^,]*)',
      '"bid_size":$2,"bid_price":$1',
    ),
    'upbit.rest-book.rest-prices-plain-integers': body(
      '/v1/orderbook',
      '"ask_price":([\\d.]+)',
      '"ask_price":$1E0',
    ),
    'upbit.rest-book.timestamp-last-change': body('/v1/orderbook', ...LONGER_TIME),
    'upbit.rest-book.markets-comma-separated-required': TICKET.batchRefused,
    'upbit.rest-book.body-array-request-order-real': body('/v1/orderbook', 'KRW-ETH', 'KRW-ZZZ'),
    'upbit.book.binary-frames': swapped,
    'upbit.subscribe.no-acknowledgement': TICKET.acknowledged,
    'upbit.format.default-keys': TICKET.anotherKey,
    'upbit.book.whole-book': frames('SNAPSHOT', 'REALTIME'),
    'upbit.book.levels-30': TICKET.levels,
    'upbit.book.totals': TICKET.totals,
    'upbit.spelling.prices-default': frames('"ask_price":([\\d.]+)E(\\d)', '"ask_price":1$1E$2'),
    'upbit.spelling.sizes-default': frames('"ask_size":([\\d.]+)', '"ask_size":$1000000000'),
    'upbit.spelling.timestamp-tms': ({ faults }) =>
      (faults as UpbitSimulator['faults']).microsecondTimestamps(true),
    'upbit.timing.never-backwards': frames(...SHUFFLED_TIME),
    'upbit.ws.no-server-ping': pings,
    'upbit.subscribe.many-codes': TICKET.oneCodeUnserved,
    'upbit.error.unknown-code-silent': TICKET.refusesUnknown,
    'upbit.error.unknown-market-alone-batch': reply('/v1/orderbook?markets=KRW-ZZNOPEA', {
      status: 200,
    }),
    'upbit.rest-book.unknown-code-fails-batch': reply('/v1/orderbook?markets=KRW-BTC,KRW-ZZNOPEA', {
      status: 200,
    }),
    'upbit.subscribe.replaces': keepReplaced,
    'upbit.ws.keepalive': noPong,
    'upbit.rest-book.equals-ws': TICKET.restDiffers,
    'upbit.trade-side.taker': wrongSides,
    'upbit.trade-rest.rest-id-ws-id': otherRestIds('/v1/trades', 'sequential_id'),
    'upbit.trade-rest.row-market-trade-date-utc': otherDay('/v1/trades', 'trade_date_utc'),
    'upbit.ws.idle-60s': timing('idleDropMs', 30),
    'upbit.ws.how-idle-close-looks': closedInOrder,
  },
  BITHUMB: {
    'bithumb.endpoint.rest-base-both-generations': reply('/v1/market', { status: 403 }),
    'bithumb.endpoint.ws-public-gen-2': reply('/websocket/v1', { status: 403 }),
    'bithumb.ws.rest-150-per-second': reply('/v1/market', {
      headers: { 'x-ratelimit-replenish-rate': '10' },
    }),
    'bithumb.market-list.shape': body('/v1/market', '"NONE"', '"STOP"'),
    'bithumb.endpoint.symbols-gen-2-krw-btc': body('/v1/market', 'KRW-BTC', 'KRW_BTC'),
    'bithumb.rest-book.levels-30-or-15': body('/v1/orderbook', ...FIRST_UNIT),
    'bithumb.added.not-proven-200-markets-call': TICKET.batchRefused,
    'bithumb.rest-book.timestamp-ms': body('/v1/orderbook', ...LONGER_TIME),
    'bithumb.book.binary-frames': swapped,
    'bithumb.subscribe.no-acknowledgement': TICKET.acknowledged,
    'bithumb.book.default-keys': TICKET.anotherKey,
    'bithumb.book.whole-book': frames('SNAPSHOT', 'REALTIME'),
    'bithumb.book.levels-15': TICKET.levels,
    'bithumb.book.totals-sum-levels-frame-official': TICKET.totals,
    'bithumb.book.json-number-16-digits-microseconds': ({ faults }) =>
      (faults as BithumbSimulator['faults']).timestampForm('ms'),
    'bithumb.book.numbers': frames('"ask_size":(\\d+)\\.(\\d+)', '"ask_size":$1.$20001'),
    'bithumb.book.timing': frames(...SHUFFLED_TIME),
    'bithumb.ws.no-server-ping': pings,
    'bithumb.subscribe.several-pairs-list-them-all': TICKET.oneCodeUnserved,
    'bithumb.error.unknown-code-silent': TICKET.refusesUnknown,
    'bithumb.error.unknown-market-alone-batch': reply('/v1/orderbook', { status: 404 }),
    'bithumb.subscribe.replaces': keepReplaced,
    'bithumb.ws.keepalive': noPong,
    'bithumb.rest-book.equals-ws': TICKET.restDiffers,
    'bithumb.trade-side.taker': wrongSides,
    'bithumb.trade-id.two-ids': frames(
      '"trade_timestamp":(\\d+)(.*)"sequential_id":\\d+',
      '"trade_timestamp":$1$2"sequential_id":$10000',
    ),
    'bithumb.trade-rest.row-market-trade-date-utc': otherDay('/v1/trades', 'trade_date_utc'),
    'bithumb.ws.idle-60s': timing('idleDropMs', 30),
    'bithumb.ws.form-idle-close': closedInOrder,
  },
  COINONE: {
    'coinone.endpoint.rest-base': reply('/public/v2/markets', { status: 403 }),
    'coinone.endpoint.ws-public': reply('/', { status: 403 }),
    'coinone.ws.rest-1200-per-minute': reply('/public/v2/markets', {
      headers: { 'public-ratelimit-replenish-rate': '5' },
    }),
    'coinone.market-list.shape': body('/public/v2/markets', '"price_unit"', '"tick"'),
    'coinone.market-list.trade-status': body(
      '/public/v2/markets',
      '"trade_status":1',
      '"trade_status":9',
    ),
    'coinone.trap.only-16-levels-both-ws': body('/public/v2/orderbook', ...FIRST_ASK),
    'coinone.rest-book.rest-bids-descending-asks': body(
      '/public/v2/orderbook',
      '"asks":\\[\\{"price":"',
      '"asks":[{"price":"9',
    ),
    'coinone.rest-book.one-market-per-call': body(
      '/public/v2/orderbook',
      '"order_book_unit"',
      '"unit"',
    ),
    'coinone.rest-book.timestamp-last-change-book-ms': body('/public/v2/orderbook', ...LONGER_TIME),
    'coinone.subscribe.connected': frames('"CONNECTED"', '"HELLO"'),
    'coinone.subscribe.acknowledgement': frames('"SUBSCRIBED"', '"OK"'),
    'coinone.book.text-frames': swapped,
    'coinone.book.key-order-response-type-channel': frames(
      '"channel":"ORDERBOOK","data":\\{"quote_currency":"KRW"',
      '"channel":"ORDERBOOK","v":2,"data":{"quote_currency":"KRW"',
    ),
    'coinone.book.whole-book': frames(...FIRST_ASK),
    'coinone.book.asks-worst-first': frames('"asks":\\[\\{"price":"', '"asks":[{"price":"0.0'),
    'coinone.book.price-qty': frames('"price":"(\\d+)"', '"price":"$1.0"'),
    'coinone.book.timestamp': frames('"timestamp":(\\d+)', '"timestamp":"$1"'),
    'coinone.book.id': frames('"id":"', '"id":"9'),
    'coinone.book.id-2': frames('"id":"(\\d{10})(\\d)(\\d)(\\d)', '"id":"$1$4$3$2'),
    'coinone.ws.no-server-ping': pings,
    'coinone.subscribe.all-363': frames('"target_currency":"XRP"', '"target_currency":"OLD"'),
    'coinone.error.invalid-topic': frames('160012', '160099'),
    'coinone.added.error-160012-names-no-pair': frames('"Invalid Topic"', '"Invalid ZZNOPEA"'),
    'coinone.error.unknown-pair': body('/public/v2/orderbook/KRW/ZZNOPEA', '108', '109'),
    'coinone.subscribe.add-up': on('"SUBSCRIBE"', {
      replies: ['{"response_type":"SUBSCRIBED","channel":"ORDERBOOK","data":{}}'],
    }),
    'coinone.subscribe.unsubscribe': on('UNSUBSCRIBE', { ignore: true }),
    'coinone.ws.keepalive': frames('"PONG"', '"OK"'),
    'coinone.error.socket-stays-open': on('UNSUBSCRIBE', { close: 1000 }),
    'coinone.rest-book.equals-ws': body('/public/v2/orderbook', '"qty":"', '"qty":"1'),
    'coinone.trade-side.taker': wrongSides,
    'coinone.trade-id.rest-id-form-presumably-id': body('/public/v2/trades', '"id":"', '"id":"1'),
    'coinone.trade-rest.get-public-v2-trades-quote': body('/public/v2/trades', '"qty"', '"size"'),
    'coinone.ws.idle-60s': timing('muteDropMs', 30),
  },
  KORBIT: {
    'korbit.endpoint.rest': reply('/v2/currencyPairs', { status: 403 }),
    'korbit.added.no-user-agent-no-permessage': reply('/v2', { status: 403, unnamed: true }),
    'korbit.endpoint.ws-public': reply('/v2/public', { status: 403 }),
    'korbit.limit.public-50-per-second': reply('/v2/currencyPairs', {
      headers: { 'Ratelimit-Policy': '10;w=1' },
    }),
    'korbit.market-list.shape': body('/v2/currencyPairs', '"baseCurrency"', '"base"'),
    'korbit.market-list.status': body('/v2/currencyPairs', '"stopped"', '"paused"'),
    'korbit.rest-book.shape': body('/v2/orderbook', ...LONGER_TIME),
    'korbit.rest-book.levels-30': body('/v2/orderbook', ...FIRST_ASK),
    'korbit.connect.nothing-sent-server-open-no': greeted,
    'korbit.connect.all-data-control-messages-text': swapped,
    'korbit.answer.success-silent': frames('"requestId":1', '"requestId":2'),
    'korbit.book.key-order-wire-symbol-timestamp': frames(
      '"type":"orderbook"',
      '"type":"orderbook","v":2',
    ),
    'korbit.book.snapshot': frames('"snapshot":true,', ''),
    'korbit.book.timestamp': frames('_krw","timestamp":(\\d+)', '_krw","timestamp":$1000'),
    'korbit.book.data-timestamp': frames(
      '"data":\\{"timestamp":(\\d+)',
      '"data":{"timestamp":$1000',
    ),
    'korbit.book.data-asks': frames('"asks":\\[\\{"price":"', '"asks":[{"price":"9'),
    'korbit.book.data-bids': frames('"bids":\\[\\{"price":"', '"bids":[{"price":"0.'),
    'korbit.book.asks-price-bids-price': frames('"price":"([\\d.]+)"', '"price":$1'),
    'korbit.book.asks-qty-bids-qty': frames('"qty":"([\\d.]+)"', '"qty":$1'),
    'korbit.book.levels-30': frames(...FIRST_ASK),
    'korbit.connect.socket-can-carry-every-pair': frames('"xrp_krw"', '"old_krw"'),
    'korbit.answer.one-bad-symbol': on('zznopea', {
      as: '[{"method":"subscribe","type":"orderbook","symbols":["btc_krw","eth_krw"]}]',
      replies: [KORBIT_REFUSAL],
    }),
    'korbit.answer.invalid-symbol': frames('\\(zznopea_krw\\)', 'zznopea'),
    'korbit.added.not-proven-failure-text-more': on('zznopeb', { replies: [KORBIT_REFUSAL] }),
    'korbit.limit.unknown-upper-case-symbol': reply('/v2/orderbook?symbol=zznopea_krw', {
      status: 404,
    }),
    'korbit.answer.subscription-again': frames('"success"', '"fail"'),
    'korbit.request.unsubscribe': on('unsubscribe', { ignore: true }),
    'korbit.ws.client-ping': noPong,
    'korbit.answer.socket-stays-open': on('unsubscribe', { close: 1000 }),
    'korbit.book.rest-socket-agree-four-four': body('/v2/orderbook', '"qty":"', '"qty":"1'),
    'korbit.trade-side.taker': wrongSides,
    'korbit.trade-rest.rest-id-ws-id-assumed': otherRestIds('/v2/trades', 'tradeId'),
    'korbit.trade-rest.get-v2-trades-symbol-btc': body('/v2/trades', '"qty"', '"q"'),
    'korbit.ws.server-ping-30s': timing('pingMs', 10),
    'korbit.connect.plain-websocket-upgrade-path-v2': timing('idleDropMs', 20),
  },
  GOPAX: {
    'gopax.rest.base-https-api-gopax-co': reply('/trading-pairs', { status: 403 }),
    'gopax.connect.url-wss-wsapi-gopax-co': reply('/', { status: 403 }),
    'gopax.limit.book-1-per-second': reply('/trading-pairs', {
      headers: { 'x-gopax-ip-addr-left-weight': '' },
    }),
    'gopax.market-list.shape': body('/trading-pairs', '"priceMin"', '"min"'),
    'gopax.market-list.bare-array-no-status-field': body(
      '/trading-pairs',
      '^\\[(.*)\\]$',
      '{"pairs":[$1]}',
    ),
    'gopax.rest-book.shape': body('/trading-pairs/', '"sequence"', '"seq"'),
    'gopax.rest-book.levels': body('/trading-pairs/', '"ask":\\[\\["(\\d+)",', '"ask":[["$1",9'),
    'gopax.connect.nothing-sent-open': greeted,
    'gopax.connect.text-frames-only-json-no': swapped,
    'gopax.envelope.three-keys': frames('"n":', '"v":1,"n":'),
    'gopax.envelope.i': frames('"i":-1', '"i":0'),
    'gopax.snapshot.shape': frames('"maxEntryId":', '"seq":1,"maxEntryId":'),
    'gopax.snapshot.o-ask-o-bid': frames(
      '"ask":\\[\\{"entryId":(\\d+),"price":',
      '"ask":[{"entryId":$1,"price":9',
    ),
    'gopax.snapshot.entryid': frames('"entryId":(\\d+)', '"entryId":"$1"'),
    'gopax.snapshot.o-maxentryid': frames('"maxEntryId":\\d+', '"maxEntryId":1'),
    'gopax.snapshot.updatedat': frames('"updatedAt":([\\d.]+)', '"updatedAt":$1e3'),
    'gopax.snapshot.price': frames('"price":([\\d.]+)', '"price":"$1"'),
    'gopax.snapshot.volume': frames('"volume":([\\d.]+)', '"volume":"$1"'),
    'gopax.delta.both-arrays': frames('"ask":\\[\\],', ''),
    'gopax.subscribe.50-requests-sent-burst-all': frames('"XRP-KRW"', '"OLD-KRW"'),
    'gopax.error.unknown-asset': frames('10058', '10099'),
    'gopax.error.shape': frames('"errData"', '"data"'),
    'gopax.limit.trading-pairs-nope-krw-book': reply('/trading-pairs/ZZNOPEA', { status: 400 }),
    'gopax.error.already-subscribed': frames('10325', '10001'),
    'gopax.envelope.no-unsubscribe': on('Subscribe', { close: 1000 }),
    'gopax.book.max-entry-id': body('/trading-pairs/', ',([\\d.]+),"', ',1$1,"'),
    'gopax.trade-side.taker': wrongSides,
    'gopax.trade-id.ws-tradeid-rest-id-presumed': otherRestIds('/trading-pairs/', 'id'),
    'gopax.trade-rest.time-utc-000-always-real': otherDay('/trading-pairs/', 'time'),
    'gopax.ws.ping-text': frames('primus::ping', 'primus::beat'),
    'gopax.ws.interval-30s': timing('heartbeatMs', 10),
    'gopax.ws.no-pong-close-1000': timing('pongTimeoutMs', 10),
    'gopax.ws.pong-echo': on('primus::pong', { ignore: true }),
  },
};
