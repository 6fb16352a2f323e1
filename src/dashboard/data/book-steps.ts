import { useRef, useState } from 'preact/hooks';
import { StepBooksDocument, type StepBooksQuery } from '../gql/graphql.js';
import { ask } from './connection.js';
import type { MarketId } from './markets.js';

/** A stored book and its position among its market's books. */
type Step = StepBooksQuery['books']['edges'][number];

/** The book from which a step starts. */
interface From {
  readonly at: number;
  readonly sequence: string;
}

/**
 * Steps to the previous or next stored book, by position, since several may share a millisecond.
 * @param onStep called with its time, Unix ms
 */
export function useBookSteps(market: MarketId, onStep: (at: number) => void) {
  const [here, setHere] = useState<Step | null>(null);
  const [end, setEnd] = useState<'first' | 'last' | null>(null);
  /** The book of a step, as long as the page shows its time. */
  const bookAt = (at: number): Step['node'] | null =>
    here !== null && Date.parse(here.node.timestamp) === at ? here.node : null;
  /** The steps requested, and the book that the last one reached. */
  const turn = useRef<Promise<Step | null>>(Promise.resolve(null));
  const waiting = useRef(0);
  const take = async (by: -1 | 1, known: Step | null, from: From): Promise<Step | null> => {
    const place =
      known !== null
        ? by === 1
          ? { after: known.cursor, first: 1 }
          : { before: known.cursor, last: 1 }
        : by === 1
          ? { from: from.at + 1, first: 1 }
          : // The last two: the book that is shown, and the one before it.
            { to: from.at + 1, last: 2 };
    const { books } = await ask(StepBooksDocument, { ...market, ...place });
    const found = books.edges.filter(({ node }) => node.sequence !== from.sequence);
    const next = by === 1 ? found[0] : found.at(-1);
    setEnd(next === undefined ? (by === 1 ? 'last' : 'first') : null);
    if (next === undefined) return known;
    setHere(next);
    onStep(Date.parse(next.node.timestamp));
    return next;
  };
  /** Steps requested faster than they are answered run one after the other. */
  const step = (by: -1 | 1, from: From): void => {
    const shown = here !== null && here.node.sequence === from.sequence ? here : null;
    const waits = waiting.current > 0;
    waiting.current++;
    turn.current = turn.current
      .then((reached) => {
        const known = waits ? (reached ?? shown) : shown;
        const sequence = known?.node.sequence ?? from.sequence;
        return take(by, known, { at: from.at, sequence });
      })
      .catch(() => null)
      .finally(() => {
        waiting.current--;
      });
  };
  return { bookAt, end, step };
}
