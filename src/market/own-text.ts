/** Shorter pieces of a text are copies in V8 anyway; longer ones point into the whole. */
const LEAST_PIECE = 13;

/** The same ASCII text in its own memory: a piece of a frame would keep the whole frame. */
export function ownText(text: string): string {
  return text.length < LEAST_PIECE ? text : Buffer.from(text, 'latin1').toString('latin1');
}
