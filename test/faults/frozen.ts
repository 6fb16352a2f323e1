import { expect } from '@jest/globals';
import { EXCHANGES } from '../../src/market/exchange.js';
import { type Simulators, startSimulators } from '../../src/simulator/simulators.js';
import { accountOf, gapsOf, type KnownGap } from '../helpers/accounts.js';
import { eventually, temporaryFolder } from '../helpers/wait.js';
import { Program } from './program.js';

const PAIRS = ['BTC-KRW', 'ETH-KRW'];
/** Markets that it records. */
export const MARKETS = EXCHANGES.flatMap((exchange) => PAIRS.map((pair) => `${exchange}:${pair}`));
/** The watch looks four times a second; a busy machine may be later. */
const LATE_MS = 1_500;

/** Waits so long, ms. */
export const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms));

/** The simulated exchanges of the present test. */
export let simulators: Simulators;
let programs: Program[] = [];
/** The folder of the present test. */
export let temporary: ReturnType<typeof temporaryFolder>;
let stepping: NodeJS.Timeout;

/** The program recording all five exchanges, whose books change some thirty times a second. */
export async function start(env: Record<string, string> = {}): Promise<Program> {
  const program = new Program(temporary.path, {
    ...simulators.env,
    COLLECT: PAIRS.join(','),
    AUDIT_EVERY_MS: '0',
    ...env,
  });
  programs.push(program);
  await program.live(MARKETS.length);
  return program;
}

/** Starts what a test needs; {@link endAll} ends it. */
export async function prepare(): Promise<void> {
  temporary = temporaryFolder();
  simulators = await startSimulators({ rate: 0, pairs: PAIRS });
  let turn = 0;
  stepping = setInterval(() => {
    for (const simulator of simulators.all) simulator.step(PAIRS[turn % PAIRS.length]!);
    turn++;
  }, 30);
}

/** Ends what {@link prepare} and {@link start} began. */
export async function endAll(): Promise<void> {
  clearInterval(stepping);
  for (const program of programs) await program.end('SIGKILL');
  programs = [];
  await simulators.close();
  temporary.remove();
}

/** Stops the program for some time. @returns from when to when, Unix ms */
export async function freeze(program: Program, ms: number): Promise<readonly [number, number]> {
  const from = Date.now();
  program.signal('SIGSTOP');
  await pause(ms);
  const to = Date.now();
  program.signal('SIGCONT');
  return [from, to];
}

/** The newest gap of each market, once there are so many and all are closed. */
export async function gapsClosed(program: Program, count: number): Promise<KnownGap[]> {
  return eventually(
    () => gapsOf((q) => program.query(q)),
    (gaps) => gaps.length >= count && gaps.every(({ end }) => end !== null),
    `${count} closed gaps`,
  );
}

/** A program that stands still has a gap over all of that time, of every exchange; exact. */
export async function standsStill(transport: 'rest' | 'ws'): Promise<void> {
  await prepare();
  const program = await start({ BITHUMB_TRANSPORT: transport });
  await pause(500);
  const [from, to] = await freeze(program, 4_000);
  const gaps = await gapsClosed(program, MARKETS.length);
  expect(gaps.map((gap) => gap.market).sort()).toEqual([...MARKETS].sort());
  for (const { market, cause, start, end, detail } of gaps) {
    expect([market, cause]).toEqual([market, 'STANDSTILL']);
    expect(detail).toMatch(/stood still for [45]\.\d s/);
    expect(start).toBeGreaterThan(from - LATE_MS);
    expect(start).toBeLessThanOrEqual(from + 100);
    expect(end!).toBeGreaterThanOrEqual(to);
    expect(end!).toBeLessThan(to + 3 * LATE_MS);
  }
  const window = `from: "${new Date(from).toISOString()}", to: "${new Date(to).toISOString()}"`;
  for (const exchange of EXCHANGES) {
    const { coverage } = await program.query<{ coverage: { percent: number } }>(
      `{ coverage(exchange: ${exchange}, ${window}) { percent } }`,
    );
    expect([exchange, coverage.percent < 3]).toEqual([exchange, true]);
  }
  const { recorder } = await program.query<{ recorder: object }>(
    '{ recorder { standstills stoodStillMs clockSteps } }',
  );
  expect(recorder).toMatchObject({ standstills: 1, clockSteps: 0 });
  expect(program.output).toMatch(/the program stood still for [45]\.\d s/);
  const metrics = await (await fetch(`${await program.url()}/metrics`)).text();
  expect(metrics).toMatch(/^orderbook_standstills_total 1$/m);
  // What came before and after is there, what is missing lies in the gaps, nothing is made new.
  clearInterval(stepping);
  await pause(300);
  await eventually(
    () => program.health(),
    ({ store }) => store.queuedBooks === 0,
    'all books written',
  );
  const streamed = MARKETS.filter((m) => transport === 'ws' || !m.startsWith('BITHUMB'));
  const sent = simulators.all.flatMap((simulator) => simulator.sent);
  const account = await accountOf(await program.url(), (q) => program.query(q), sent, streamed);
  expect(account).toMatchObject({ unaccounted: [], invented: [], contradicted: [] });
  expect(Object.keys(account.inGap)).toEqual(['STANDSTILL']);
  for (const { state, reconnects } of await statesOf(program)) {
    expect([state, reconnects]).toEqual(['LIVE', 0]);
  }
}

async function statesOf(program: Program): Promise<{ state: string; reconnects: number }[]> {
  const { collectors } = await program.query<{
    collectors: { state: string; reconnects: number }[];
  }>('{ collectors { state reconnects } }');
  return collectors;
}
