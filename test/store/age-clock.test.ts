import { beforeEach, describe, expect, it } from '@jest/globals';
import { AgeClock } from '../../src/store/age-clock.js';

const DAY = 86_400_000;
const NOW = 1_790_000_000_000;
const IN_2038 = Date.UTC(2038, 0, 19);

let wall: number;
let monotonic: number;

function clock(believed: number | null): AgeClock {
  return new AgeClock(believed, { wall: () => wall, monotonic: () => monotonic });
}

function pass(ms: number): void {
  wall += ms;
  monotonic += ms;
}

beforeEach(() => {
  wall = NOW;
  monotonic = 1_000;
});

describe('the time that age is measured against', () => {
  it('is that of the system while it goes on from the last run', () => {
    for (const believed of [null, NOW - 1_000, NOW - 0.9 * DAY]) {
      const age = clock(believed);
      expect([age.now(), age.held]).toEqual([NOW, false]);
    }
    const age = clock(NOW);
    for (let i = 0; i < 40; i++) {
      pass(DAY);
      expect([age.now(), age.held]).toEqual([wall, false]);
    }
  });

  it('is not that of a clock that has leapt, at the start or later, in this run or the next', () => {
    wall = IN_2038;
    const age = clock(NOW);
    expect([age.now(), age.held]).toEqual([NOW, true]);
    pass(60_000);
    expect(age.now()).toBe(NOW + 60_000);
    const next = clock(age.now());
    expect([next.now(), next.held]).toEqual([NOW + 60_000, true]);
    wall = NOW;
    const running = clock(NOW);
    pass(1_000);
    running.confirm({ at: wall, aheadMs: 20 });
    expect(running.now()).toBe(wall);
    const before = wall;
    wall = IN_2038;
    pass(2_000);
    // What the exchanges said before it was set says nothing of it now.
    expect([running.now(), running.held]).toEqual([before + 2_000, true]);
  });

  it('follows a leap that the exchanges confirm, at once', () => {
    const age = clock(NOW - 60 * DAY);
    expect(age.now()).toBe(NOW - 60 * DAY);
    age.confirm({ at: wall, aheadMs: -300 });
    pass(5_000);
    expect([age.now(), age.held]).toEqual([wall, false]);
  });

  it('never follows one that they contradict, and one without their word after a day', () => {
    const silent = clock(NOW - 60 * DAY);
    const contradicted = clock(NOW - 60 * DAY);
    for (let hours = 0; hours < 25; hours++) {
      contradicted.confirm({ at: wall, aheadMs: 60 * DAY });
      silent.now();
      contradicted.now();
      pass(3_600_000);
    }
    expect([silent.now(), silent.held]).toEqual([wall, false]);
    expect([contradicted.now(), contradicted.held]).toEqual([
      NOW - 60 * DAY + 25 * 3_600_000,
      true,
    ]);
  });

  it('goes back with a clock that is set back, without believing the next leap', () => {
    const age = clock(NOW);
    wall = 5_000;
    expect([age.now(), age.held]).toEqual([5_000, false]);
    wall = NOW;
    expect([age.now(), age.held]).toEqual([NOW, false]);
    wall = IN_2038;
    expect([age.now(), age.held]).toEqual([NOW, true]);
  });
});
