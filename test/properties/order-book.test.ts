import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Bus } from '../../src/bus.js';
import { GopaxBook } from '../../src/collector/exchanges/gopax/messages.js';
import { BookRecorder } from '../../src/collector/market/book-recorder.js';
import { ExchangeError } from '../../src/collector/exchange-error.js';
import { readSide, type WireObject } from '../../src/collector/wire/wire.js';
import type { Market } from '../../src/market/market.js';
import {
  applySide,
  diffSide,
  type Level,
  type OrderBook,
  stepSide,
  type Side,
} from '../../src/market/order-book.js';
import { BookIntake } from '../../src/store/book-intake.js';
import { applyRow, type RebuiltBook } from '../../src/store/rebuild.js';

const MARKET: Market = { exchange: 'UPBIT', symbol: 'BTC', currency: 'KRW' };

/** Price ticks and volumes; few of them, so that levels stay, change and vanish. */
const ticks = fc.dictionary(fc.nat({ max: 40 }).map(String), fc.integer({ min: 1, max: 5 }), {
  maxKeys: 12,
});
const priceOf = (tick: string): string => (Number(tick) / 4 + 9).toString();

function sideOf(side: Side, levels: Record<string, number>): Level[] {
  const sorted = Object.keys(levels).sort((a, b) => Number(a) - Number(b));
  if (side === 'bid') sorted.reverse();
  return sorted.map((tick) => [priceOf(tick), String(levels[tick])]);
}

const sides = fc.constantFrom<Side>('ask', 'bid');

describe('a side of an order book', () => {
  it('is rebuilt from any other and their difference, which names each price at most once', () => {
    fc.assert(
      fc.property(sides, ticks, ticks, (side, from, to) => {
        const [before, after] = [sideOf(side, from), sideOf(side, to)];
        const changes = diffSide(side, before, after);
        expect(applySide(side, before, changes)).toEqual(after);
        expect(new Set(changes.map(([price]) => price)).size).toBe(changes.length);
        for (const [price, volume] of changes) {
          const now = after.find((level) => level[0] === price)?.[1] ?? '0';
          const then = before.find((level) => level[0] === price)?.[1] ?? '0';
          expect(volume).toBe(now);
          expect(now).not.toBe(then);
        }
        expect(
          diffSide(
            side,
            after,
            after.map(([p, v]) => [p, v] as const),
          ),
        ).toEqual([]);
      }),
    );
  });

  it('may take its levels from the one before wherever they are equal', () => {
    fc.assert(
      fc.property(sides, ticks, ticks, (side, from, to) => {
        const [before, after] = [sideOf(side, from), sideOf(side, to)];
        const reused = stepSide(side, before, after).levels;
        expect(reused).toEqual(after);
        for (const level of reused) {
          const equal = before.find((known) => known[0] === level[0] && known[1] === level[1]);
          if (equal !== undefined) expect(level).toBe(equal);
        }
      }),
    );
  });

  it('is read best first from any order and spelling, without zero levels; a price twice is refused', () => {
    const spelling = fc.constantFrom<(text: string) => string>(
      (t) => t,
      (t) => (t.includes('.') ? `${t}00` : `${t}.0`),
      (t) => `${t}E0`,
      (t) => `0${t}`,
    );
    fc.assert(
      fc.property(
        sides,
        ticks,
        fc.array(fc.tuple(fc.double({ min: 0, max: 1 }), spelling, spelling), {
          minLength: 12,
          maxLength: 12,
        }),
        fc.nat({ max: 3 }),
        (side, levels, how, zeros) => {
          const right = sideOf(side, levels);
          const wire = right.map(([price, volume], i) => {
            const [place, p, v] = how[i % how.length]!;
            return { place, level: [p(price), v(volume)] as const };
          });
          for (let i = 0; i < zeros; i++) {
            wire.push({ place: i / 3, level: i % 2 === 0 ? ['0.0', '1'] : ['9999', '0E-3'] });
          }
          const shuffled = wire.sort((a, b) => a.place - b.place).map(({ level }) => level);
          expect(readSide(side, shuffled)).toEqual(right);
          const twice = right[0];
          if (twice !== undefined) {
            expect(() => readSide(side, [...shuffled, [twice[0], '7']])).toThrow(ExchangeError);
          }
        },
      ),
    );
  });
});

