import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { temporaryFolder } from '../store/support.js';
import { market } from './helpers/books.js';
import { TRANSPORTS, valueOf } from './helpers/live.js';
import { FIELDS, type RecordedServer, serveRecorded, shown } from './helpers/recorded.js';
import { codeOf } from './helpers/server.js';
import { until } from './helpers/until.js';

const UPBIT = market('UPBIT');
const START = 1_790_000_000_000;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let recorded: RecordedServer;
beforeAll(async () => {
  folder = await temporaryFolder();
  recorded = await serveRecorded(join(folder.path, 'books.db'), { snapshotEveryMs: 500 });
  for (let i = 0; i < 350; i++) {
    recorded.next(UPBIT, { at: START + i * 20 });
    recorded.next(market('UPBIT', 'ETH'), { at: START + i * 20 });
  }
});
afterAll(async () => {
  await recorded.close();
  await folder.remove();
});

describe('replay', () => {
  const time = (ms: number): string => new Date(ms).toISOString();
  const query = (args: string): string =>
    `subscription { replay(exchange: UPBIT${args}) { ${FIELDS} } }`;

  it.each(TRANSPORTS)(
    'over %s gives every stored book of the window, then completes',
    async (_name, subscribe) => {
      const from = START + 1_000;
      const to = START + 6_000;
      const args = `, from: "${time(from)}", to: "${time(to)}", speed: 0`;
      const live = await subscribe(recorded.server.url, query(args));
      const got = [];
      for (let result = await live.next(); result !== null; result = await live.next()) {
        got.push(valueOf(result));
      }
      const expected = recorded.published.filter(
        ({ market: of, timestamp }) => of === UPBIT && timestamp >= from && timestamp < to,
      );
      expect(expected).toHaveLength(250);
      expect(got).toEqual(expected.map(shown));
      await live.leave();
      await until('it has left', () => recorded.server.api.readers === 0);
    },
  );

  it('keeps the rhythm at a speed, and leaves out what came after it began', async () => {
    const [, subscribe] = TRANSPORTS[1]!;
    const began = performance.now();
    const live = await subscribe(
      recorded.server.url,
      query(`, from: "${time(START + 6_000)}", speed: 5`),
    );
    const got = [valueOf(await live.next())];
    recorded.next(UPBIT);
    for (let result = await live.next(); result !== null; result = await live.next()) {
      got.push(valueOf(result));
    }
    // 49 steps of 20 ms at five times the speed; timers are never early by much.
    expect(performance.now() - began).toBeGreaterThan(150);
    const of = recorded.published.filter((book) => book.market === UPBIT);
    expect(got).toEqual(of.slice(300, 350).map(shown));
    await live.leave();
  });

  it.each([
    [', speed: -1', 'from 0 (as fast as you read) to 1000'],
    [', speed: 1001', 'from 0 (as fast as you read) to 1000'],
    [', from: "2026-01-02T00:00:00Z", to: "2026-01-01T00:00:00Z"', 'must not be before from'],
  ])('replay(%s) is BAD_USER_INPUT', async (args, words) => {
    const [, subscribe] = TRANSPORTS[0]!;
    const live = await subscribe(recorded.server.url, query(args));
    const result = (await live.next()) as never;
    expect(codeOf(result)).toBe('BAD_USER_INPUT');
    expect(JSON.stringify(result)).toContain(words);
    await live.leave();
  });
});
