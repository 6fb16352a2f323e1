import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Faults, isObject, type Simulator } from './simulator.js';

/** A running control port. */
export interface Control {
  /** Base URL without trailing slash. */
  readonly url: string;
  close(): Promise<void>;
}

/** A mistake of the caller, answered with status 400 or 404. */
class ControlError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Greatest rate accepted. */
const MAX_RATE = 1000;

/** Longest request body, bytes. */
const MAX_BODY = 1_000_000;

/** Whether a value fits; the texts are what `GET /` and the refusals show. */
const KINDS: Readonly<Record<string, (value: unknown) => boolean>> = {
  boolean: (value) => typeof value === 'boolean',
  number: (value) => typeof value === 'number' && Number.isFinite(value),
  string: (value) => typeof value === 'string',
  status: (value) => value === null || (Number.isInteger(value) && isStatus(value as number)),
  count: (value) => Number.isInteger(value) && (value as number) >= 1,
  'close code': (value) => Number.isInteger(value),
  'null | "hang" | "slow" | {status, body?, headers?}': (value) =>
    value === null || value === 'hang' || value === 'slow' || isAnswer(value),
  '{binary?}': isObject,
  '{status?, headers?, pattern?, replacement?, unnamed?}': isObject,
  '{ignore?, as?, replies?, close?}': isObject,
  'string | null': (value) => value === null || typeof value === 'string',
  '[volume, ...]': (value) =>
    Array.isArray(value) && value.length > 0 && value.every((text) => typeof text === 'string'),
  '[[price, volume], ...]': (value) =>
    Array.isArray(value) &&
    value.every(
      (level) =>
        Array.isArray(level) &&
        level.length === 2 &&
        level.every((text) => typeof text === 'string'),
    ),
};

const ON = ['on: boolean'];
const PAIR = ['pair: string'];

/** Arguments of every call, in order, each with its kind; a `?` after the name: may be left out. */
const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  step: ['pair: string', 'times?: count'],
  setBook: ['pair: string', 'asks: [[price, volume], ...]', 'bids: [[price, volume], ...]'],
  trade: ['pair: string', 'side?: string', 'volumes?: [volume, ...]'],
  burst: ['pair: string', 'count: count'],
  list: PAIR,
  delist: PAIR,
  dropConnections: [],
  closeConnections: ['code: close code', 'reason?: string'],
  refuseUpgrades: ['status: status'],
  rest: ['mode: null | "hang" | "slow" | {status, body?, headers?}'],
  freeze: ON,
  halfOpen: ON,
  garble: ON,
  sendRaw: ['data: string', 'opts?: {binary?}'],
  tearFrame: [],
  changeFrames: ['pattern: string', 'replacement: string'],
  changeReplies: ['path: string', 'change: {status?, headers?, pattern?, replacement?, unnamed?}'],
  onMessage: ['pattern: string', 'rule: {ignore?, as?, replies?, close?}'],
  swapOpcodes: ON,
  ignorePings: ON,
  pingOnOpen: ON,
  greet: ['text: string | null'],
  setTiming: ['name: string', 'ms: number'],
  asUsual: [],
  keepReplaced: ON,
  tradeFault: ['pair: string', 'kind: string', 'n?: count'],
  dropTrades: ['chance: number'],
  forgetTrades: PAIR,
  microsecondTimestamps: ON,
  occurredAt: ['form: string'],
  otherRestIds: ON,
  timestampForm: ['form: string'],
  dust: ON,
  repeats: ['ratio: number'],
  realtimeBeforeSnapshot: ON,
  maintenance: ['pair: string', 'on: boolean'],
  repeatLevels: PAIR,
  outdatedFrame: PAIR,
  dropFrames: ['chance: number'],
  duplicateFrame: PAIR,
  deltaBeforeSnapshot: ON,
  duplicateDelta: [],
  staleDelta: [],
  dropNextDelta: ['n?: count'],
  reorderDeltas: ON,
  crossBook: PAIR,
  missHeartbeats: ON,
};

/** Calls of the simulator itself; all others are its faults. */
const OWN_CALLS = ['step', 'setBook', 'trade', 'burst', 'list', 'delist'] as const;

/** What the control port can do about the rate of the whole market. */
export interface RateControl {
  /** Factor on the frame rates, 0: paused. Setting it throws when the value is wrong. */
  rate: number;
  /** Factor on the trades of each frame, 0: none. Setting it throws when the value is wrong. */
  tradeRate: number;
}

