import { compareDecimal, DecimalFormatError, decimalFromWire } from '../../market/decimal.js';
import { kept, keptChoice } from './kept.js';

/** A decimal that a person wrote, as Decimal text; null when it is none, or is negative. */
export function decimalFromPerson(text: string): string | null {
  try {
    return decimalFromWire(text.trim().replaceAll(',', ''));
  } catch (error) {
    if (error instanceof DecimalFormatError) return null;
    throw error;
  }
}

/** A fee in percent, from 0 to 100, as Decimal text; null when a person wrote something else. */
export function feeFromPerson(text: string): string | null {
  const fee = decimalFromPerson(text);
  return fee === null || compareDecimal(fee, '100') > 0 ? null : fee;
}

/** What each trade costs, in percent of its amount. */
export const fee = kept<string>(
  'fee',
  (text) => (text === null ? null : feeFromPerson(text)) ?? '0',
  (value) => (value === '0' ? null : value),
);

/** Levels a side that a ladder shows. */
export const LADDER_ROWS = ['5', '10', '15', '30'] as const;
/** How many are chosen. */
export const ladderRows = keptChoice<(typeof LADDER_ROWS)[number]>(
  'ladder-rows',
  LADDER_ROWS,
  '10',
);
/** Whether volumes are in the coin or in the quote currency. */
export const ladderUnit = keptChoice<'coin' | 'quote'>('ladder-unit', ['coin', 'quote'], 'coin');

/** Columns of a ladder that may be hidden, as they stand beside each other. */
export const LADDER_COLUMNS = ['volume', 'sum'] as const;
/** One of them. */
export type LadderColumn = (typeof LADDER_COLUMNS)[number];
/** Those that are shown. */
export const ladderColumns = kept<readonly LadderColumn[]>(
  'ladder-columns',
  (text) =>
    text === null ? ['volume'] : LADDER_COLUMNS.filter((each) => text.split(',').includes(each)),
  (value) => (value.length === 1 && value[0] === 'volume' ? null : value.join()),
);

/** Names that the browser keeps, each once, in the order in which they were added. */
function keptNames(key: string) {
  return kept<readonly string[]>(
    key,
    (text) => [...new Set((text ?? '').split(',').filter((name) => name !== ''))],
    (value) => (value.length === 0 ? null : value.join()),
  );
}

/** Exchanges whose ladders are hidden. */
export const hiddenExchanges = keptNames('hidden-exchanges');
/** Pairs that a person wants at hand, such as `BTC-KRW`. */
export const favourites = keptNames('favourites');

/** A list with a name added, or without it when it was there. */
export function toggled(names: readonly string[], name: string): readonly string[] {
  return names.includes(name) ? names.filter((each) => each !== name) : [...names, name];
}
