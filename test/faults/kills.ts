import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { EXCHANGES } from '../../src/market/exchange.js';
import { startSimulators } from '../../src/simulator/simulators.js';
import { accountOf } from '../helpers/accounts.js';
import { shallow } from '../helpers/simulators.js';
import { eventually, temporaryFolder } from '../helpers/wait.js';
import { integrityOf, plainDatabase, Program } from './program.js';

const PAIRS = ['BTC-KRW', 'ETH-KRW'];
const MARKETS = EXCHANGES.flatMap((exchange) => PAIRS.map((pair) => `${exchange}:${pair}`));

/** What {@link killAgainAndAgain} saw. */
export interface KillReport {
  readonly kills: number;
  /** Kills before the program served. */
  readonly duringStart: number;
  /** Books that the program had reported as stored before its kills. */
  readonly acknowledged: number;
  readonly sent: number;
  readonly stored: number;
  /** Books lost in all, inside gaps. */
  readonly lost: number;
}

/**
 * Records all five exchanges, kills the program with SIGKILL at random moments so many times, and
 * expects after each kill a sound database that holds all that was reported as stored, and in the
 * end every book accounted for: what is missing lies in a PROCESS_DOWN gap.
 */
export async function killAgainAndAgain(times: number): Promise<KillReport> {
  const temporary = temporaryFolder();
  const simulators = await startSimulators({ rate: 0, pairs: PAIRS, makeBook: shallow });
  const path = join(temporary.path, 'orderbook.db');
  const env = {
    ...simulators.env,
    COLLECT: PAIRS.join(','),
    BITHUMB_TRANSPORT: 'ws',
    SNAPSHOT_EVERY_MS: '300',
  };
  let turn = 0;
  const stepping = setInterval(() => {
    for (const simulator of simulators.all) simulator.step(PAIRS[turn % PAIRS.length]!);
    turn++;
  }, 8);
  const programs: Program[] = [];
  const start = (): Program => {
    programs.push(new Program(temporary.path, env));
    return programs.at(-1)!;
  };
  try {
    let duringStart = 0;
    let acknowledged = 0;
    for (let kill = 0; kill < times; kill++) {
      const before = booksIn(path);
      const program = start();
      let reported = 0;
      if (kill % 3 === 2) {
        // Anywhere between the first instruction and the first books.
        await pause(Math.random() * 1500);
        duringStart++;
      } else {
        await program.live(MARKETS.length);
        await pause(Math.random() * 1200);
        reported = (await program.health()).store.storedBooks;
      }
      await program.end('SIGKILL');
      acknowledged += reported;
      expect(integrityOf(path)).toEqual(['ok']);
      expect(booksIn(path)).toBeGreaterThanOrEqual(before + reported);
    }
    const last = start();
    await last.live(MARKETS.length);
    clearInterval(stepping);
    let stored = -1;
    await eventually(
      () => last.health(),
      ({ store }) => {
        const still = store.storedBooks === stored && store.queuedBooks === 0;
        stored = store.storedBooks;
        return still;
      },
      'all books written',
    );
    const sent = simulators.all.flatMap((simulator) => simulator.sent);
    const url = await last.url();
    const account = await accountOf(url, (q) => last.query(q), sent, MARKETS);
    expect(account.unaccounted).toEqual([]);
    expect(account.invented).toEqual([]);
    expect(account.contradicted).toEqual([]);
    expect(Object.keys(account.inGap).filter((cause) => cause !== 'PROCESS_DOWN')).toEqual([]);
    await last.end();
    expect(last.code).toBe(0);
    expect(integrityOf(path)).toEqual(['ok']);
    return {
      kills: times,
      duringStart,
      acknowledged,
      sent: account.sent,
      stored: account.stored,
      lost: account.inGap.PROCESS_DOWN ?? 0,
    };
  } finally {
    clearInterval(stepping);
    for (const program of programs) await program.end('SIGKILL');
    await simulators.close();
    temporary.remove();
  }
}

function booksIn(path: string): number {
  if (!existsSync(path)) return 0;
  const database = plainDatabase(path);
  try {
    return database.prepare('SELECT count(*) FROM book').pluck().get() as number;
  } finally {
    database.close();
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
