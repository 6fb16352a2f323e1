/**
 * A text that every engine can store: PostgreSQL has no character 0 and no half of a surrogate pair. Such
 * come in messages of others only; they become U+FFFD.
 */
export function storableText(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd').replaceAll('\0', '\ufffd');
}
