import type { Exchange } from '../../market/exchange.js';
import type { Sheet } from '../sheet.js';
import { BITHUMB_SHEET } from './bithumb.js';
import { COINONE_SHEET } from './coinone.js';
import { GOPAX_SHEET } from './gopax.js';
import { KORBIT_SHEET } from './korbit.js';
import { UPBIT_SHEET } from './upbit.js';

/** What is known of each exchange. */
export const SHEETS: Readonly<Record<Exchange, Sheet>> = {
  BITHUMB: BITHUMB_SHEET,
  COINONE: COINONE_SHEET,
  GOPAX: GOPAX_SHEET,
  KORBIT: KORBIT_SHEET,
  UPBIT: UPBIT_SHEET,
};
