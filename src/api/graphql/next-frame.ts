import type { Duplex } from 'node:stream';
import type { FrameTemplate, Rendering } from '../../live/rendering.js';

/** First byte of a frame that is a whole text message (RFC 6455 5.2). */
const WHOLE_TEXT = 0x81;
const BEFORE_ID = '{"id":';
const BEHIND_ID = ',"type":"next","payload":';

/** An operation's id as it stands in its messages. */
export function encodedId(id: string): Buffer {
  return Buffer.from(JSON.stringify(id));
}

/**
 * Writes a `next` message of `graphql-transport-ws` as a whole WebSocket frame to a client's socket. A
 * server's frames are not masked, so frames for operations whose ids are equally long differ in the
 * id alone: one frame is made, and for each client only its id is put into it. That is right because
 * a socket that has nothing left to write has handed all bytes to the system; where something is
 * left, the frame is that socket's and the next client gets another.
 * @param id as {@link encodedId} gives it
 * @returns false when the socket is full, as its `write` does
 */
export function writeNext(socket: Duplex, id: Buffer, rendering: Rendering): boolean {
  let { template } = rendering;
  if (template?.idLength !== id.length) {
    template = makeTemplate(rendering.text, id.length);
    rendering.template = template;
  }
  template.frame.set(id, template.idAt);
  const empty = socket.write(template.frame);
  if (socket.writableLength > 0) rendering.template = null;
  return empty;
}

function makeTemplate(json: string, idLength: number): FrameTemplate {
  const tail = `${BEHIND_ID}${json}}`;
  const length = BEFORE_ID.length + idLength + Buffer.byteLength(tail);
  const start = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(start + length);
  frame[0] = WHOLE_TEXT;
  if (length < 126) frame[1] = length;
  else if (length < 65_536) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.write(BEFORE_ID, start, 'latin1');
  const idAt = start + BEFORE_ID.length;
  frame.write(tail, idAt + idLength, 'utf8');
  return { frame, idAt, idLength };
}
