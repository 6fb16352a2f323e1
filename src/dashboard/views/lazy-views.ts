import { readPair } from '../data/pair.js';
import { warmFeed } from '../data/warm-feed.js';
import { lazy } from '../parts/lazy.js';

const market = lazy(async () => (await import('./market.js')).MarketView);
const premiums = lazy(async () => (await import('./premiums.js')).PremiumsView);
const premium = lazy(async () => (await import('./premium.js')).PremiumView);
const history = lazy(async () => (await import('./history.js')).HistoryView);
const events = lazy(async () => (await import('./events.js')).EventsView);
const quality = lazy(async () => (await import('./quality.js')).QualityView);

export const MarketView = market.View;
export const PremiumsView = premiums.View;
export const PremiumView = premium.View;
export const HistoryView = history.View;
export const EventsView = events.View;
export const QualityView = quality.View;

/** The views by the start of their addresses. */
const BY_PATH: Readonly<Record<string, { readonly preload: () => void }>> = {
  market,
  premium,
  history,
  events,
  quality,
};

/** Preloads what the page at an address needs first: its code, and the books of a market. */
export function preload(path: string): void {
  const [, view = '', rest] = path.split('/');
  if (view === 'premium' && rest === undefined) return premiums.preload();
  if (Object.hasOwn(BY_PATH, view)) BY_PATH[view]!.preload();
  if (view !== 'market') return;
  const pair = readPair(rest === undefined ? 'BTC-KRW' : decoded(rest));
  if (pair !== null) warmFeed(pair);
}

/** A decoded part of an address; unchanged where it cannot be decoded. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** How long a pointer must rest on a link before the view is preloaded, ms. */
const MEANT_AFTER = 60;

/** Preloads the targets of links about to be followed: on hover, focus or touch. */
export function preloadLinks(): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const linked = ({ target }: Event): string | null => {
    const link = target instanceof Element ? target.closest('a') : null;
    return link?.origin === location.origin && link.target === '' ? link.pathname : null;
  };
  const soon = (event: Event): void => {
    clearTimeout(timer);
    const path = linked(event);
    if (path !== null && path !== location.pathname) {
      timer = setTimeout(() => preload(path), MEANT_AFTER);
    }
  };
  addEventListener('pointerover', soon);
  addEventListener('focusin', soon);
  addEventListener('pointerdown', (event) => {
    clearTimeout(timer);
    const path = linked(event);
    if (path !== null && path !== location.pathname) preload(path);
  });
}
