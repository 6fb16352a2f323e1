/** Most characters that are kept of a text from outside: an error, a close reason, a name. */
const MOST_CHARACTERS = 300;

/**
 * A text from outside as it may be kept, logged and shown: cut, and copied to its own memory, since a
 * piece of a message would keep the whole message.
 */
export function cutText(text: string, most = MOST_CHARACTERS): string {
  const kept = Buffer.from(text.slice(0, most), 'utf8').toString('utf8');
  return text.length > most ? `${kept}…` : kept;
}
