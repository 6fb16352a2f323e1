import type { BookMaker } from '../../src/simulator/book/book.js';
import { SyntheticBook } from '../../src/simulator/book/synthetic-book.js';

/** Levels a side of a book at most, as most exchanges have. */
const DEPTH = 60;

/** Books without the thousand levels of GOPAX: to record those costs ten times as much. */
export const shallow: BookMaker = (_pair, spec, seed) => {
  const depth = Math.min(DEPTH, spec.depth);
  const bidDepth = Math.min(DEPTH, spec.bidDepth ?? depth);
  return new SyntheticBook({ ...spec, depth, bidDepth }, seed);
};

/** Books as deep as those of the exchanges. */
export const deep: BookMaker = (_pair, spec, seed) => new SyntheticBook(spec, seed);
