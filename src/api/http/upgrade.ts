import type { IncomingMessage } from 'node:http';

/** Headers that only belong to an offer to switch protocols (RFC 9110 7.8, RFC 7540 3.2.1). */
const OFFER = new Set(['upgrade', 'http2-settings']);

/**
 * Whether a request asks for a WebSocket (RFC 6455 4.1). Ordinary requests may offer other
 * protocols (`h2c` by Java's HttpClient and `curl --http2`) and are simply answered.
 */
export function asksForWebSocket(req: IncomingMessage): boolean {
  return req.method === 'GET' && req.headers.upgrade?.trim().toLowerCase() === 'websocket';
}

/** Request line and headers as received, without the offer to switch protocols. */
export function plainHead(req: IncomingMessage): Buffer {
  let head = `${req.method} ${req.url} HTTP/${req.httpVersion}\r\n`;
  for (let i = 0; i < req.rawHeaders.length; i += 2) {
    const name = req.rawHeaders[i]!;
    let value = req.rawHeaders[i + 1]!;
    if (OFFER.has(name.toLowerCase())) continue;
    if (name.toLowerCase() === 'connection') {
      const options = value.split(',').filter((option) => !OFFER.has(option.trim().toLowerCase()));
      value = options.join(',').trim();
      if (value === '') continue;
    }
    head += `${name}: ${value}\r\n`;
  }
  // Node reads header bytes as Latin-1.
  return Buffer.from(`${head}\r\n`, 'latin1');
}
