import { builder } from './builder.js';

/** The side of who takes. */
export const TradeSideEnum = builder.enumType('TradeSide', {
  description: 'Which way a trade goes: the side of the taker.',
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
