import type { Delivery } from './delivery.js';

/** Turns the events of a subscription into text. */
export interface Renderer {
  /** The event as text without line breaks; synchronous. */
  render(delivery: Delivery<unknown>): string;
  /** Whether the text includes what the reader missed: `skipped` or `gapBefore`. */
  readonly showsMissed: boolean;
  /** Whether the text changes merely with time. */
  readonly showsAge: boolean;
}

/** Turns the text of an event into the bytes of a transport. */
export type Encoder = (text: string) => Buffer;

/** The WebSocket frames of a rendering, in which the operation's id may be overwritten. */
export interface FrameTemplate {
  readonly frames: Buffer;
  /** Offset of the id in each frame. */
  readonly idsAt: readonly number[];
  readonly idLength: number;
}

/** Text and bytes of the events of one write: built for the first reader, then shared by all. */
export class Rendering {
  /** One text for each event. */
  readonly texts: readonly string[];
  /** Its WebSocket frames, while they may be overwritten. */
  template: FrameTemplate | null = null;
  #encoder: Encoder | null = null;
  #encoded: Buffer | null = null;

  constructor(texts: readonly string[]) {
    this.texts = texts;
  }

  /** Length of its texts in UTF-16 units. */
  get length(): number {
    let length = 0;
    for (const text of this.texts) length += text.length;
    return length;
  }

  /** The bytes that `encoder` makes of the texts. They must not be modified. */
  as(encoder: Encoder): Buffer {
    // Only for the last encoder: hardly any reader uses the other form of event stream.
    if (this.#encoded === null || this.#encoder !== encoder) {
      this.#encoded = Buffer.concat(this.texts.map(encoder));
      this.#encoder = encoder;
    }
    return this.#encoded;
  }
}

/** Several renderings combined into one. */
export function joined(renderings: readonly Rendering[]): Rendering {
  return renderings.length === 1
    ? renderings[0]!
    : new Rendering(renderings.flatMap(({ texts }) => texts));
}

/** Maximum number of cached renderings and of UTF-16 units in them: a deep book has some 100,000. */
const MOST_KEPT = 64;
const MOST_LENGTH = 131_072;

/**
 * Renders the events of one subscription and caches the newest renderings for readers that join or
 * catch up a little later: each event is rendered only once.
 */
export class Renderings {
  readonly #renderer: Renderer;
  readonly #kept = new Map<unknown, Rendering>();
  #length = 0;
  #at = 0;
  #made = 0;

  constructor(renderer: Renderer) {
    this.#renderer = renderer;
  }

  /** Events rendered so far. */
  get made(): number {
    return this.#made;
  }

  /**
   * The rendering of an event. If the reader missed something before it, it is rendered for that
   * reader alone.
   * @param shared whether other readers may need the same; if not, it is not cached
   */
  of(delivery: Delivery<unknown>, shared: boolean): Rendering {
    const { value, skipped, gapBefore } = delivery;
    const own = this.#renderer.showsMissed && (skipped > 0 || gapBefore !== null);
    if (this.#renderer.showsAge) this.#dropOlderThan(Date.now());
    const kept = own ? undefined : this.#kept.get(value);
    if (kept !== undefined) return kept;
    this.#made++;
    const rendering = new Rendering([this.#renderer.render(delivery)]);
    if (shared && !own) this.#keep(value, rendering);
    return rendering;
  }

  /** Caches a rendering of any length; beyond the limits the oldest are evicted. */
  #keep(value: unknown, rendering: Rendering): void {
    this.#kept.set(value, rendering);
    this.#length += rendering.length;
    for (const [oldest, { length }] of this.#kept) {
      const few = this.#kept.size <= MOST_KEPT && this.#length <= MOST_LENGTH;
      if (few || this.#kept.size === 1) break;
      this.#kept.delete(oldest);
      this.#length -= length;
    }
  }

  #dropOlderThan(now: number): void {
    if (now === this.#at) return;
    this.#at = now;
    this.#kept.clear();
    this.#length = 0;
  }
}
