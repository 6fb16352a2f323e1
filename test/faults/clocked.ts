import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, beforeEach } from '@jest/globals';
import { EXCHANGES } from '../../src/market/exchange.js';
import { type Simulators, startSimulators } from '../../src/simulator/simulators.js';
import { temporaryFolder } from '../helpers/wait.js';
import { Program } from './program.js';

/** Markets that it records. */
export const MARKETS = EXCHANGES.length;
const PRELOAD = fileURLToPath(new URL('../helpers/shifted-clock.mjs', import.meta.url));

/** The simulated exchanges of the present test; their books change some sixteen times a second. */
export let simulators: Simulators;
let programs: Program[];
/** The folder of the present test. */
export let temporary: ReturnType<typeof temporaryFolder>;
let stepping: NodeJS.Timeout;

/** Sets the clock of the program, running or to be started, off by so much. */
export function setClock(offset: number): void {
  writeFileSync(join(temporary.path, 'clock'), String(offset));
}

/** The program recording all five exchanges, by the clock of {@link setClock}. */
export async function start(env: Record<string, string> = {}): Promise<Program> {
  const program = new Program(temporary.path, {
    ...simulators.env,
    NODE_OPTIONS: `--import=${pathToFileURL(PRELOAD).href}`,
    CLOCK_OFFSET_FILE: join(temporary.path, 'clock'),
    AUDIT_EVERY_MS: '0',
    COLLECT: 'BTC-KRW',
    ...env,
  });
  programs.push(program);
  await program.live(MARKETS);
  return program;
}

/** Starts and ends what each test of a file needs. */
export function useClock(): void {
  beforeEach(async () => {
    temporary = temporaryFolder();
    programs = [];
    setClock(0);
    simulators = await startSimulators({ rate: 0, pairs: ['BTC-KRW'] });
    stepping = setInterval(() => {
      for (const simulator of simulators.all) simulator.step('BTC-KRW');
    }, 60);
  });

  afterEach(async () => {
    clearInterval(stepping);
    for (const program of programs) await program.end('SIGKILL');
    await simulators.close();
    temporary.remove();
  });
}

/** Waits so long, ms. */
export const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms));