/**
 * A small HTTP port on loopback for operating simulators by hand:
 *
 * - `GET /` lists the exchanges, their URLs and the calls they take;
 * - `POST /{exchange}/{call}` with a JSON array of arguments, e.g. `POST /upbit/freeze` `[true]` or
 *   `POST /gopax/step` `["BTC-KRW", 10]`, answers `{"ok":true}`; a mistake is a 400 or 404 with
 *   `{"error": …}`;
 * - `GET /ledger` gives, by exchange and pair, what went out to WebSocket clients (see
 *   {@link MarketTally}): `{"UPBIT": {"BTC-KRW": {"frames", "changed", "last": {"asks": [[price,
 *   volume], …], "bids", "exchangeTimestamp"}, "trades"}}}`; `GET /ledger?last=false` leaves the
 *   books out; `trades` are the counts of a market whose trades were requested (see
 *   {@link TradeTally});
 * - `GET /ledger/{exchange}/{pair}` gives every trade of a market that is still kept:
 *   `{"trades": […]}` (see {@link SentTrade});
 * - `GET /rate` and `POST /rate` `[1.57]`, when there is a `rateControl`, give and set its rate;
 *   `/trade-rate` does the same for its trades.
 *
 * It has no authentication, so it listens on 127.0.0.1 only.
 */
