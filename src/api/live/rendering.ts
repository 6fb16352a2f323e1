/** Turns the JSON text of a result into the bytes of a transport. */
export type Encoder = (json: string) => Buffer;

/** A WebSocket frame of a result, in which the id of the operation may be written over. */
export interface FrameTemplate {
  readonly frame: Buffer;
  readonly idAt: number;
  readonly idLength: number;
}

/**
 * The result of one event as JSON text, and its bytes for each transport: made when the first reader
 * needs them, then shared by all.
 */
export class Rendering {
  /** The result as JSON text, without line breaks. */
  readonly json: string;
  /** Its WebSocket frame, while that may be written over. */
  template: FrameTemplate | null = null;
  #encoder: Encoder | null = null;
  #encoded: Buffer | null = null;

  constructor(json: string) {
    this.json = json;
  }

  /** The bytes that `encoder` makes of the text. Nobody may change them. */
  as(encoder: Encoder): Buffer {
    // Of the last encoder only: hardly a reader asks for the other form of event streams.
    if (this.#encoded === null || this.#encoder !== encoder) {
      this.#encoded = encoder(this.json);
      this.#encoder = encoder;
    }
    return this.#encoded;
  }
}

/** Renderings kept at most, and UTF-16 units of their texts: whole deep books are some 100,000 each. */
const MOST_KEPT = 64;
const MOST_LENGTH = 131_072;

/** The newest renderings of an operation, for readers that come or catch up a little later than others. */
export class KeptRenderings {
  readonly #kept = new Map<unknown, Rendering>();
  #length = 0;
  #at = 0;

  /** The rendering of a value. */
  get(value: unknown): Rendering | undefined {
    return this.#kept.get(value);
  }

  /** Keeps a rendering, however long; beyond the bounds the oldest go. */
  set(value: unknown, rendering: Rendering): void {
    this.#kept.set(value, rendering);
    this.#length += rendering.json.length;
    for (const [oldest, { json }] of this.#kept) {
      const few = this.#kept.size <= MOST_KEPT && this.#length <= MOST_LENGTH;
      if (few || this.#kept.size === 1) break;
      this.#kept.delete(oldest);
      this.#length -= json.length;
    }
  }

  /** Drops what was kept at another time than `now` (ms), for what changes with time alone. */
  startAt(now: number): void {
    if (now === this.#at) return;
    this.#at = now;
    this.#kept.clear();
    this.#length = 0;
  }
}
