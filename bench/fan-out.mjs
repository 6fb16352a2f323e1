/**
 * CPU of the server per delivery of a book of 30 levels a side to many readers, against limits of the
 * same run: a raw `ws` broadcast of the same bytes, the same server without sharing, plain graphql-ws
 * over graphql-js, and graphql-js alone. The readers are in a separate process. The loop is closed: a
 * book is published once all readers have the one three before it.
 */
import { fork } from 'node:child_process';
import { EventEmitter, on } from 'node:events';
import { createServer } from 'node:http';
import { execute, parse, subscribe } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { schema } from '../dist/api/schema/index.js';
import { createApi } from '../dist/api/server.js';
import { Bus } from '../dist/bus.js';
import { idleRecorder } from './idle-recorder.mjs';
import { sized } from './sizes.mjs';

const READERS = Number(process.env.READERS ?? sized(500, 4));
const EVENTS = Number(process.env.EVENTS ?? sized(120, 5));
const ROUNDS = Number(process.env.ROUNDS ?? sized(3, 1));
/** For those that execute each event for every reader: ten events take about a second of CPU. */
const COSTLY_EVENTS = Math.ceil(EVENTS / 5);
const DIFFERENT = sized(100, 3);
/**
 * For different readers: each has its own compiled document, whose first events include the
 * compilation.
 */
const DIFFERENT_EVENTS = EVENTS * 12;
const WINDOW = 3;

const LEVELS = 'asks { price volume } bids { price volume }';
const QUERY = `subscription { orderbook(exchange: UPBIT) { exchange symbol currency timestamp sequence ${LEVELS} } }`;
/** The same result, but different texts. */
const different = (i) => QUERY.replace('orderbook(', `r${String(i).padStart(3, '0')}: orderbook(`);
const equal = (count) => Array.from({ length: count }, () => QUERY);

const MARKETS = ['BTC', 'ETH', 'XRP'].map((symbol) => ({
  exchange: 'UPBIT',
  symbol,
  currency: 'KRW',
}));
let sequence = 1_000_000_000;

/** A book whose text always has the same length. */
function makeBook() {
  sequence++;
  const side = (base) =>
    Array.from({ length: 30 }, (_, i) => [
      String(base + i * 1000),
      `0.${String(sequence + i).slice(2)}1`,
    ]);
  return {
    market: MARKETS[sequence % MARKETS.length],
    timestamp: 1_790_000_000_000 + (sequence % 1000),
    exchangeTimestamp: null,
    sequence,
    asks: side(160_000_000),
    bids: side(150_000_000),
  };
}

const publish = (bus) => {
  const book = makeBook();
  bus.publishBook({ book, changes: book, previous: null, afterGap: false });
};

/** The readers' process. */
class Readers {
  #child = fork(new URL('fan-out-client.mjs', import.meta.url).pathname);
  #waiting = new Map();
  /** Called with the number of events that all readers have had. */
  onEvents = () => {};

  constructor() {
    this.#child.on('message', (message) => {
      if (message.events !== undefined) this.onEvents(message.events);
      for (const [key, value] of Object.entries(message)) {
        this.#waiting.get(key)?.(value);
        this.#waiting.delete(key);
      }
    });
  }

  #ask(message, key) {
    return new Promise((resolve) => {
      this.#waiting.set(key, resolve);
      this.#child.send(message);
    });
  }

  open(kind, port, queries) {
    return this.#ask({ open: { kind, port, queries } }, 'opened');
  }
  count() {
    return this.#ask({ count: true }, 'counted');
  }
  step(bytes) {
    return this.#ask({ step: bytes }, 'stepping');
  }
  close() {
    this.#child.send({ close: true });
  }

  /** Bytes received once nothing more comes. */
  async settled() {
    for (let before = -1; ;) {
      const now = await this.count();
      if (now === before) return now;
      before = now;
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
  }
}

/** CPU per delivery, µs: `send` sends one event to all `queries.length` readers. */
async function measure(kind, port, queries, send, events = EVENTS) {
  const readers = new Readers();
  await readers.open(kind, port, queries);
  await readers.settled();
  for (let i = 0; i < 2 * WINDOW; i++) {
    send();
    await readers.settled();
  }
  const before = await readers.settled();
  for (let i = 0; i < WINDOW; i++) send();
  const bytes = ((await readers.settled()) - before) / WINDOW / queries.length;
  await readers.step(bytes);
  let sent = 0;
  const used = await new Promise((resolve) => {
    const cpu = process.cpuUsage();
    readers.onEvents = (done) => {
      if (done === events) return resolve(process.cpuUsage(cpu));
      while (sent < events && sent - done < WINDOW) {
        sent++;
        send();
      }
    };
    readers.onEvents(0);
  });
  readers.close();
  return (used.user + used.system) / events / queries.length;
}

