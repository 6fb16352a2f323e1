/** Maximum number of cached documents. */
const MAX_KEPT = 64;
/** Longest document cached, in UTF-16 code units. */
const MAX_LENGTH = 8_192;

/**
 * Least-recently-used cache of parsed documents by text. Small, because parsed documents are large
 * and anybody can send any number of them. Not `lru-cache`: a Map already keeps insertion order.
 */
export class DocumentCache<T> {
  readonly #kept = new Map<string, T>();

  get(text: string): T | undefined {
    const found = this.#kept.get(text);
    if (found !== undefined) {
      // Move to the end: the first entry is evicted next.
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
