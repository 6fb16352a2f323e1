import type { Encoder, Rendering } from '../live/rendering.js';

/** First byte of a frame that is a whole text message (RFC 6455 5.2). */
const WHOLE_TEXT = 0x81;

/** The end of a `next` message: what follows the operation's id. */
const asTail: Encoder = (json) => Buffer.from(`,"type":"next","payload":${json}}`);

/** Frames of a rendering by the operation's id, while the same id comes again. */
const lastFrames = new WeakMap<Rendering, { readonly id: string; readonly frame: Buffer }>();

/**
 * A `next` message of `graphql-transport-ws` as a whole WebSocket frame. A server's frames are not
 * masked, so operations of the same id (many clients count from 1) share one; for other ids
 * the result's bytes, made once, are copied behind the id.
 */
export function nextFrame(id: string, rendering: Rendering): Buffer {
  const last = lastFrames.get(rendering);
  if (last?.id === id) return last.frame;
  const tail = rendering.as(asTail);
  const head = Buffer.from(`{"id":${JSON.stringify(id)}`);
  const length = head.length + tail.length;
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
  head.copy(frame, start);
  tail.copy(frame, start + head.length);
  lastFrames.set(rendering, { id, frame });
  return frame;
}
