import type * as PairPast from '../../src/dashboard/data/pair-past.js';
import type * as Tapes from '../../src/dashboard/data/tape.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';

const T0 = Date.UTC(2026, 8, 1);
const PAIR = { symbol: 'BTC', currency: 'KRW' };
const MARKET = { exchange: 'UPBIT', ...PAIR } as const;
/** After so long, ms, the page has asked the store for the last time. */
const SETTLED = 12_000;

interface Sent {
  readonly id: string;
  readonly type: string;
  readonly payload: { readonly query: string };
}

/** The page's one connection, which the test opens and speaks for. */
class Socket {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSING = 2;
  static readonly CLOSED = 3;
  static last: Socket;
  readyState = Socket.OPEN;
  readonly sent: Sent[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: string }) => void) | null = null;

  constructor() {
    Socket.last = this;
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Sent);
  }

  close(): void {
    this.readyState = Socket.CLOSED;
  }

  say(message: object): void {
    this.onmessage!({ data: JSON.stringify(message) });
  }
}

const trade = (sequence: number) => ({
  exchange: 'UPBIT' as const,
  sequence: String(sequence),
  timestamp: new Date().toISOString(),
  exchangeTimestamp: null,
  side: 'BUY' as const,
  price: '100000000',
  volume: '0.1',
});

/** What the server has stored, in order of time. */
let stored: ReturnType<typeof trade>[] = [];
/** How many pages of them were asked for. */
let asked = 0;

/** The server's answer to one question. */
function answer(query: string, variables: { readonly after: string | null }): object {
  if (!query.includes('TapePast')) return { series: [] };
  asked++;
  const from = Number(variables.after ?? 0);
  const page = stored.slice(from, from + 200);
  const end = from + page.length;
  return {
    trades: {
      edges: page.map((node) => ({ node })),
      pageInfo: { hasNextPage: end < stored.length, endCursor: String(end) },
    },
  };
}

const GLOBALS = [
  'WebSocket',
  'document',
  'fetch',
  'location',
  'matchMedia',
  'navigator',
  'requestAnimationFrame',
] as const;
const usual = GLOBALS.map((name) => Object.getOwnPropertyDescriptor(globalThis, name));
const give = (name: string, value: unknown): void =>
  void Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });

let tapes: typeof Tapes;
let pairPast: typeof PairPast;

beforeAll(async () => {
  jest.useFakeTimers({ now: T0 });
  give('WebSocket', Socket);
  give('location', { href: 'http://127.0.0.1/' });
  give('requestAnimationFrame', (draw: () => void) => setTimeout(draw, 16));
  give('fetch', async (_path: string, { body }: { readonly body: string }) => {
    const { query, variables } = JSON.parse(body) as { query: string; variables: never };
    return { json: async () => ({ data: answer(query, variables) }) };
  });
  // What the page's settings ask of a browser when they are loaded.
  give('navigator', { languages: ['en'] });
  give('matchMedia', () => ({ matches: false, addEventListener: () => undefined }));
  const style = { setProperty: () => undefined };
  give('document', { documentElement: { dataset: {}, style } });
  tapes = await import('../../src/dashboard/data/tape.js');
  pairPast = await import('../../src/dashboard/data/pair-past.js');
  const { exchangeFaces } = await import('../../src/dashboard/data/exchanges.js');
  const { keyOf, markets } = await import('../../src/dashboard/data/markets.js');
  const color = { light: '', dark: '' };
  exchangeFaces.value = [{ exchange: 'UPBIT', name: '', koreanName: '', order: 0, color } as never];
  markets.set(keyOf(MARKET), { state: 'LIVE' } as never);
});

afterAll(() => {
  GLOBALS.forEach((name, i) => {
    if (usual[i] === undefined) Reflect.deleteProperty(globalThis, name);
    else Object.defineProperty(globalThis, name, usual[i]);
  });
  jest.useRealTimers();
});

beforeEach(() => {
  stored = [];
  asked = 0;
});

/** Opens a tape as the page does. */
function open() {
  const tape = new tapes.Tape(PAIR);
  const leave = pairPast.loadPairPast({ prepend: () => undefined } as never, tape, PAIR);
  return {
    shown: () => tape.trades.value.map(({ sequence }) => Number(sequence)),
    close: () => {
      leave();
      tape.close();
    },
  };
}

describe('the tape of a page', () => {
  it('has a trade that came after the answer of the store and before the stream stood', async () => {
    stored.push(trade(1));
    const { shown, close } = open();
    await jest.advanceTimersByTimeAsync(100);
    expect(shown()).toEqual([1]);
    // The connection does not stand yet: it comes to the store alone.
    stored.push(trade(2));
    await jest.advanceTimersByTimeAsync(1_000);
    Socket.last.onopen!();
    Socket.last.say({ type: 'connection_ack' });
    await jest.advanceTimersByTimeAsync(100);
    const { id } = Socket.last.sent.find(({ type }) => type === 'subscribe')!;
    const live = trade(3);
    Socket.last.say({ id, type: 'next', payload: { data: { trades: live } } });
    stored.push(live);
    await jest.advanceTimersByTimeAsync(SETTLED);
    expect(shown()).toEqual([3, 2, 1]);
    close();
  });

  it('has the newest trades of a minute that has more than a page of them', async () => {
    for (let i = 1; i <= 450; i++) stored.push(trade(i));
    const { shown, close } = open();
    await jest.advanceTimersByTimeAsync(100);
    expect(shown()).toEqual(Array.from({ length: 30 }, (_, i) => 450 - i));
    close();
  });

  it('begins with what comes live after a minute of more trades than can be asked for', async () => {
    stored = Array.from({ length: 20_000 }, (_, i) => trade(i));
    const { shown, close } = open();
    await jest.advanceTimersByTimeAsync(100);
    expect(asked).toBeLessThan(50);
    expect(shown()).toEqual([]);
    close();
  });

  it('asks for no further page once it is closed', async () => {
    stored = Array.from({ length: 4_000 }, (_, i) => trade(i));
    open().close();
    await jest.advanceTimersByTimeAsync(SETTLED);
    expect(asked).toBe(1);
  });
});
