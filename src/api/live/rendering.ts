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
