import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Simulators, startSimulators } from '../../src/simulator/simulators.js';
import { eventually, temporaryFolder, until } from '../helpers/wait.js';
import { plainDatabase, Program } from './program.js';

const MARKETS = 5;
const PRELOAD = fileURLToPath(new URL('../helpers/shifted-clock.mjs', import.meta.url));

let simulators: Simulators;
let programs: Program[];
let temporary: ReturnType<typeof temporaryFolder>;
let stepping: NodeJS.Timeout;

/** Sets the clock of the program, running or to be started, off by so much. */
function setClock(offset: number): void {
  writeFileSync(join(temporary.path, 'clock'), String(offset));
}

async function start(env: Record<string, string> = {}): Promise<Program> {
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

beforeEach(async () => {
  temporary = temporaryFolder();
  programs = [];
  setClock(0);
  simulators = await startSimulators({ rate: 0, pairs: ['BTC-KRW'] });
  stepping = setInterval(() => {
    for (const simulator of simulators.all) simulator.step('BTC-KRW');
  }, 20);
});

afterEach(async () => {
  clearInterval(stepping);
  for (const program of programs) await program.end('SIGKILL');
  await simulators.close();
  temporary.remove();
});

function sequencesUpTo(last: number): number[] {
  const database = plainDatabase(join(temporary.path, 'orderbook.db'));
  try {
    return database
      .prepare(`SELECT sequence FROM book WHERE sequence <= ${last} ORDER BY sequence`)
      .pluck()
      .all() as number[];
  } finally {
    database.close();
  }
}

describe('a clock that is wrong', () => {
  it('in 2038 at the start deletes nothing that RETENTION_DAYS keeps, and that is said', async () => {
    const first = await start();
    await eventually(
      () => first.health(),
      ({ store }) => store.storedBooks > 50,
      'stored books',
    );
    await first.end();
    const history = sequencesUpTo(Number.MAX_SAFE_INTEGER);
    setClock(Date.UTC(2038, 0, 19) - Date.now());
    for (let run = 0; run < 2; run++) {
      const second = await start({ RETENTION_DAYS: '30' });
      await until(() => /has leapt and is not believed yet/.test(second.output), 'the warning');
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      expect(sequencesUpTo(history.at(-1)!)).toEqual(history);
      const { recorder } = await second.query<{ recorder: { retentionHeldAt: string } }>(
        '{ recorder { retentionHeldAt } }',
      );
      expect(Math.abs(Date.parse(recorder.retentionHeldAt) - Date.now())).toBeLessThan(60_000);
      const health = (await second.health()) as unknown as { warnings: string[] };
      expect(health.warnings).toEqual([expect.stringMatching(/clock .*2038.* has leapt/)]);
      await second.end();
    }
  }, 120_000);
});
