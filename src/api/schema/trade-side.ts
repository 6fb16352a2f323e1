import { builder } from './builder.js';

/** The taker's side. */
export const TradeSideEnum = builder.enumType('TradeSide', {
  description: 'Direction of a trade: the side of the taker.',
  values: {
    BUY: {
      value: 'buy',
      description: 'Buy the base asset: takes the asks, lowest price first, 매수.',
    },
    SELL: {
      value: 'sell',
      description: 'Sell the base asset: takes the bids, highest price first, 매도.',
    },
  } as const,
});
