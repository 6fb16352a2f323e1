/** Maximum characters kept of an external text: an error, a close reason, a name. */
const MOST_CHARACTERS = 300;

/**
 * An external text as it may be kept, logged and shown: truncated, and copied to its own memory,
 * since a slice of a message would keep the whole message alive.
 */
export function cutText(text: string, most = MOST_CHARACTERS): string {
  const kept = Buffer.from(text.slice(0, most), 'utf8').toString('utf8');
  return text.length > most ? `${kept}…` : kept;
}
