import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { HttpErrorCode } from '../errors.js';
import { replyError } from './reply.js';

/** Why a request is refused, as the client sees it. */
export interface Refusal {
  readonly status: number;
  readonly code: HttpErrorCode;
  /** What was wrong and what would be right. */
  readonly message: string;
}

/** Answers a request with a refusal. */
export function refuse(res: ServerResponse, { status, code, message }: Refusal): void {
  replyError(res, status, code, message);
}

/** Writes a refusal to a bare socket and closes it, whether or not the client closes its side. */
export function refuseOnSocket(socket: Duplex, { status, code, message }: Refusal): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = `${JSON.stringify({ error: { code, message } })}\n`;
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n` +
      'Connection: close\r\nContent-Type: application/json; charset=utf-8\r\n' +
      `X-Content-Type-Options: nosniff\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}
