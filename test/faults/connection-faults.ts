import { expect } from '@jest/globals';
import type { Exchange } from '../../src/market/exchange.js';
import type { Simulator } from '../../src/simulator/simulator.js';
import type { Recorder } from '../helpers/recorder.js';
import { until } from '../helpers/wait.js';
import { closedGaps, expectExact, recovered, step } from './support.js';

/** A way to lose a connection, and the words that its gap has. */
export interface ConnectionFault {
  readonly name: string;
  readonly strike: (simulator: Simulator) => void;
  readonly detail: RegExp;
}

const HUGE = Buffer.alloc(50 * 1024 * 1024, 0x20);

/** The ways of {@link loseConnections}. */
export const CONNECTION_FAULTS: readonly ConnectionFault[] = [
  {
    name: 'TCP dropped',
    strike: (s) => s.faults.dropConnections(),
    detail: /^close code 1006$/,
  },
  {
    name: 'TCP dropped in the middle of a frame',
    strike: (s) => s.faults.tearFrame(),
    detail: /^close code 1006$/,
  },
  {
    name: 'close 1000',
    strike: (s) => s.faults.closeConnections(1000),
    detail: /^close code 1000$/,
  },
  {
    name: 'close 1001',
    strike: (s) => s.faults.closeConnections(1001, 'going away'),
    detail: /^close code 1001: going away$/,
  },
  {
    name: 'close 4290',
    strike: (s) => s.faults.closeConnections(4290, 'too many'),
    detail: /^close code 4290: too many$/,
  },
  {
    name: 'a frame of 50 MB',
    strike: (s) => s.faults.sendRaw(HUGE, { binary: true }),
    detail: /payload size/i,
  },
];

/**
 * Strikes every exchange with a fault under load, and expects: one gap a market with the fault's
 * words, one new connection an exchange, all LIVE again, and every book accounted for.
 */
export async function loseConnections(
  recorder: Recorder,
  faultOf: (exchange: Exchange) => ConnectionFault,
): Promise<void> {
  const { simulators, app } = recorder;
  await step(recorder, 20);
  const known = (await closedGaps(recorder, 0)).length;
  const upgrades = simulators.all.map((s) => s.upgrades.length);
  const reconnects = app.supervisor.collectors().map((c) => c.reconnects);
  for (const simulator of simulators.all) faultOf(simulator.exchange).strike(simulator);
  await step(recorder, 5);
  await until(
    () => app.supervisor.collectors().every((c, i) => c.reconnects === reconnects[i]! + 1),
    'every market reconnected',
  );
  await recovered(recorder);
  await step(recorder, 20);
  const gaps = (await closedGaps(recorder, known + reconnects.length)).slice(known);
  expect(gaps).toHaveLength(app.supervisor.collectors().length);
  expect(new Set(gaps.map((gap) => gap.market)).size).toBe(gaps.length);
  for (const gap of gaps) {
    const fault = faultOf(gap.exchange);
    const limited = fault.name === 'close 4290' && gap.exchange === 'COINONE';
    expect(gap.cause).toBe(limited ? 'RATE_LIMITED' : 'DISCONNECTED');
    expect(gap.detail).toMatch(fault.detail);
    expect(gap.end).toBeGreaterThan(gap.start);
  }
  // One new connection each: no storm.
  expect(simulators.all.map((s) => s.upgrades.length)).toEqual(upgrades.map((n) => n + 1));
  await expectExact(recorder);
}

/** What the tests of lost connections record. */
export const CONNECTION_ENV = {
  COLLECT: 'BTC-KRW,ETH-KRW,USDT-KRW',
  BITHUMB_TRANSPORT: 'ws',
  SNAPSHOT_EVERY_MS: '500',
};
