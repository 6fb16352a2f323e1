import { afterEach, describe, expect, it } from '@jest/globals';
import type { Feed } from '../../src/collector/feed.js';
import { LimitBoard } from '../../src/collector/limits/limit-board.js';
import { namesIn } from '../../src/collector/exchanges/korbit/requests.js';
import { feedOf, pair } from '../helpers/feed.js';
import { type FrameServer, frameServer } from '../helpers/frame-server.js';
import type { RecordingHost } from '../helpers/recording-host.js';
import { until } from '../helpers/wait.js';

type Refusal = { code: string; message: string } | null;

const CODES = Array.from({ length: 40 }, (_, i) => `C${i}-KRW`);
const BAD = ['C7-KRW', 'C30-KRW'];
const symbols = (codes: string[]): string[] => codes.map((c) => c.replace('-', '_').toLowerCase());

describe('A Korbit server that refuses whole requests', () => {
  let server: FrameServer;
  let feed: Feed;
  let host: RecordingHost;
  let accepted: Set<string>;
  let limits: LimitBoard;

  /** Answers each request by `judge`, until `done`. */
  async function serve(
    judge: (asked: string[]) => Refusal,
    done: () => boolean,
    codes = CODES,
  ): Promise<void> {
    server = await frameServer();
    accepted = new Set();
    limits = new LimitBoard();
    ({ feed, host } = feedOf('KORBIT', { wsUrl: server.url }, { limits }));
    feed.add(codes.map(pair));
    let answered = 0;
    await until(() => {
      for (; answered < server.received.length; answered++) {
        const [request] = JSON.parse(server.received[answered]!) as [
          { requestId: number; symbols: string[] },
        ];
        const refusal = judge(request.symbols);
        const { requestId } = request;
        if (refusal === null) for (const symbol of request.symbols) accepted.add(symbol);
        server.send(
          JSON.stringify(
            refusal === null
              ? { status: 'success', requestId }
              : { status: 'fail', ...refusal, requestId },
          ),
        );
      }
      return done();
    }, 'the answers');
  }

  afterEach(async () => {
    await feed.close();
    await server.close();
  });

  const badOf = (asked: string[]): string[] => asked.filter((s) => symbols(BAD).includes(s));
  const refusedBoth = (): boolean => host.refusals.length === 2 && accepted.size === 38;

  it.each<[string, string, (bad: string[]) => string]>([
    ['one bracket', 'INVALID_SYMBOL', (b) => `The symbols do not exist (${b.join(', ')})`],
    [
      'quotes',
      'BAD_PAIR',
      (b) => `unknown: ${b.map((s) => `"${s.toUpperCase()}"`).join(' and ')}.`,
    ],
    ['no name', 'INVALID_SYMBOL', () => 'invalid_symbols'],
    ['no name and another code', 'INVALID_REQUEST', () => '잘못된 요청'],
  ])('and names them by %s loses none but the bad symbols', async (_, code, text) => {
    await serve((asked) => {
      const bad = badOf(asked);
      return bad.length === 0 ? null : { code, message: text(bad) };
    }, refusedBoth);
    expect(host.refusals.map((refusal) => refusal.code).sort()).toEqual([...BAD].sort());
    expect(server.sockets).toHaveLength(1);
    expect(server.received.length).toBeLessThan(40);
  });

  it('and names all that was asked for refuses none for a neighbour', async () => {
    await serve(
      (asked) =>
        badOf(asked).length === 0
          ? null
          : { code: 'INVALID_SYMBOL', message: `one of ${asked.join(',')} does not exist` },
      refusedBoth,
    );
    expect(host.refusals.map((refusal) => refusal.code).sort()).toEqual([...BAD].sort());
  });

  it('for their size is asked in smaller ones from then on', async () => {
    await serve(
      (asked) => (asked.length > 12 ? { code: 'INVALID_REQUEST', message: 'too many' } : null),
      () => accepted.size === 40,
    );
    expect(host.refusals).toEqual([]);
    await until(
      () => limits.states.find((l) => l.name === 'WS_REQUEST')?.value === 10,
      'the size that worked',
    );
    const before = server.received.length;
    feed.add(CODES.map((code) => pair(`N${code}`)));
    await until(() => server.received.length === before + 4, 'requests of ten symbols');
  });

  it('and accepts nothing at all is tried again later, its pairs kept', async () => {
    await serve(
      () => ({ code: 'BUSY', message: 'later' }),
      () => host.downs.length > 0,
      CODES.slice(0, 4),
    );
    expect(host.refusals).toEqual([]);
  });
});

describe('Names in a refusal', () => {
  it.each([
    '(a_krw, b_krw)',
    '["A-KRW","B-KRW"]',
    "'a_krw' / 'b_krw'.",
    'a_krw,b_krw',
    'A/KRW; b_krw:',
  ])('are found in %s', (text) =>
    expect([...namesIn(text)]).toEqual(expect.arrayContaining(['a_krw', 'b_krw'])),
  );
});
