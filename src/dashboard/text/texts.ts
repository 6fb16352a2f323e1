import { computed } from '@preact/signals';
import { exchangeNames } from '../data/exchanges.js';
import { lang } from '../data/settings.js';
import type { Exchange } from '../gql/graphql.js';
import { EN } from './en.js';
import { KO } from './ko.js';

/** All texts of the page, in one language. */
type Texts = typeof EN & {
  /** The exchanges' names, from the server's table. */
  readonly exchange: Readonly<Record<Exchange, string>>;
};

/** The texts in the selected language. */
export const t = computed<Texts>(() => ({
  ...(lang.value === 'ko' ? KO : EN),
  exchange: exchangeNames.value,
}));
