import { timeFromText } from '../../market/time-text.js';

/** Windows that can be chosen, ms. */
export const WINDOWS = {
  '15m': 15 * 60_000,
  '1h': 3_600_000,
  '6h': 6 * 3_600_000,
  '24h': 24 * 3_600_000,
  '7d': 7 * 24 * 3_600_000,
} as const;
/** Name of a window. */
export type WindowName = keyof typeof WINDOWS;

/** What stands behind the `?` of the address, so that it can be given to somebody. */
export interface Place {
  readonly window: WindowName;
  /** End of the window, Unix ms; null: now. */
  readonly to: number | null;
  /** The moment whose book is shown, Unix ms; null: the end. */
  readonly at: number | null;
}

function timeOf(text: string | null): number | null {
  return text === null ? null : timeFromText(text);
}

/** The place that the address names. */
export function readPlace(): Place {
  const query = new URLSearchParams(location.search);
  const window = query.get('window') ?? '';
  return {
    window: window in WINDOWS ? (window as WindowName) : '15m',
    to: timeOf(query.get('to')),
    at: timeOf(query.get('at')),
  };
}

/** Puts a place into the address, without a step to go back to. */
export function writePlace({ window, to, at }: Place): void {
  const query = new URLSearchParams({ window });
  if (to !== null) query.set('to', new Date(to).toISOString());
  if (at !== null) query.set('at', new Date(at).toISOString());
  history.replaceState(history.state, '', `?${query.toString()}`);
}
