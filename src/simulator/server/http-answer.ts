import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { gzipSync } from 'node:zlib';

/** Status, body and headers of an HTTP answer. */
export interface HttpAnswer {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Record<string, string>;
}

/** What every simulated exchange sends unless an answer says otherwise. */
const CONTENT_TYPE = 'application/json;charset=UTF-8';

/** Writes a REST reply; gzipped when `gzip` is on and the client accepts it. */
export function answerHttp(
  request: IncomingMessage,
  response: ServerResponse,
  answer: HttpAnswer,
  gzip: boolean,
): void {
  if (response.destroyed) return;
  const headers: Record<string, string | number> = withContentType(answer.headers);
  let body: Buffer = Buffer.from(answer.body ?? '');
  const accepted = `${request.headers['accept-encoding'] ?? ''}`;
  if (gzip && body.length > 0 && /\bgzip\b/.test(accepted)) {
    body = gzipSync(body);
    headers['Content-Encoding'] = 'gzip';
  }
  headers['Content-Length'] = body.length;
  response.writeHead(answer.status, headers);
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** Answers an upgrade request by an ordinary HTTP response and ends the connection. */
export function refuseUpgrade(tcp: Duplex, answer: HttpAnswer): void {
  const body = Buffer.from(answer.body ?? '');
  const headers = {
    ...withContentType(answer.headers),
    'Content-Length': body.length,
    Connection: 'close',
  };
  const lines = [`HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? 'Refused'}`];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  tcp.end(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body]));
}

/** The headers, with the usual content type unless they name one (in any spelling). */
function withContentType(headers: Record<string, string> = {}): Record<string, string> {
  const named = Object.keys(headers).some((name) => name.toLowerCase() === 'content-type');
  return named ? { ...headers } : { 'Content-Type': CONTENT_TYPE, ...headers };
}
