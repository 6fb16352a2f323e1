/**
 * A text that every engine can store: PostgreSQL accepts neither character 0 nor half a surrogate
 * pair. Those occur only in others' messages, and become U+FFFD.
 */
export function storableText(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd').replaceAll('\0', '\ufffd');
}
