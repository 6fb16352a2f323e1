/**
 * Gathers text as bytes, mostly ASCII: strings that are put together with `+` are trees of their
 * parts, which cost more to make, to collect and to walk than the bytes that are wanted in the end.
 */
export class TextBytes {
  protected bytes = Buffer.allocUnsafe(64 * 1024);
  protected end = 0;
  #ascii = true;

  /** Bytes that have gathered. */
  get length(): number {
    return this.end;
  }

  /** Takes what has gathered. */
  take(): string {
    const encoding = this.#ascii ? 'latin1' : 'utf8';
    const text = this.bytes.toString(encoding, 0, this.end);
    this.clear();
    return text;
  }

  /** Forgets what has gathered. */
  clear(): void {
    this.end = 0;
    this.#ascii = true;
  }

  /** Adds text. */
  text(text: string): void {
    const { length } = text;
    this.reserve(length);
    const { bytes } = this;
    let { end } = this;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code > 127) return this.#any(text);
      bytes[end++] = code;
    }
    this.end = end;
  }

  /** Adds a whole number that is not negative, below 2^53. */
  whole(number: number): void {
    this.reserve(16);
    const { bytes } = this;
    let end = this.end + 1;
    for (let power = 10; power <= number; power *= 10) end++;
    let at = end;
    let left = number;
    // Beyond 31 bits nine digits at a time: divided as integers, digits take a fraction of the time.
    while (left >= 1e9) {
      const high = Math.floor(left / 1e9);
      let low = (left - high * 1e9) | 0;
      for (let i = 0; i < 9; i++) {
        const next = (low / 10) | 0;
        bytes[--at] = 48 + low - next * 10;
        low = next;
      }
      left = high;
    }
    let rest = left | 0;
    while (at > this.end) {
      const next = (rest / 10) | 0;
      bytes[--at] = 48 + rest - next * 10;
      rest = next;
    }
    this.end = end;
  }

  /** Adds once more what lies between two places. */
  again(from: number, to: number): void {
    this.reserve(to - from);
    const { bytes } = this;
    let { end } = this;
    for (let i = from; i < to; i++) bytes[end++] = bytes[i]!;
    this.end = end;
  }

  /** Makes room for so many bytes. */
  protected reserve(more: number): void {
    if (this.end + more <= this.bytes.length) return;
    const bytes = Buffer.allocUnsafe(2 * this.bytes.length + more);
    this.bytes.copy(bytes, 0, 0, this.end);
    this.bytes = bytes;
  }

  #any(text: string): void {
    this.#ascii = false;
    this.reserve(text.length * 3);
    this.end += this.bytes.write(text, this.end);
  }
}
