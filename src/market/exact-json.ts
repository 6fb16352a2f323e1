/**
 * A JSON reader that keeps every number as the text that was sent. `JSON.parse` turns numbers into
 * doubles, which loses digits of a 17-digit size before anyone can see them.
 */

/** A JSON value in which numbers are kept as text. */
export type ExactJson = string | boolean | null | ExactJson[] | { [key: string]: ExactJson };

/** Thrown for text that is not JSON. The message gives the position, never the whole text. */
export class JsonFormatError extends Error {
  constructor(what: string, position: number) {
    super(`not JSON: ${what} at character ${position}`);
    this.name = 'JsonFormatError';
  }
}

/** No exchange message nests deeper than 6; the bound protects the stack from hostile text. */
const MAX_DEPTH = 32;

const QUOTE = 34;
const BACKSLASH = 92;

/**
 * Parses one JSON text. Numbers and strings both become strings: `1.16539E8` and `"1.16539E8"` give
 * the same.
 * @throws {JsonFormatError} when it is not JSON or nests deeper than 32.
 */
export function parseExactJson(text: string): ExactJson {
  const reader = new Reader(text);
  const value = reader.value(0);
  reader.end();
  return value;
}

function defineKey(object: object, key: string, value: ExactJson): void {
  const property = { value, enumerable: true, configurable: true, writable: true };
  Object.defineProperty(object, key, property);
}

class Reader {
  #at = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): ExactJson {
    const code = this.#skipSpace();
    switch (code) {
      case 123:
        return this.#object(depth + 1);
      case 91:
        return this.#array(depth + 1);
      case QUOTE:
        return this.#string();
      case 116:
        return this.#word('true', true);
      case 102:
        return this.#word('false', false);
      case 110:
        return this.#word('null', null);
      default:
        return this.#number(code);
    }
  }

  end(): void {
    if (!Number.isNaN(this.#skipSpace())) throw this.#error('text after the end');
  }

  /** Skips white space and returns the next character's code, NaN at the end. */
  #skipSpace(): number {
    let code = this.#text.charCodeAt(this.#at);
    while (code === 32 || code === 10 || code === 13 || code === 9) {
      code = this.#text.charCodeAt(++this.#at);
    }
    return code;
  }

  #object(depth: number): ExactJson {
    if (depth > MAX_DEPTH) throw this.#error(`nested deeper than ${MAX_DEPTH}`);
    const result: { [key: string]: ExactJson } = {};
    this.#at++;
    if (this.#skipSpace() === 125) {
      this.#at++;
      return result;
    }
    for (;;) {
      if (this.#skipSpace() !== QUOTE) throw this.#error('a key was expected');
      const key = this.#string();
      if (this.#skipSpace() !== 58) throw this.#error('a colon was expected');
      this.#at++;
      const value = this.value(depth);
      // Ordinary objects are several times faster than those without a prototype; this is the only
      // key that would reach it.
      if (key === '__proto__') defineKey(result, key, value);
      else result[key] = value;
      const code = this.#skipSpace();
      this.#at++;
      if (code === 125) return result;
      if (code !== 44) throw this.#error('a comma or } was expected', -1);
    }
  }

  #array(depth: number): ExactJson {
    if (depth > MAX_DEPTH) throw this.#error(`nested deeper than ${MAX_DEPTH}`);
    const result: ExactJson[] = [];
    this.#at++;
    if (this.#skipSpace() === 93) {
      this.#at++;
      return result;
    }
    for (;;) {
      result.push(this.value(depth));
      const code = this.#skipSpace();
      this.#at++;
      if (code === 93) return result;
      if (code !== 44) throw this.#error('a comma or ] was expected', -1);
    }
  }

  #string(): string {
    const text = this.#text;
    const start = this.#at + 1;
    let at = start;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) {
        this.#at = at + 1;
        return text.slice(start, at);
      }
      // Escapes are rare; where there is one, the platform's own parser decodes the whole string.
      if (code === BACKSLASH) return this.#escapedString(start - 1);
      if (!(code >= 32)) throw this.#error('an unfinished string', at - this.#at);
      at++;
    }
  }

  #escapedString(open: number): string {
    const text = this.#text;
    let at = open + 1;
    for (;;) {
      const code = text.charCodeAt(at);
      if (Number.isNaN(code)) throw this.#error('an unfinished string');
      if (code === QUOTE) break;
      at += code === BACKSLASH ? 2 : 1;
    }
    this.#at = at + 1;
    try {
      return JSON.parse(text.slice(open, at + 1)) as string;
    } catch {
      throw new JsonFormatError('a bad escape in a string', open);
    }
  }

  #number(first: number): string {
    const text = this.#text;
    const start = this.#at;
    let at = start;
    if (first === 45) at++;
    let code = text.charCodeAt(at);
    if (!(code >= 48 && code <= 57)) throw this.#error('a value was expected');
    const leadingZero = code === 48;
    do code = text.charCodeAt(++at);
    while (code >= 48 && code <= 57);
    if (leadingZero && at - start > (first === 45 ? 2 : 1))
      throw this.#error('a number with a leading zero');
    if (code === 46) {
      const point = at;
      do code = text.charCodeAt(++at);
      while (code >= 48 && code <= 57);
      if (at === point + 1) throw this.#error('a number that ends in a point');
    }
    if (code === 69 || code === 101) {
      code = text.charCodeAt(++at);
      if (code === 43 || code === 45) code = text.charCodeAt(++at);
      if (!(code >= 48 && code <= 57)) throw this.#error('a number without its exponent');
      do code = text.charCodeAt(++at);
      while (code >= 48 && code <= 57);
    }
    this.#at = at;
    return text.slice(start, at);
  }

  #word<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) throw this.#error('a value was expected');
    this.#at += word.length;
    return value;
  }

  #error(what: string, offset = 0): JsonFormatError {
    return new JsonFormatError(what, this.#at + offset);
  }
}