/** The API over its own bus. */
async function ours(kind, queries, shareSubscriptions = true, sharedEvents = EVENTS) {
  const bus = new Bus();
  const state = () => ({ newest: bus.lastSequence, settled: bus.lastSequence });
  const recorder = await idleRecorder(bus);
  const api = createApi({
    ...recorder.parts,
    sequences: state,
    shareSubscriptions,
    closeGraceMs: 100,
  });
  const { url } = await api.listen();
  const { port } = new URL(url);
  const events = shareSubscriptions ? sharedEvents : COSTLY_EVENTS;
  const result = await measure(kind, Number(port), queries, () => publish(bus), events);
  await api.close();
  await recorder.close();
  return result;
}

/** An HTTP server with a WebSocket server on it. */
async function withWebSockets(work) {
  const http = createServer();
  const wss = new WebSocketServer({ server: http, handleProtocols: () => 'graphql-transport-ws' });
  await new Promise((resolve) => http.listen(0, '127.0.0.1', resolve));
  const result = await work(wss, http.address().port);
  for (const client of wss.clients) client.terminate();
  wss.close();
  await new Promise((resolve) => http.close(resolve));
  return result;
}

const DOCUMENT = parse(QUERY);
const root = (book) => ({ value: book, skipped: 0, gapBefore: null });
const render = (book) =>
  JSON.stringify(execute({ schema, document: DOCUMENT, rootValue: root(book) }));

/** Every book that is published, as graphql-js reads it. */
async function* published(bus) {
  const emitter = new EventEmitter();
  const stop = bus.books.on(({ book }) => emitter.emit('book', root(book)));
  try {
    for await (const [delivery] of on(emitter, 'book')) yield delivery;
  } finally {
    stop();
  }
}

/** The minimum: the bytes of a message, broadcast by `ws`. */
const raw = () =>
  withWebSockets((wss, port) => {
    const id = '00000000-0000-4000-8000-000000000000';
    const message = Buffer.from(`{"id":"${id}","type":"next","payload":${render(makeBook())}}`);
    return measure('raw', port, equal(READERS), () => {
      makeBook();
      for (const client of wss.clients) client.send(message, { binary: false });
    });
  });

/** graphql-ws as it comes, with graphql-js and the same schema except for the source of the books. */
const plain = () =>
  withWebSockets(async (wss, port) => {
    const bus = new Bus();
    const field = schema.getSubscriptionType().getFields().orderbook;
    const own = field.subscribe;
    field.subscribe = () => published(bus);
    useServer({ schema, execute, subscribe, context: {} }, wss);
    try {
      return await measure('ws', port, equal(READERS), () => publish(bus), COSTLY_EVENTS);
    } finally {
      field.subscribe = own;
    }
  });

/** graphql-js alone: each book executed and turned into text once per reader. */
function alone() {
  for (let i = 0; i < sized(2000, 10); i++) render(makeBook());
  const cpu = process.cpuUsage();
  const times = EVENTS * 20;
  for (let i = 0; i < times; i++) render(makeBook());
  const used = process.cpuUsage(cpu);
  return (used.user + used.system) / times;
}

const variants = {
  raw,
  sse: () => ours('sse', equal(READERS)),
  ws: () => ours('ws', equal(READERS)),
  unshared: () => ours('ws', equal(READERS), false),
  unsharedSse: () => ours('sse', equal(READERS), false),
  plain,
  different: () =>
    ours(
      'ws',
      Array.from({ length: DIFFERENT }, (_, i) => different(i)),
      true,
      DIFFERENT_EVENTS,
    ),
  alone: async () => alone(),
};
const only = process.env.ONLY?.split(',');
const names = Object.keys(variants).filter((name) => only === undefined || only.includes(name));
const rounds = [];
for (let round = 0; round < ROUNDS; round++) {
  const result = {};
  for (const name of names) {
    result[name] = await variants[name]();
    if (process.env.VERBOSE) console.error(round, name, result[name].toFixed(1));
  }
  rounds.push(result);
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const cost = (name) => median(rounds.map((round) => round[name])).toFixed(1);
const ratio = (a, b) =>
  `${median(rounds.map((round) => round[a] / round[b])).toFixed(2)} (${rounds.map((round) => (round[a] / round[b]).toFixed(2)).join(' ')})`;
const line = (what, name, limit, over) => {
  if (!names.includes(name) || !names.includes(over)) return;
  console.log(
    `fan-out: ${what}: ${cost(name)} µs CPU a delivery; ${limit} ${cost(over)} µs; ratio ${ratio(name, over)}`,
  );
};
line(`${READERS} equal SSE readers`, 'sse', 'raw ws broadcast', 'raw');
line(`${READERS} equal graphql-ws readers`, 'ws', 'raw ws broadcast', 'raw');
line(`${READERS} equal SSE readers, sharing off`, 'unsharedSse', 'shared', 'sse');
line(`${READERS} equal graphql-ws readers, sharing off`, 'unshared', 'shared', 'ws');
line(`${READERS} equal readers of plain graphql-ws`, 'plain', 'ours', 'ws');
line(
  `${DIFFERENT} different readers`,
  'different',
  'graphql-js execute + stringify alone',
  'alone',
);
