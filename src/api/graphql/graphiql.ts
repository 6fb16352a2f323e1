import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { GraphiQLOptions } from 'graphql-yoga';
import { EXCHANGES_IN_ORDER } from '../../market/exchange.js';
import { GRAPHQL_PATH } from './yoga.js';

const legs = EXCHANGES_IN_ORDER.map(
  (exchange) => `  ${exchange.toLowerCase()}: orderbook(exchange: ${exchange}) { ...Top }\n`,
).join('');

const ALL = `# One market on all exchanges. Press play.
query AllExchanges {
${legs}}

fragment Top on Orderbook {
  exchange
  symbol
  currency
  timestamp
  sequence
  spread
  midPrice
  asks(depth: 3) { price volume }
  bids(depth: 3) { price volume }
}
`;

const LIVE = `# All recorded Upbit markets, live. Press play.
subscription Live {
  orderbook(exchange: UPBIT) {
    symbol
    currency
    timestamp
    sequence
    bestAsk { price volume }
    bestBid { price volume }
    spread
  }
}
`;

const ACROSS = `# All exchanges side by side, twice a second. Press play.
subscription Across {
  consolidated(symbol: "BTC", currency: "KRW", every: 500) {
    bestAsk { exchange price volume }
    bestBid { exchange price volume }
    spread
    legs { exchange state stale ageMs }
  }
}
`;

const CONTROL = `# Start recording a market; stopCollector ends it.
mutation Start {
  startCollector(exchange: UPBIT, symbol: "ETH", currency: "KRW") {
    exchange
    symbol
    currency
    state
    books
    error
  }
}
`;

const HISTORY = `# What was recorded, what is missing, and what happened.
query History {
  orderbookRows(exchange: UPBIT, symbol: "BTC", first: 20) {
    edges { node { timestamp symbol currency side price volume } }
    pageInfo { hasNextPage endCursor }
  }
  gaps(first: 20) {
    edges { node { exchange symbol currency start end cause detail } }
  }
  logs(first: 20) {
    edges { node { timestamp level exchange symbol event message } }
  }
  collectors { exchange symbol currency state books reconnects lastBookAt error }
}
`;

/** The page's settings; with a token, the mutation tab shows where to put it. */
function graphiqlOptions(tokenWanted: boolean): GraphiQLOptions {
  const headers = tokenWanted ? '{\n  "authorization": "Bearer <API_TOKEN>"\n}' : null;
  return {
    title: 'Korean order books',
    endpoint: GRAPHQL_PATH,
    // Otherwise subscriptions would go by GET, which the cross-site check refuses.
    method: 'POST',
    // Otherwise the page would keep the token in the browser's storage.
    shouldPersistHeaders: false,
    defaultQuery: ALL,
    defaultTabs: [
      { query: ALL },
      { query: LIVE },
      { query: ACROSS },
      { query: CONTROL, headers },
      { query: HISTORY },
    ],
  };
}

/**
 * With three tabs or more, GraphiQL's drag animation leaves a stale offset on each tab that takes
 * effect on mouse down, so the first click on a tab misses it.
 */
const TABS_FIX = '<style>.graphiql-tab { transform: none !important; }</style></head>';

/** Link back to the dashboard. */
const BACK =
  '<a href="/" style="position:fixed;right:16px;bottom:6px;z-index:9;font:12px system-ui,sans-serif">Dashboard</a>';

/** The GraphiQL page, plain and compressed. */
export interface GraphiqlPage {
  readonly html: Buffer;
  readonly gzip: Buffer;
  /** Its `Content-Security-Policy`. */
  readonly policy: string;
}

/**
 * What the page may do: run exactly its own scripts, and talk to this server only. Its editor
 * creates styles at run time and workers from blobs, neither of which a hash can cover.
 */
function policyOf(html: string): string {
  const scripts = [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(
    ([, code]) => `'sha256-${createHash('sha256').update(code!).digest('base64')}'`,
  );
  return [
    "default-src 'none'",
    `script-src ${scripts.join(' ')}`,
    'worker-src blob:',
    "style-src 'unsafe-inline'",
    'img-src data:',
    'font-src data:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/**
 * The GraphiQL page with all its code inlined: Yoga's own page loads it from a CDN and stays blank
 * without internet. At 9 MB, it is built on the first request and compressed once.
 */
export function graphiqlPage(tokenWanted: boolean): () => Promise<GraphiqlPage> {
  let page: Promise<GraphiqlPage> | undefined;
  return () =>
    (page ??= (async () => {
      const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
      const text = renderGraphiQL(graphiqlOptions(tokenWanted)).replace('</head>', TABS_FIX);
      // The last one: the scripts contain the same closing tag in their strings.
      const end = text.lastIndexOf('</body>');
      const whole = `${text.slice(0, end)}${BACK}${text.slice(end)}`;
      const html = Buffer.from(whole);
      return { html, gzip: await promisify(gzip)(html), policy: policyOf(whole) };
    })());
}
