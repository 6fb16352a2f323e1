import type { Duplex } from 'node:stream';
import type { FrameTemplate, Rendering } from '../../live/rendering.js';

/** First byte of an unfragmented text message (RFC 6455 5.2). */
const WHOLE_TEXT = 0x81;
const BEFORE_ID = '{"id":';
const BEHIND_ID = ',"type":"next","payload":';

/** An operation's id as encoded in its messages. */
export function encodedId(id: string): Buffer {
  return Buffer.from(JSON.stringify(id));
}

/**
 * Writes the `next` messages (`graphql-transport-ws`) of a rendering to a client's socket as whole
 * WebSocket frames. Server frames are not masked, so frames for operations with ids of equal length
 * differ only in the id: they are built once, and each client's id is patched in. This is safe
 * because a socket with nothing left to write has handed all bytes to the system; if something is
 * left, that socket keeps the frames and the next client gets new ones.
 * @param id as returned by {@link encodedId}
 * @returns false when the socket is full, like its `write`
 */
export function writeNext(socket: Duplex, id: Buffer, rendering: Rendering): boolean {
  let { template } = rendering;
  if (template?.idLength !== id.length) {
    template = makeTemplate(rendering.texts, id.length);
    rendering.template = template;
  }
  for (const at of template.idsAt) template.frames.set(id, at);
  const empty = socket.write(template.frames);
  if (socket.writableLength > 0) rendering.template = null;
  return empty;
}

function makeTemplate(texts: readonly string[], idLength: number): FrameTemplate {
  const frames: Buffer[] = [];
  const idsAt: number[] = [];
  let end = 0;
  for (const text of texts) {
    const { frame, idAt } = makeFrame(text, idLength);
    frames.push(frame);
    idsAt.push(end + idAt);
    end += frame.length;
  }
  return { frames: frames.length === 1 ? frames[0]! : Buffer.concat(frames, end), idsAt, idLength };
}

/** A frame with room for an id of that length. */
function makeFrame(json: string, idLength: number): { frame: Buffer; idAt: number } {
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
  return { frame, idAt };
}
