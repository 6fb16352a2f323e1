import { describe, expect, it } from '@jest/globals';
import type { TradePiece } from '../../src/market/trade-span.js';
import type { LaneItem, TradeItem, WordItem } from '../../src/nats/lane-items.js';
import { absorb } from '../../src/nats/waiting-words.js';

const unproven = (start: number, end: number): TradePiece => {
  return { start, end, completeness: 'UNPROVEN', cause: null, detail: null, checked: false };
};
const verified = (start: number, end: number): TradePiece => {
  return { ...unproven(start, end), completeness: 'VERIFIED_BY_REST', checked: true };
};
const word = (kind: WordItem['kind'], message: object, behind?: TradeItem): WordItem => {
  return { kind, message, id: '', receivedAt: 0, ...(behind === undefined ? {} : { behind }) };
};
const trade: TradeItem = {
  kind: 'trade',
  message: {},
  id: '',
  tradedAt: 1,
  receivedAt: 0,
  fill: true,
};

/** What waits once these were added, and what was doubted. */
function waiting(items: readonly LaneItem[]) {
  const queue: LaneItem[] = [];
  const doubted: object[] = [];
  for (const item of items) {
    const absorbed = item.kind === 'book' || item.kind === 'trade' ? null : absorb(queue, item);
    if (absorbed === null) queue.push(item);
    else if (absorbed.doubted !== null) doubted.push(absorbed.doubted);
  }
  return { queue: queue.map((item) => ('message' in item ? item.message : item)), doubted };
}

describe('a span of trades that waits', () => {
  it('takes in the next one that says the same, whatever else waits between but trades', () => {
    const spans = [unproven(0, 30), unproven(30, 60), unproven(60, 90)].map((p) => word('span', p));
    const minute = word('coverage', { minute: 0 });
    expect(waiting([spans[0]!, minute, spans[1]!, trade, spans[2]!]).queue).toEqual([
      unproven(0, 60),
      { minute: 0 },
      {},
      unproven(60, 90),
    ]);
  });

  it('takes in none that lies apart, says otherwise, or rests upon other trades', () => {
    const [one, other] = [{ ...trade }, { ...trade }];
    const said = [unproven(0, 30), unproven(40, 60), verified(60, 70), verified(70, 80)];
    const items = said.map((piece, i) => word('span', piece, i < 3 ? one : other));
    expect(waiting(items).queue).toEqual(said);
  });

  it('becomes a gap with all that follow where too many do, and never vouches for more than was said', () => {
    const said = Array.from({ length: 100 }, (_, i) =>
      (i % 2 === 0 ? unproven : verified)(i * 10, i * 10 + 10),
    );
    const { queue, doubted } = waiting(said.map((piece) => word('span', piece)));
    expect(queue).toHaveLength(16);
    expect(queue.slice(0, -1)).toEqual(said.slice(0, 15));
    expect(queue.at(-1)).toMatchObject({
      ...{ start: 150, end: 1_000, completeness: 'GAP', cause: 'BUS_FAILED', checked: false },
    });
    // Who said otherwise of it is to know, and to say so again: that is no further doubt.
    const last = doubted.at(-1) as TradePiece;
    expect(last).toMatchObject({ start: 150, end: 1_000 });
    const again = word('span', { ...last, completeness: 'GAP', checked: false });
    const gap = word('span', queue.at(-1) as TradePiece);
    expect(absorb([gap], again)).toEqual({ doubted: null });
    expect(gap.message).toEqual(queue.at(-1));
  });
});

it('lets a gap that waits change and end in its place, but not over a book', () => {
  const gap = (start: number, end: number | null) => word('gap', { start, end });
  const book = { kind: 'book', event: null as never, receivedAt: 0 } as const;
  const items = [gap(0, null), gap(5, null), gap(0, 7), book, gap(5, 9)];
  expect(waiting(items).queue).toEqual([
    { start: 0, end: 7 },
    { start: 5, end: null },
    book,
    { start: 5, end: 9 },
  ]);
});
