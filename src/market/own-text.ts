/** V8 copies shorter slices anyway; longer ones point into the whole string. */
const LEAST_PIECE = 13;

/** The same ASCII text in its own memory: a slice of a frame would keep the whole frame alive. */
export function ownText(text: string): string {
  return text.length < LEAST_PIECE ? text : Buffer.from(text, 'latin1').toString('latin1');
}
