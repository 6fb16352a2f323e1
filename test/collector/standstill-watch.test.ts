import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type ClockStep,
  type Standstill,
  StandstillWatch,
} from '../../src/collector/clock/standstill-watch.js';

const START = 1_790_000_000_000;
const HOUR = 3_600_000;

let wall: number;
let monotonic: number;
let boot: number;
let watch: StandstillWatch;
let standstills: Standstill[];
let steps: ClockStep[];

/** Time passes, as a running machine sees it. */
function pass(ms: number): void {
  wall += ms;
  monotonic += ms;
  boot += ms;
}

beforeEach(() => {
  wall = START;
  monotonic = 5_000;
  boot = 90_000;
  standstills = [];
  steps = [];
  watch = new StandstillWatch({
    wall: () => wall,
    monotonic: () => monotonic,
    // As coarse as the worst of them.
    boot: () => Math.floor(boot / 1000) * 1000,
  });
  watch.standstills.on((standstill) => standstills.push(standstill));
  watch.steps.on((step) => steps.push(step));
});
afterEach(() => watch.close());

describe('the watch over standstills', () => {
  it('dates a stop from the last moment before it', () => {
    pass(250);
    watch.look();
    const last = wall;
    pass(30_000);
    expect(watch.look()).toBe(wall);
    expect(standstills).toEqual([{ since: last, lastedMs: 30_000 }]);
    expect(steps).toEqual([]);
    pass(250);
    watch.look();
    expect(watch.standstillCount).toBe(1);
    expect(watch.stoodStillMs).toBe(30_000);
  });

  it('does not take a short block, nor small corrections of the clock, for one', () => {
    for (const ms of [250, 1_900, 600, 1_200]) {
      pass(ms);
      watch.look();
    }
    for (const correction of [-900, 900, 400, -700]) {
      pass(250);
      wall += correction;
      watch.look();
    }
    expect([standstills, steps]).toEqual([[], []]);
  });

  it('notices that the machine was suspended, which the monotonic clock does not count', () => {
    watch.look();
    const last = wall;
    wall += 150_000;
    boot += 150_000;
    pass(100);
    watch.look();
    expect(standstills).toMatchObject([{ since: last }]);
    expect(steps).toEqual([]);
  });

  it('and where no clock counts it, by the time that waking takes', () => {
    watch.look();
    const last = wall;
    wall += 150_000;
    pass(800);
    watch.look();
    expect(standstills).toEqual([{ since: last, lastedMs: 150_800 }]);
  });

  it('distinguishes a clock that was set from a suspended machine', () => {
    for (const byMs of [HOUR, -2 * HOUR]) {
      pass(250);
      wall += byMs;
      watch.look();
    }
    expect(standstills).toEqual([]);
    expect(steps).toEqual([
      { at: START + 250 + HOUR, byMs: HOUR },
      { at: START + 500 - HOUR, byMs: -2 * HOUR },
    ]);
    expect(watch.stepCount).toBe(2);
  });

  it('dates a standstill by the clock of now when that was set back meanwhile', () => {
    watch.look();
    pass(10_000);
    wall -= HOUR;
    watch.look();
    expect(steps).toEqual([{ at: wall, byMs: -HOUR }]);
    expect(standstills).toEqual([{ since: wall - 10_000, lastedMs: 10_000 }]);
  });
});