export async function startControl(
  simulators: readonly Simulator[],
  port = 0,
  rateControl?: RateControl,
): Promise<Control> {
  const server = createServer((request, response) => {
    handle(simulators, request, rateControl).then(
      // The overview is for people; a ledger of the whole market is large.
      (result) => answer(response, 200, result, request.url === '/' ? 2 : 0),
      (error: unknown) => {
        const status = error instanceof ControlError ? error.status : 500;
        const message = error instanceof Error ? error.message : String(error);
        answer(response, status, { error: message });
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(response: ServerResponse, status: number, body: unknown, indent = 0): void {
  response.writeHead(status, { 'Content-Type': 'application/json;charset=UTF-8' });
  response.end(`${JSON.stringify(body, null, indent)}\n`);
}

async function handle(
  simulators: readonly Simulator[],
  request: IncomingMessage,
  rateControl: RateControl | undefined,
): Promise<unknown> {
  const url = new URL(request.url ?? '/', 'http://control');
  const path = url.pathname;
  if (path === '/' && request.method === 'GET') return overview(simulators);
  if (path === '/ledger' && request.method === 'GET') {
    return ledger(simulators, url.searchParams.get('last') !== 'false');
  }
  const market = /^\/ledger\/([^/]+)\/([^/]+)$/.exec(path);
  if (market !== null && request.method === 'GET') {
    return { trades: simulatorOf(simulators, market[1]!).trades.of(market[2]!.toUpperCase()) };
  }
  if (path === '/rate') return rate(rateControl, 'rate', request);
  if (path === '/trade-rate') return rate(rateControl, 'tradeRate', request);
  const match = /^\/([^/]+)\/([^/]+)$/.exec(path);
  if (match === null) {
    throw new ControlError(
      404,
      'unknown path; GET /, GET /ledger, POST /rate, POST /trade-rate or POST /{exchange}/{call}, e.g. POST /upbit/freeze',
    );
  }
  const simulator = simulatorOf(simulators, match[1]!);
  if (request.method !== 'POST') {
    throw new ControlError(
      400,
      `use POST with a JSON array of arguments, not ${request.method ?? ''}`,
    );
  }
  const call = callOf(simulator, match[2]!);
  const args = await readArguments(request);
  checkArguments(match[2]!, args);
  try {
    call(...args);
  } catch (error) {
    throw new ControlError(400, error instanceof Error ? error.message : String(error));
  }
  return { ok: true };
}

function simulatorOf(simulators: readonly Simulator[], name: string): Simulator {
  const simulator = simulators.find(({ exchange }) => exchange === name.toUpperCase());
  if (simulator !== undefined) return simulator;
  const names = simulators.map(({ exchange }) => exchange.toLowerCase()).join(', ');
  throw new ControlError(404, `unknown exchange ${JSON.stringify(name)}; one of: ${names}`);
}

function ledger(simulators: readonly Simulator[], withLast: boolean): unknown {
  const exchanges = simulators.map(({ exchange, tally, trades }) => {
    const books = tally.markets();
    const counts = trades.markets();
    const markets = [...new Set([...books.keys(), ...counts.keys()])].map((pair) => {
      const { last = null, ...frames } = books.get(pair) ?? { frames: 0, changed: 0 };
      const market = { ...frames, trades: counts.get(pair) };
      return [pair, withLast ? { ...market, last } : market];
    });
    return [exchange, Object.fromEntries(markets) as unknown];
  });
  return Object.fromEntries(exchanges) as unknown;
}

/** Returns a rate, or sets it. */
async function rate(
  control: RateControl | undefined,
  name: keyof RateControl,
  request: IncomingMessage,
): Promise<unknown> {
  if (control === undefined) {
    throw new ControlError(404, 'only the full market has one rate; start it with --market full');
  }
  if (request.method === 'GET') return { [name]: control[name] };
  if (request.method !== 'POST') {
    throw new ControlError(400, 'use GET, or POST with a JSON array of one number, e.g. [1.57]');
  }
  const args = await readArguments(request);
  const [wanted] = args;
  if (args.length !== 1 || typeof wanted !== 'number' || !(wanted >= 0 && wanted <= MAX_RATE)) {
    throw new ControlError(400, `${name} takes a JSON array of one number from 0 to ${MAX_RATE}`);
  }
  control[name] = wanted;
  return { [name]: control[name] };
}

type Call = (...args: unknown[]) => void;

/** All calls a simulator takes, by name. */
function callsOf(simulator: Simulator): Map<string, Call> {
  const calls = new Map<string, Call>();
  for (const name of OWN_CALLS) {
    calls.set(name, (simulator[name] as Call).bind(simulator));
  }
  const faults: Faults = simulator.faults;
  for (const [name, fault] of Object.entries(faults)) calls.set(name, fault as Call);
  return calls;
}

function callOf(simulator: Simulator, name: string): Call {
  const calls = callsOf(simulator);
  const call = calls.get(name);
  if (call === undefined) {
    const names = [...calls.keys()].join(', ');
    throw new ControlError(
      400,
      `${simulator.exchange} has no ${JSON.stringify(name)}; one of: ${names}`,
    );
  }
  return call;
}

function checkArguments(name: string, args: readonly unknown[]): void {
  const expected = ARGUMENTS[name] ?? [];
  const wanted = `${name} takes ${signature(name)}`;
  if (args.length > expected.length) throw new ControlError(400, `too many arguments; ${wanted}`);
  expected.forEach((text, i) => {
    const [argument, kind] = text.split(/: (.*)/) as [string, string];
    const missing = args[i] === undefined;
    if (missing && argument.endsWith('?')) return;
    if (missing || !KINDS[kind]!(args[i])) {
      throw new ControlError(400, `${argument} must be ${kind}; ${wanted}`);
    }
  });
}

/** The arguments of a call in words, as a JSON array. */
function signature(name: string): string {
  return `[${(ARGUMENTS[name] ?? []).join(', ')}]`;
}

async function readArguments(request: IncomingMessage): Promise<unknown[]> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BODY) throw new ControlError(400, 'the body is too long');
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8').trim();
  let args: unknown;
  try {
    args = text === '' ? [] : JSON.parse(text);
  } catch {
    throw new ControlError(
      400,
      'the body is not JSON; expected a JSON array of arguments, e.g. [true]',
    );
  }
  if (!Array.isArray(args)) {
    throw new ControlError(400, 'the body must be a JSON array of arguments, e.g. [true]');
  }
  return args as unknown[];
}

function overview(simulators: readonly Simulator[]): unknown {
  const exchanges = simulators.map((simulator) => [
    simulator.exchange.toLowerCase(),
    {
      wsUrl: simulator.wsUrl,
      restUrl: simulator.restUrl,
      pairs: simulator.pairs,
      connections: simulator.connections(),
      calls: Object.fromEntries(
        [...callsOf(simulator).keys()].map((name) => [name, signature(name)]),
      ),
    },
  ]);
  return {
    usage:
      'POST /{exchange}/{call} with a JSON array of arguments; GET /ledger, /ledger/{exchange}/{pair}; GET or POST /rate, /trade-rate',
    exchanges: Object.fromEntries(exchanges) as unknown,
  };
}

function isStatus(value: number): boolean {
  return value >= 200 && value <= 599;
}

function isAnswer(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { status, body } = value as { status?: unknown; body?: unknown };
  return (
    Number.isInteger(status) &&
    isStatus(status as number) &&
    (body === undefined || typeof body === 'string')
  );
}
