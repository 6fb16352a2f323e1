import type { IncomingMessage, ServerResponse } from 'node:http';
import { LiveSlot, type TransportContext } from './live-slot.js';
import type { SseStreams } from './sse.js';
import type { ApiYoga } from './yoga.js';

/** GraphQL over HTTP: Yoga validates and executes; a subscription becomes an event stream. */
export function createGraphqlHttp(
  yoga: ApiYoga,
  sse: SseStreams,
): (req: IncomingMessage, res: ServerResponse) => Promise<void> {
  return async (req, res) => {
    const live = new LiveSlot();
    const context: TransportContext = { authorization: req.headers.authorization, live };
    try {
      const response = await yoga.handleNodeRequestAndResponse(req, res, context);
      const subscription = live.take();
      if (subscription === undefined) return await send(response, res);
      const stream = response.headers.get('content-type')?.startsWith('text/event-stream') ?? false;
      if (!stream) {
        subscription.discard();
        return await send(response, res);
      }
      // Yoga's own stream is empty; reading it to the end leaves no timer behind.
      await response.arrayBuffer();
      sse.serve(subscription, res);
    } finally {
      live.take()?.discard();
    }
  };
}

/** Sends a complete response. */
async function send(response: Response, res: ServerResponse): Promise<void> {
  const body = Buffer.from(await response.arrayBuffer());
  if (res.destroyed) return;
  res.writeHead(response.status, Object.fromEntries(response.headers));
  res.end(body);
}
