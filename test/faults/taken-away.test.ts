import { afterEach, describe, expect, it } from '@jest/globals';
import { rmSync } from 'node:fs';
import { type Simulators, startSimulators } from '../../src/simulator/simulators.js';
import { eventually, temporaryFolder, until } from '../helpers/wait.js';
import { integrityOf, plainDatabase, Program } from './program.js';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

describe('the database removed while the program records', () => {
  it('is reported by /health and the log, put back with all that it had, and recorded into again', async () => {
    const simulators: Simulators = await startSimulators({ rate: 10 });
    const folder = temporaryFolder();
    cleanUps.push(folder.remove, () => simulators.close());
    const program = new Program(folder.path, { ...simulators.env, COLLECT: 'UPBIT:BTC-KRW' });
    cleanUps.push(() => program.end('SIGKILL'));
    await program.live(1);
    await until(() => simulators.upbit.sent.length > 20, 'books');
    const path = `${folder.path}/orderbook.db`;
    for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix);
    const ill = await eventually(
      () => program.health(),
      (health) => health.status !== 'ok',
      'the failure',
    );
    expect(ill.reasons.join()).toContain('orderbook.db was removed or moved away while it is open');
    await eventually(
      () => program.health(),
      (health) => health.status === 'ok',
      'the way on',
      15_000,
    );
    expect(program.output).toMatch(/\[ERROR\] \[SYSTEM\] cannot store.*was removed or moved away/);
    expect(program.output).toMatch(/\[WARN\] \[SYSTEM\] the database was restored in full/);
    await program.end();
    expect(program.code).toBe(0);
    expect(integrityOf(path)).toEqual(['ok']);
    const database = plainDatabase(path);
    const stored = database.prepare('SELECT count(*) FROM book').pluck().get() as number;
    const down = database.prepare('SELECT count(*) FROM gap').pluck().get();
    database.close();
    expect(down).toBe(0);
    expect(stored).toBeGreaterThan(20);
  });
});
