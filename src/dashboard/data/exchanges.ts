import { computed, effect, signal } from '@preact/signals';
import { type Exchange, ExchangesDocument, type ExchangesQuery } from '../gql/graphql.js';
import { ask, connectionCount } from './connection.js';
import { dark, lang } from './settings.js';

/** An exchange in the server's table: its names, order and colours. */
export type ExchangeFace = ExchangesQuery['exchanges'][number];

/** The server's table of exchanges in display order; empty until it arrives. No view is drawn before. */
export const exchangeFaces = signal<readonly ExchangeFace[]>([]);

/** The exchanges in display order. */
export const exchangeOrder = computed<readonly Exchange[]>(() =>
  exchangeFaces.value.map(({ exchange }) => exchange),
);

/** The exchanges' names in the page's language. */
export const exchangeNames = computed(
  () =>
    Object.fromEntries(
      exchangeFaces.value.map(({ exchange, name, koreanName }) => [
        exchange,
        lang.value === 'ko' ? koreanName : name,
      ]),
    ) as Record<Exchange, string>,
);

/** The first exchange: for addresses that name none. */
export function firstExchange(): Exchange {
  return exchangeOrder.value[0]!;
}

/** The style property with an exchange's colour on the current background. */
export function colourName(exchange: Exchange): string {
  return `ex-${exchange}`;
}

/** Exchanges' lines differ in more than their colour, by display order. */
const DASHES: readonly (readonly number[])[] = [[], [8, 3], [2, 2], [10, 3, 2, 3], [4, 4], [12, 4]];

/** Lengths of the dashes and gaps of an exchange's line, px; empty for a solid one. */
export function dashOf(exchange: Exchange): number[] {
  return [...DASHES[exchangeOrder.value.indexOf(exchange) % DASHES.length]!];
}

effect(() => {
  const { style } = document.documentElement;
  for (const { exchange, color } of exchangeFaces.value) {
    style.setProperty(`--${colourName(exchange)}`, dark.value ? color.dark : color.light);
  }
});

/** Loads the table with each connection: a newer server may have more exchanges. */
export function followExchanges(): void {
  const load = async (): Promise<void> => {
    try {
      const { exchanges } = await ask(ExchangesDocument, {});
      exchangeFaces.value = [...exchanges].sort((a, b) => a.order - b.order);
    } catch {
      // The banner says that the server is unreachable; the next connection tries again.
    }
  };
  void load();
  connectionCount.subscribe((count) => {
    if (count > 1 || (count > 0 && exchangeFaces.peek().length === 0)) void load();
  });
}
