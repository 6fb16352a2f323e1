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
