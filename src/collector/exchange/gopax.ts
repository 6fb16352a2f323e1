import type { ExchangeAdapter, FeedContext } from '../feed.js';
import { RateLimiter } from '../rate-limiter.js';
import { wireArray, WireError, wireObject, wireText } from '../wire.js';
import { WSFeed } from '../ws-feed.js';
import { GopaxHandover } from './gopax-handover.js';
import { listFrom } from './list-from.js';

/** GOPAX. */
export const gopax: ExchangeAdapter = {
  exchange: 'GOPAX',
  listMarkets: (rest) =>
    listFrom(rest, '/trading-pairs', (body) =>
      wireArray(body, 'the market list').map((item) => {
        const row = wireObject(item, 'a row of the market list');
        const name = wireText(row['name'], 'name');
        const dash = name.indexOf('-');
        if (dash <= 0) throw new WireError(`name is "${name}"; expected e.g. BTC-KRW`);
        return {
          symbol: name.slice(0, dash),
          currency: name.slice(dash + 1),
          koreanName: null,
          englishName: null,
        };
      }),
    ),
  createFeed: (context: FeedContext) => {
    // 20 connects a second, else HTTP 429 (gopax.md 1).
    const connects = new RateLimiter([{ count: 10, ms: 1000 }]);
    if (context.gopaxKeys === null) context.host.log('GOPAX_UNSIGNED', null, undefined);
    return new WSFeed(() => new GopaxHandover(context, connects));
  },
};
