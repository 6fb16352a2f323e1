import { timeFromText } from '../../market/time-text.js';

/** Selectable windows, ms. */
export const WINDOWS = {
  '15m': 15 * 60_000,
  '1h': 3_600_000,
  '6h': 6 * 3_600_000,
  '24h': 24 * 3_600_000,
  '7d': 7 * 24 * 3_600_000,
} as const;
/** Name of a window. */
export type WindowName = keyof typeof WINDOWS;

/** The part of the address after `?`, so that a link can be shared. */
export interface Place {
  readonly window: WindowName;
  /** Start of a custom window, which ends at `to`, Unix ms; null: as long as `window`. */
  readonly from: number | null;
  /** End of the window, Unix ms; null: now. */
  readonly to: number | null;
  /** The moment whose book is shown, Unix ms; null: the end. */
  readonly at: number | null;
}

function timeOf(text: string | null): number | null {
  return text === null ? null : timeFromText(text);
}

/** The place named by the address. */
export function readPlace(): Place {
  const query = new URLSearchParams(location.search);
  const window = query.get('window') ?? '';
  const to = timeOf(query.get('to'));
  const from = timeOf(query.get('from'));
  return {
    window: window in WINDOWS ? (window as WindowName) : '15m',
    from: from !== null && to !== null && from < to ? from : null,
    to,
    at: timeOf(query.get('at')),
  };
}

/** Puts a place into the address without a history entry. */
export function writePlace({ window, from, to, at }: Place): void {
  const query = new URLSearchParams(
    from === null ? { window } : { from: new Date(from).toISOString() },
  );
  if (to !== null) query.set('to', new Date(to).toISOString());
  if (at !== null) query.set('at', new Date(at).toISOString());
  history.replaceState(history.state, '', `?${query.toString()}`);
}

/** Shortest and longest custom window, ms. */
const LEAST_WINDOW = 2_000;
const GREATEST_WINDOW = 31 * 24 * 3_600_000;

/** Length of a place's window, ms. */
export function lengthOf({ window, from, to }: Place): number {
  return from === null || to === null ? WINDOWS[window] : to - from;
}

/** A place with a custom window; one that is too short or too long is adjusted. */
export function withWindow(place: Place, from: number, to: number): Place {
  const length = Math.min(GREATEST_WINDOW, Math.max(LEAST_WINDOW, to - from));
  const middle = (from + to) / 2;
  const start = Math.round(middle - length / 2);
  return { ...place, from: start, to: start + Math.round(length) };
}
