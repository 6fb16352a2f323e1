import { compareDecimal, DecimalFormatError, decimalFromWire } from '../../market/decimal.js';
import { kept, keptChoice } from './kept.js';

/** A user-entered decimal as Decimal text; null when it is not one, or is negative. */
export function decimalFromPerson(text: string): string | null {
  try {
    return decimalFromWire(text.trim().replaceAll(',', ''));
  } catch (error) {
    if (error instanceof DecimalFormatError) return null;
    throw error;
  }
}

/** A user-entered fee in percent, from 0 to 100, as Decimal text; null for anything else. */
export function feeFromPerson(text: string): string | null {
  const fee = decimalFromPerson(text);
  return fee === null || compareDecimal(fee, '100') > 0 ? null : fee;
}

/** Fee per trade, in percent of its amount. */
export const fee = kept<string>(
  'fee',
  (text) => (text === null ? null : feeFromPerson(text)) ?? '0',
  (value) => (value === '0' ? null : value),
);

/** Selectable numbers of levels a side in a ladder. */
export const LADDER_ROWS = ['5', '10', '15', '30'] as const;
/** The selected number. */
export const ladderRows = keptChoice<(typeof LADDER_ROWS)[number]>(
  'ladder-rows',
  LADDER_ROWS,
  '10',
);
/** Whether volumes are in the coin or in the quote currency. */
export const ladderUnit = keptChoice<'coin' | 'quote'>('ladder-unit', ['coin', 'quote'], 'coin');

/** Columns of a ladder that may be hidden, in display order. */
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

/** Names kept by the browser, each once, in the order in which they were added. */
function keptNames(key: string) {
  return kept<readonly string[]>(
    key,
    (text) => [...new Set((text ?? '').split(',').filter((name) => name !== ''))],
    (value) => (value.length === 0 ? null : value.join()),
  );
}

/** Exchanges whose ladders are hidden. */
export const hiddenExchanges = keptNames('hidden-exchanges');
/** Pairs the user wants at hand, such as `BTC-KRW`. */
export const favourites = keptNames('favourites');

/** A list with a name toggled. */
export function toggled(names: readonly string[], name: string): readonly string[] {
  return names.includes(name) ? names.filter((each) => each !== name) : [...names, name];
}
