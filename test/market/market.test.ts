import { describe, expect, it } from '@jest/globals';
import { MarketHandle, marketKey, pairText } from '../../src/market/market.js';

describe('a market handle', () => {
  const handle = new MarketHandle('UPBIT', { symbol: 'BTC', currency: 'KRW' });

  it('gives the texts of an ordinary market', () => {
    const market = { exchange: 'UPBIT', symbol: 'BTC', currency: 'KRW' } as const;
    expect(marketKey(handle)).toBe(marketKey(market));
    expect(pairText(handle)).toBe(pairText(market));
    expect(handle).toEqual(market);
    expect(JSON.stringify(handle)).toBe(JSON.stringify(market));
  });

  it('loses its texts, not its names, on the way to another thread or in another object', () => {
    const copy = structuredClone<{ exchange: 'UPBIT'; symbol: string; currency: string }>(
      handle as never,
    );
    expect(marketKey(copy)).toBe('UPBIT:BTC-KRW');
    expect(marketKey({ ...handle, symbol: 'ETH' })).toBe('UPBIT:ETH-KRW');
  });

  it('keeps the spelling of the exchange for the wire', () => {
    const spelled = new MarketHandle('BITHUMB', {
      symbol: 'USDC.E',
      currency: 'KRW',
      code: 'KRW-USDC.e',
    });
    expect(spelled.code).toBe('KRW-USDC.e');
    expect(pairText(spelled)).toBe('USDC.E-KRW');
  });
});
