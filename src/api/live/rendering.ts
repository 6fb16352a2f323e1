/** Turns the JSON text of a result into the bytes of a transport. */
export type Encoder = (json: string) => Buffer;

/**
 * The result of one event as JSON text, and its bytes for each transport: made when the first reader
 * needs them, then shared by all.
 */
export class Rendering {
  /** The result as JSON text, without line breaks. */
  readonly json: string;
  readonly #encoded = new Map<Encoder, Buffer>();

  constructor(json: string) {
    this.json = json;
  }

  /** The bytes that `encoder` makes of the text. Nobody may change them. */
  as(encoder: Encoder): Buffer {
    let bytes = this.#encoded.get(encoder);
    if (bytes === undefined) {
      bytes = encoder(this.json);
      this.#encoded.set(encoder, bytes);
    }
    return bytes;
  }
}
