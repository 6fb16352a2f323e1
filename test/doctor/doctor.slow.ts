import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { GROUPS, type Group } from '../../src/doctor/evidence.js';
import { examine, type Examination } from '../../src/doctor/examine.js';
import { laterSubscription } from '../../src/doctor/facts/common.js';
import { SHEETS } from '../../src/doctor/facts/sheets.js';
import { EXCHANGES, type Exchange } from '../../src/market/exchange.js';
import { startBithumbSimulator } from '../../src/simulator/bithumb/server.js';
import { startCoinoneSimulator } from '../../src/simulator/coinone/server.js';
import { startGopaxSimulator } from '../../src/simulator/gopax/server.js';
import { startKorbitSimulator } from '../../src/simulator/korbit/server.js';
import type { Simulator, SimulatorOptions } from '../../src/simulator/simulator.js';
import { startUpbitSimulator } from '../../src/simulator/upbit/server.js';
import { type Break, BREAKS } from './breaks.js';

const PAIRS = ['BTC-KRW', 'ETH-KRW', 'XRP-KRW', 'USDT-KRW'];
/** ms in a second of the doctor's time: more where a busy machine was too slow for less. */
const SECONDS = [40, 120, 400];
/** Facts that no simulator can show: they have no TLS. */
const UNSHOWN = ['upbit.endpoint.tls'];
/** Rows of the table that run at once. */
const AT_ONCE = 12;

/** A simulator whose long intervals are in the doctor's time. */
function start(exchange: Exchange, second: number): Promise<Simulator> {
  const options: SimulatorOptions = { rate: 5, limits: false, pairs: PAIRS, ledger: 0 };
  const idleDropMs = 60.5 * second;
  switch (exchange) {
    case 'UPBIT':
      return startUpbitSimulator({ ...options, timing: { idleDropMs } });
    case 'BITHUMB':
      return startBithumbSimulator({ ...options, timing: { idleDropMs } });
    case 'COINONE':
      return startCoinoneSimulator({ ...options, timing: { muteDropMs: 60.7 * second } });
    case 'KORBIT':
      return startKorbitSimulator({ ...options, timing: { pingMs: 30 * second } });
    case 'GOPAX': {
      const timing = { heartbeatMs: 30 * second, pongTimeoutMs: 30.2 * second };
      return startGopaxSimulator({ ...options, timing });
    }
  }
}

async function examined(
  exchange: Exchange,
  second: number,
  groups: readonly Group[],
  change: Break = () => {},
): Promise<Examination> {
  const simulator = await start(exchange, second);
  try {
    change(simulator, second);
    const { wsUrl, restUrl } = simulator;
    const sheet = SHEETS[exchange];
    return await examine({ sheet, urls: { wsUrl, restUrl }, recording: null, second }, groups);
  } finally {
    await simulator.close();
  }
}

/** Why a broken fact is not called contradicted; null when it is. */
async function unnoticed(exchange: Exchange, id: string): Promise<string | null> {
  const { group } = SHEETS[exchange].facts.find((fact) => fact.id === id)!;
  let last = '';
  for (const second of SECONDS) {
    const { findings } = await examined(exchange, second, [group], BREAKS[exchange][id]);
    const finding = findings.find((one) => one.id === id)!;
    if (finding.verdict === 'CONTRADICTED') return null;
    last = `${id}: ${finding.verdict}, ${finding.seen}`;
  }
  return last;
}

describe('the facts of the doctor', () => {
  const facts = EXCHANGES.flatMap((exchange) =>
    SHEETS[exchange].facts.map((fact) => ({ exchange, id: fact.id })),
  );

  it('have one row each, and an id of docs/exchanges', () => {
    const missing = facts.filter(({ exchange, id }) => {
      const name = exchange.toLowerCase();
      const text = [name, `${name}-trades`]
        .map((file) =>
          readFileSync(new URL(`../../docs/exchanges/${file}.md`, import.meta.url), 'utf8'),
        )
        .join('\n');
      return !new RegExp(`^(?:\\| |[-*] |\\d+\\. )?\`${id.replaceAll('.', '\\.')}\``, 'm').test(
        text,
      );
    });
    expect(missing).toEqual([]);
    const ids = facts.map(({ id }) => id);
    expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
  });

  it('can all be broken by the simulators', () => {
    const broken = Object.values(BREAKS).flatMap((rows) => Object.keys(rows));
    expect([...broken, ...UNSHOWN].sort()).toEqual(facts.map(({ id }) => id).sort());
  });

  it('hold for the simulators', async () => {
    const all = EXCHANGES.map(async (exchange) => {
      let groups: readonly Group[] = GROUPS;
      let wrong: readonly string[] = [];
      for (const second of SECONDS) {
        const { findings, reached } = await examined(exchange, second, groups);
        expect(reached).toBe(true);
        const doubted = findings.filter(
          ({ id, group, verdict }) =>
            groups.includes(group) && verdict !== 'CONFIRMED' && !UNSHOWN.includes(id),
        );
        wrong = doubted.map(({ id, verdict, seen }) => `${id}: ${verdict}, ${seen}`);
        groups = GROUPS.filter((name) => doubted.some(({ group }) => group === name));
        if (groups.length === 0) break;
      }
      return wrong;
    });
    expect((await Promise.all(all)).flat()).toEqual([]);
  }, 240_000);

  it('are called contradicted when they are broken', async () => {
    const rows = EXCHANGES.flatMap((exchange) =>
      Object.keys(BREAKS[exchange]).map((id) => ({ exchange, id })),
    );
    const left: string[] = [];
    const work = async (): Promise<void> => {
      for (let row = rows.shift(); row !== undefined; row = rows.shift()) {
        const why = await unnoticed(row.exchange, row.id);
        if (why !== null) left.push(why);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    expect(left).toEqual([]);
  }, 240_000);

  it('are called contradicted for an old TLS', () => {
    const tls = SHEETS.UPBIT.facts.find(({ id }) => id === 'upbit.endpoint.tls')!;
    const judged = (version: string) => tls.judge({ rest: { tls: version } } as never).verdict;
    expect([judged('TLSv1.3'), judged('TLSv1.1')]).toEqual(['CONFIRMED', 'CONTRADICTED']);
  });

  it('are not contradicted by a pause of a pair that sends little', () => {
    const pairs = [
      { symbol: 'BTC', currency: 'KRW' },
      { symbol: 'ETH', currency: 'KRW' },
    ] as const;
    const judged = (replaces: boolean, before: number, after: number) =>
      laterSubscription({ pairs, before, after, second: true } as never, replaces).verdict;
    expect([judged(false, 4, 0), judged(false, 20, 0), judged(false, 4, 3)]).toEqual([
      'NOT SEEN',
      'CONTRADICTED',
      'CONFIRMED',
    ]);
    expect([judged(true, 2, 0), judged(true, 4, 2), judged(true, 4, 3)]).toEqual([
      'NOT SEEN',
      'CONFIRMED',
      'CONTRADICTED',
    ]);
  });

  it('are not seen where there is no answer', async () => {
    const urls = { wsUrl: 'ws://127.0.0.1:1', restUrl: 'http://127.0.0.1:1' };
    const parts = { sheet: SHEETS.KORBIT, urls, recording: null, second: 10 };
    const { findings, reached } = await examine(parts);
    expect(reached).toBe(false);
    expect(new Set(findings.map(({ verdict }) => verdict))).toEqual(new Set(['NOT SEEN']));
  });
});
