import { expect, it } from '@jest/globals';
import { Bus } from '../../src/bus.js';
import { parseCollect } from '../../src/market/collect-pattern.js';
import type { ManagedLists } from '../../src/market/collector-memory.js';
import { EXCHANGES } from '../../src/market/exchange.js';
import { NO_TALLY } from '../../src/market/exchange-tally.js';
import type { BusConnection } from '../../src/nats/connection.js';
import { encodeMessage } from '../../src/nats/messages.js';
import { RemoteControl } from '../../src/nodes/remote-control.js';

type Heard = (error: null, message: { data: Uint8Array; subject: string }) => void;

const LISTS: ManagedLists = {
  exchanges: async () => [{ exchange: 'KORBIT', enabled: false, listedAt: null }],
  markets: async () => [],
  wantedPatterns: async () => [],
};

async function control(unreportedMs?: number) {
  const heard = new Map<string, Heard>();
  const bus = {
    nc: {
      subscribe: (subject: string, { callback }: { callback: Heard }) => {
        heard.set(subject, callback);
        return { unsubscribe: () => undefined };
      },
    },
  } as unknown as BusConnection;
  const collect = parseCollect('BTC-KRW,UPBIT:*-KRW');
  if (!collect.ok) throw new Error(collect.problems.join());
  const config = { collect: collect.patterns, bithumbTransport: 'ws' } as const;
  const made = new RemoteControl(bus, config, LISTS, new Bus(), unreportedMs);
  await made.refreshWishes();
  const report = (exchange: string, listTroubles: object[]): void => {
    const subject = `report.${exchange}`;
    const data = encodeMessage({
      exchange,
      node: 'a',
      statuses: [],
      tally: NO_TALLY,
      listTroubles,
    });
    heard.get(subject)!(null, { data, subject });
  };
  return { made, report };
}

it('names the exchanges that no node reports, and what is reported of market lists', async () => {
  const { made, report } = await control(0);
  const trouble = { exchange: 'COINONE', patterns: '*-KRW', reason: 'HTTP 500' };
  report('COINONE', [trouble]);
  report('GOPAX', []);
  const troubles = made.listTroubles();
  expect(troubles).toContainEqual(trouble);
  // KORBIT is disabled.
  const unreported = EXCHANGES.filter((e) => !['COINONE', 'GOPAX', 'KORBIT'].includes(e));
  for (const exchange of unreported)
    expect(troubles).toContainEqual({
      exchange,
      patterns: exchange === 'UPBIT' ? 'BTC-KRW, UPBIT:*-KRW' : 'BTC-KRW',
      reason: 'no collector node has reported about it',
    });
  expect(troubles).toHaveLength(unreported.length + 1);
});

it('does not so while nodes may be starting', async () => {
  const { made } = await control();
  expect(made.listTroubles()).toEqual([]);
});
