import type { ServerResponse } from 'node:http';
import type { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { HttpErrorCode } from '../errors.js';

/** Answers with JSON. */
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

/** Bytes of a large response written at a time. */
const PIECE = 64 * 1024;

/**
 * Answers with a large text that is kept anyway, piece by piece as the client reads it. Written
 * whole, it would count as unread bytes for every slow client.
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
  function* pieces(): Iterable<Buffer> {
    for (let at = 0; at < body.length; at += PIECE) yield body.subarray(at, at + PIECE);
  }
  await pipeToClient(pieces(), res);
}

/**
 * Writes a response body as the client reads it, and ends it; a client that leaves ends it early.
 * Nothing more is read from `source` afterwards.
 * @param through for example a compression
 * @throws what `source` throws; the connection is then cut
 */
export async function pipeToClient(
  source: Iterable<Buffer> | AsyncIterable<string | Buffer>,
  res: ServerResponse,
  through: Transform | null = null,
): Promise<void> {
  try {
    await (through === null ? pipeline(source, res) : pipeline(source, through, res));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}

/** Answers with a text; a HEAD request gets only the headers. */
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
