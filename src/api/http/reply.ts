import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { HttpErrorCode } from '../errors.js';

/** Answers with a JSON text. */
export function replyJson(res: ServerResponse, status: number, body: unknown): void {
  replyText(res, status, 'application/json; charset=utf-8', `${JSON.stringify(body)}\n`);
}

/** Answers outside GraphQL with an error: `{"error":{"code","message"}}`. */
export function replyError(
  res: ServerResponse,
  status: number,
  code: HttpErrorCode,
  message: string,
): void {
  replyJson(res, status, { error: { code, message } });
}

/** Bytes of a large answer that are written at a time. */
const PIECE = 64 * 1024;

/**
 * Answers with a large text that is kept anyway, piece by piece as the client takes it. Handed over
 * whole it would count as lying untaken for every client that is slow.
 */
export async function replyInPieces(
  res: ServerResponse,
  type: string,
  body: Buffer,
): Promise<void> {
  res.writeHead(200, {
    'content-type': type,
    'content-length': body.length,
    'cache-control': 'no-store',
  });
  const gone = new AbortController();
  res.once('close', () => gone.abort());
  try {
    for (let at = 0; at < body.length; at += PIECE) {
      if (!res.write(body.subarray(at, at + PIECE))) {
        await once(res, 'drain', { signal: gone.signal });
      }
    }
    res.end();
  } catch (error) {
    if (!gone.signal.aborted) throw error;
  }
}

/** Answers with a whole text; a HEAD request gets its headers only. */
export function replyText(
  res: ServerResponse,
  status: number,
  type: string,
  body: string | Buffer,
): void {
  res.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  });
  res.end(body);
}
