import { type Exchange, EXCHANGE_FACTS, EXCHANGES } from '../../market/exchange.js';
import { builder } from './builder.js';

/** The exchanges. */
export const ExchangeEnum = builder.enumType('Exchange', {
  description: 'A Korean crypto exchange whose order books are recorded.',
  values: Object.fromEntries(
    EXCHANGES.map((exchange) => {
      const { name, koreanName } = EXCHANGE_FACTS[exchange];
      return [exchange, { description: `${name}, ${koreanName}.` }];
    }),
  ) as Record<Exchange, { description: string }>,
});
