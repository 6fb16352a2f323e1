import { matchTrades, type TradeMatch } from '../../market/trade-match.js';
import { touchedSide } from '../../market/trade.js';
import type { TradesSeen } from '../evidence.js';
import { holds, is, type Judgement, unseen } from '../fact.js';

/** Ids of the facts about an exchange's trades that the doctor checks. */
interface TradeFactIds {
  /** The side is the taker's. */
  readonly side: string;
  /** How the ids of both feeds are related. */
  readonly ids: string;
  /** The form of a row of the history. */
  readonly rows: string;
}

/** The facts about trades, the same for all exchanges. @param shared whether both feeds have the same ids */
export function tradeFacts({ side, ids, rows }: TradeFactIds, shared: boolean) {
  return {
    [side]: is('the side is the taker’s, in both feeds', takersSide),
    [ids]: shared
      ? is('stream and history have the same ids', idsShared)
      : is('stream and history have other ids', idsApart),
    [rows]: is('rows of the history are read, their times are of UTC', rowsRead),
  };
}

/** The trades of the stream beside those of the history for the same time. */
function matches({ pairs }: TradesSeen): TradeMatch[] {
  return pairs.flatMap(({ live, page }) => {
    const trades = live.map(({ trade }) => trade);
    const times = trades.map(({ exchangeTimestamp }) => exchangeTimestamp);
    if (page === null || times.length === 0) return [];
    const [first, last] = [Math.max(page.from, Math.min(...times)), Math.max(...times)];
    const within = ({ exchangeTimestamp: time }: (typeof trades)[number]): boolean =>
      time >= first - 1000 && time <= last;
    return [matchTrades(page.trades.filter(within), trades.filter(within))];
  });
}

const sum = (found: readonly TradeMatch[], count: (match: TradeMatch) => number): number =>
  found.reduce((total, match) => total + count(match), 0);

function takersSide(seen: TradesSeen): Judgement {
  let agreed = 0;
  let differed = 0;
  for (const { trade, book } of seen.pairs.flatMap(({ live }) => live)) {
    const touched = book === null ? null : touchedSide(book, trade.price);
    if (touched === null) continue;
    if (touched === trade.side) agreed++;
    else differed++;
  }
  const otherSide = sum(
    matches(seen),
    ({ differing }) =>
      differing.filter(({ history, stored }) => history.side !== stored.side).length,
  );
  const text = `${agreed} took the side that they name, ${differed} the other; ${otherSide} with another side in the history`;
  if (agreed + differed === 0 && otherSide === 0)
    return unseen(seen.unreadable[0] ?? 'no trade at the touch of a book');
  // The book may have moved between the two frames.
  return holds(differed * 4 <= agreed && otherSide === 0, text);
}

function idsShared(seen: TradesSeen): Judgement {
  const found = matches(seen);
  const [agreed, other] = [sum(found, (m) => m.agreed), sum(found, (m) => m.otherIds)];
  if (agreed === 0) return unseen('no trade was in both feeds');
  return holds(other === 0, `${agreed} trades in both feeds, ${other} with other ids`);
}

function idsApart(seen: TradesSeen): Judgement {
  const live = seen.pairs.flatMap(({ live: some }) => some.map(({ trade }) => trade));
  const rest = new Set(
    seen.pairs.flatMap(({ page }) => (page?.trades ?? []).map(({ tradeId }) => tradeId)),
  );
  if (live.length === 0 || rest.size === 0) return unseen('no trade was in both feeds');
  const equal = live.filter(({ tradeId }) => rest.has(tradeId));
  return holds(
    equal.length === 0,
    `${live.length} of the stream, ${equal.length} with an id of the history`,
  );
}

function rowsRead({ pairs }: TradesSeen): Judgement {
  const pages = pairs.flatMap(({ page }) => (page === null ? [] : [page]));
  if (pages.length === 0) return unseen(pairs[0]?.failure ?? 'no page came');
  const wrong = pages.find(({ unreadable }) => unreadable > 0);
  if (wrong !== undefined) return holds(false, wrong.reason!);
  const zones = pages.reduce((total, { otherZone }) => total + otherZone, 0);
  const count = pages.reduce((total, { trades }) => total + trades.length, 0);
  if (count === 0) return unseen('no trade came');
  return holds(zones === 0, `${count} rows, ${zones} with a text of another time`);
}
