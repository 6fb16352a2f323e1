import type * as Settings from '../../src/dashboard/data/settings.js';
import type * as Format from '../../src/dashboard/text/format.js';
import type * as Zones from '../../src/dashboard/text/zone.js';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';

// What the page's settings ask of a browser when they are loaded.
Object.defineProperty(globalThis, 'navigator', {
  value: { languages: ['en'] },
  configurable: true,
});
Object.assign(globalThis, {
  matchMedia: () => ({ matches: false, addEventListener: () => undefined }),
  document: { documentElement: { dataset: {} } },
});

let format: typeof Format;
let zones: typeof Zones;
let settings: typeof Settings;

beforeAll(async () => {
  settings = await import('../../src/dashboard/data/settings.js');
  format = await import('../../src/dashboard/text/format.js');
  zones = await import('../../src/dashboard/text/zone.js');
});

afterEach(() => {
  settings.lang.value = 'en';
  settings.zone.value = 'utc';
});

describe('a length of time', () => {
  it('has at most two units and is never rounded up', () => {
    settings.lang.value = 'ko';
    const texts = [350, 59_999, 90_000, 119_999, 3_600_000, 5_460_000, 90_000_000].map((ms) =>
      format.duration(ms),
    );
    expect(texts).toEqual([
      '0.3초',
      '59초',
      '1분 30초',
      '1분 59초',
      '1시간',
      '1시간 31분',
      '1일 1시간',
    ]);
    settings.lang.value = 'en';
    expect(format.duration(90_000)).toBe('1 min 30 s');
    expect(format.duration(0)).toBe('0.0 s');
    expect(format.duration(null)).toBe('–');
    expect(format.duration(400 * 86_400_000)).toBe('1 y 35 d');
  });
});

describe('an age', () => {
  it('ticks in whole seconds, and is not given where it is not known', () => {
    settings.lang.value = 'en';
    expect([0, 2_999, 3_000, 3_999, 4_000, 61_000].map((ms) => format.age(ms))).toEqual([
      '<3 s',
      '<3 s',
      '3 s',
      '3 s',
      '4 s',
      '1 min 1 s',
    ]);
  });
});

describe('a time', () => {
  const at = Date.UTC(2026, 8, 1, 20, 32, 1, 5);

  it('is written in the zone that is chosen, which it names', () => {
    settings.zone.value = 'kst';
    expect(format.exactMoment(at)).toBe('2026-09-02 05:32:01.005 KST');
    expect(zones.withZone('시각')).toBe('시각 (KST)');
    settings.zone.value = 'utc';
    expect(format.exactMoment(at)).toBe('2026-09-01 20:32:01.005 UTC');
  });

  it('is read back in the same zone', () => {
    settings.zone.value = 'kst';
    expect(zones.fromZone('2026-09-02T05:32:01.005')).toBe(at);
    settings.zone.value = 'local';
    expect(format.moment(zones.fromZone('2026-03-29T12:00'))).toBe('2026-03-29 12:00:00');
    expect(zones.fromZone('no time')).toBeNaN();
  });
});
