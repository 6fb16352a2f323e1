/** Documents kept at most. */
const MAX_KEPT = 64;
/** Longest document that is kept, UTF-16 units. */
const MAX_LENGTH = 8_192;

/**
 * Parsed documents by their text, the last used ones; few, for anybody may send any number, and
 * they are large. Not `lru-cache`: a Map keeps its order by itself.
 */
export class DocumentCache<T> {
  readonly #kept = new Map<string, T>();

  get(text: string): T | undefined {
    const found = this.#kept.get(text);
    if (found !== undefined) {
      // To the end: the first is the one to go.
      this.#kept.delete(text);
      this.#kept.set(text, found);
    }
    return found;
  }

  set(text: string, value: T): void {
    if (text.length > MAX_LENGTH) return;
    this.#kept.set(text, value);
    if (this.#kept.size > MAX_KEPT) this.#kept.delete(this.#kept.keys().next().value!);
  }
}