describe('any sequence of books', () => {
  const books = fc.array(
    fc.record({
      asks: ticks,
      bids: ticks,
      afterMs: fc.integer({ min: -50, max: 400 }),
      gap: fc.boolean(),
      dropped: fc.boolean(),
    }),
    { minLength: 1, maxLength: 25 },
  );

  it.each([{ depth: 0 }, { depth: 3 }])(
    'is rebuilt book for book from what is stored, and by the seven columns alone (depth $depth)',
    ({ depth }) => {
      fc.assert(
        fc.property(books, fc.constantFrom(0, 300, 60_000), (given, every) => {
          const bus = new Bus();
          let sequence = 0;
          const numbers = { next: () => ++sequence, last: 0 };
          const recorder = new BookRecorder(MARKET, { bus, sequences: numbers, depth });
          const intake = new BookIntake(every, null);
          const kept: OrderBook[] = [];
          let rebuilt: RebuiltBook | null = null;
          const columns = { asks: new Map<string, string>(), bids: new Map<string, string>() };
          let dropping = false;
          bus.books.on((event) => {
            if (dropping) {
              intake.drop(event, 'QUEUE_OVERFLOW', '');
              return;
            }
            const { row } = intake.keep(event);
            kept.push(event.book);
            const { timestamp, exchangeTimestamp, base, asks, bids } = row;
            const stored = { timestamp, exchangeTimestamp, base, asks, bids, marketId: 1 };
            rebuilt = applyRow(rebuilt, { ...stored, sequence: row.sequence });
            for (const side of ['asks', 'bids'] as const) {
              for (const [price, volume] of JSON.parse(row[side]) as Level[]) {
                if (volume === '0') columns[side].delete(price);
                else columns[side].set(price, volume);
              }
            }
          });
          let time = 1_000_000;
          given.forEach(({ asks, bids, afterMs, gap, dropped }, i) => {
            time += afterMs;
            dropping = dropped && i > 0;
            const book = { asks: sideOf('ask', asks), bids: sideOf('bid', bids) };
            recorder.receive(book, null, time, gap || i === 0);
            if (dropping) return;
            const last = kept.at(-1)!;
            expect(rebuilt).toMatchObject({ asks: last.asks, bids: last.bids });
            for (const side of ['asks', 'bids'] as const) {
              expect(columns[side]).toEqual(new Map(last[side]));
            }
          });
        }),
      );
    },
  );
});

describe('a GOPAX book', () => {
  interface Change {
    readonly side: 'ask' | 'bid';
    readonly tick: number;
    readonly volume: number;
  }
  const changes = fc.array(
    fc.record({
      side: fc.constantFrom<'ask' | 'bid'>('ask', 'bid'),
      tick: fc.nat({ max: 15 }),
      volume: fc.nat({ max: 3 }),
    }),
    { minLength: 1, maxLength: 40 },
  );

  /** One delta a change, numbered and dated in order. */
  function deltaOf({ side, tick, volume }: Change, id: number): WireObject {
    const entry = {
      entryId: String(id),
      price: priceOf(String(tick)),
      volume: String(volume),
      updatedAt: `${1_700_000_000 + id}.5`,
    };
    return { tradingPairName: 'BTC-KRW', ask: [], bid: [], [side]: [entry] };
  }

  it('is that of the changes in order, whatever is repeated, comes late or before the snapshot', () => {
    fc.assert(
      fc.property(
        changes,
        fc.nat(),
        fc.array(fc.nat({ max: 3 }), { minLength: 80, maxLength: 80 }),
        fc.nat({ max: 5 }),
        (list, cut, delays, early) => {
          const after = cut % (list.length + 1);
          const state = { ask: new Map<number, number>(), bid: new Map<number, number>() };
          const apply = ({ side, tick, volume }: Change): void => {
            if (volume === 0) state[side].delete(tick);
            else state[side].set(tick, volume);
          };
          list.slice(0, after).forEach(apply);
          const entries = (side: 'ask' | 'bid'): WireObject[] =>
            [...state[side]].map(([tick, volume]) => {
              const id = list.findLastIndex(
                (c, i) => i < after && c.side === side && c.tick === tick,
              );
              return (deltaOf({ side, tick, volume }, id + 1)[side] as WireObject[])[0]!;
            });
          const snapshot = { ask: entries('ask'), bid: entries('bid'), maxEntryId: String(after) };
          // Every delta from a little before the snapshot on, each twice, up to three places late.
          const from = Math.max(0, after - early);
          const sent = list
            .flatMap((change, i) => [
              { place: i + delays[i % 80]!, delta: deltaOf(change, i + 1) },
              { place: i + delays[(i * 7 + 3) % 80]!, delta: deltaOf(change, i + 1) },
            ])
            .slice(from * 2)
            .sort((a, b) => a.place - b.place);
          const book = new GopaxBook();
          const before = Math.min(early, sent.length);
          for (const { delta } of sent.slice(0, before)) book.delta(delta);
          expect(book.complete).toBe(false);
          book.snapshot(snapshot);
          for (const { delta } of sent.slice(before)) book.delta(delta);
          list.slice(after).forEach(apply);
          for (const side of ['ask', 'bid'] as const) {
            const levels = Object.fromEntries([...state[side]].map(([t, v]) => [String(t), v]));
            expect(book.sides[`${side}s`]).toEqual(sideOf(side, levels));
          }
        },
      ),
    );
  });
});
