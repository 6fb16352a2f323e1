/**
 * Live subscribers in a separate process, two for each exchange: each exchange's best levels of all
 * markets, and the whole BTC-KRW book of each. Measures from the receipt of a book by the recorder to
 * its arrival here. Reports its figures when asked by a message.
 */
import { createHistogram } from 'node:perf_hooks';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { EXCHANGES } from '../dist/market/exchange.js';

const url = process.argv[2];
let latency = createHistogram();
let deliveries = 0;
const client = createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0, lazy: false });
const subscribe = (query) =>
  client.subscribe(
    { query },
    {
      next: ({ data, errors }) => {
        if (errors !== undefined) throw new Error(JSON.stringify(errors));
        latency.record(Math.max(1, Date.now() - Date.parse(data.orderbook.timestamp)));
        deliveries++;
      },
      error: (error) => {
        console.error(error);
        process.exit(1);
      },
      complete: () => process.exit(0),
    },
  );
for (const exchange of EXCHANGES) {
  subscribe(
    `subscription { orderbook(exchange: ${exchange}) { exchange symbol currency timestamp bestAsk { price volume } bestBid { price volume } } }`,
  );
  subscribe(
    `subscription { orderbook(exchange: ${exchange}, symbol: "BTC", currency: "KRW") { timestamp sequence asks { price volume } bids { price volume } } }`,
  );
}
process.on('message', () => {
  const { max } = latency;
  process.send({ deliveries, p50: latency.percentile(50), p99: latency.percentile(99), max });
  latency = createHistogram();
  deliveries = 0;
});
