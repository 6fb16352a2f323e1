import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Alert } from '../../src/alerts/alert.js';
import { AlertWatch, LOOK_MS } from '../../src/alerts/alert-watch.js';
import type { Exchange } from '../../src/market/exchange.js';
import { type Reason, reasonOf } from '../../src/api/verdict/reasons.js';

const HOUR = 3_600_000;

let reasons: readonly Reason[];
let calls: string[];
let watch: AlertWatch;
beforeEach(() => {
  reasons = [];
  calls = [];
  watch = new AlertWatch(() => ({ state: 'OK', reasons }), note, HOUR);
});
afterEach(() => watch.close());

function note({ reason, startedAt, endedAt }: Alert): void {
  const name = reason.exchange === null ? reason.code : `${reason.code} ${reason.exchange}`;
  calls.push(endedAt === null ? name : `${name} over`);
  expect(startedAt).toBeLessThanOrEqual(endedAt ?? Date.now());
}

/** Looks for so long, ms. */
function lookFor(ms: number): void {
  for (let i = 0; i <= ms / LOOK_MS; i++) watch.look();
}

const down = (exchange: Exchange): Reason =>
  reasonOf('EXCHANGE_DOWN', 'ATTENTION', { markets: 3, forMs: 1, reason: null }, { exchange });
const failing = reasonOf('DATABASE_UNWRITABLE', 'FAILING', { reason: 'disk full' });

describe('alerts', () => {
  it('are one when a reason has held for its time, and one when it is over', () => {
    reasons = [down('UPBIT')];
    lookFor(55_000);
    expect(calls).toEqual([]);
    lookFor(600_000);
    expect(calls).toEqual(['EXCHANGE_DOWN UPBIT']);
    expect(watch.active).toBe(1);
    reasons = [];
    lookFor(20_000);
    expect(calls).toHaveLength(1);
    lookFor(60_000);
    expect(calls).toEqual(['EXCHANGE_DOWN UPBIT', 'EXCHANGE_DOWN UPBIT over']);
    expect(watch.active).toBe(0);
  });

  it('are none for what passes by itself, however often', () => {
    for (let i = 0; i < 20; i++) {
      reasons = [down('UPBIT')];
      lookFor(50_000);
      reasons = [];
      lookFor(5_000);
    }
    expect(calls).toEqual([]);
  });

  it('are not over, and do not begin again, for what comes back at once', () => {
    reasons = [failing];
    lookFor(20_000);
    for (let i = 0; i < 20; i++) {
      reasons = [];
      lookFor(10_000);
      reasons = [failing];
      lookFor(10_000);
    }
    expect(calls).toEqual(['DATABASE_UNWRITABLE']);
  });

  it('name each exchange, but only the line when most are down with it', () => {
    reasons = [down('UPBIT'), down('GOPAX')];
    lookFor(60_000);
    expect(calls).toEqual(['EXCHANGE_DOWN UPBIT', 'EXCHANGE_DOWN GOPAX']);
    calls = [];
    reasons = [];
    lookFor(60_000);
    calls = [];
    const all = reasonOf('EXCHANGES_DOWN', 'FAILING', { exchanges: ['UPBIT', 'GOPAX'], of: 3 });
    reasons = [all, down('UPBIT'), down('GOPAX')];
    lookFor(120_000);
    expect(calls).toEqual(['EXCHANGES_DOWN']);
    // The line is back, and one of them is still silent.
    reasons = [down('GOPAX')];
    lookFor(60_000);
    expect(calls).toEqual(['EXCHANGES_DOWN', 'EXCHANGES_DOWN over', 'EXCHANGE_DOWN GOPAX']);
  });

  it('are none for what a user did or what is only noted, but one for a clock that was set', () => {
    reasons = [
      reasonOf('STOPPED_BY_USER', 'NOTE', { markets: 3 }, { exchange: 'UPBIT' }),
      reasonOf('STARTING', 'NOTE', { markets: 3 }),
      reasonOf('SHUTTING_DOWN', 'FAILING', {}),
      reasonOf('CLOCK_STEPPED', 'NOTE', { steps: 1 }),
    ];
    lookFor(3_600_000);
    expect(calls).toEqual(['CLOCK_STEPPED']);
  });

  it('count time in looks: what a machine slept through is none', () => {
    reasons = [down('UPBIT')];
    watch.look();
    watch.look();
    expect(calls).toEqual([]);
  });
});
