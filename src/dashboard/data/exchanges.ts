import { computed, effect, signal } from '@preact/signals';
import { type Exchange, ExchangesDocument, type ExchangesQuery } from '../gql/graphql.js';
import { ask, connectionCount } from './connection.js';
import { dark, lang } from './settings.js';

/** An exchange as the server's table has it: its names, its place, its colours. */
export type ExchangeFace = ExchangesQuery['exchanges'][number];

/** The server's table of exchanges in its order; empty until it has come. No view is drawn before. */
export const exchangeFaces = signal<readonly ExchangeFace[]>([]);

/** The exchanges in the order in which the page shows them. */
export const exchangeOrder = computed<readonly Exchange[]>(() =>
  exchangeFaces.value.map(({ exchange }) => exchange),
);

/** The exchanges' names in the language of the page. */
export const exchangeNames = computed(
  () =>
    Object.fromEntries(
      exchangeFaces.value.map(({ exchange, name, koreanName }) => [
        exchange,
        lang.value === 'ko' ? koreanName : name,
      ]),
    ) as Record<Exchange, string>,
);

/** The first exchange: that of addresses that name none. */
export function firstExchange(): Exchange {
  return exchangeOrder.value[0]!;
}

/** The style property that holds an exchange's colour on the ground of the moment. */
export function colourName(exchange: Exchange): string {
  return `ex-${exchange}`;
}

/** Lines of exchanges differ in more than their colour, by their place in the order. */
const DASHES: readonly (readonly number[])[] = [[], [8, 3], [2, 2], [10, 3, 2, 3], [4, 4], [12, 4]];

/** Lengths of the dashes and gaps of an exchange's line, px; empty for an unbroken one. */
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
      // The banner says that the server is out of reach; the next connection asks again.
    }
  };
  void load();
  connectionCount.subscribe((count) => {
    if (count > 1 || (count > 0 && exchangeFaces.peek().length === 0)) void load();
  });
}
