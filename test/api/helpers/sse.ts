/** An event of a stream. */
export interface SseEvent {
  readonly event: string;
  readonly data: string;
}

/** A subscription over SSE, read event by event. */
export class SseSubscription {
  readonly #abort: AbortController;
  readonly #body: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #text = '';

  private constructor(
    readonly response: Response,
    abort: AbortController,
  ) {
    this.#abort = abort;
    this.#body = response.body!.getReader();
  }

  /** Posts `query` and asks for an event stream. */
  static async open(
    url: string,
    query: string,
    variables: Record<string, unknown> = {},
    operationName?: string,
  ): Promise<SseSubscription> {
    const abort = new AbortController();
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query, variables, operationName }),
      signal: abort.signal,
    });
    return new SseSubscription(response, abort);
  }

  /** The next event, comments (pings) left out; null when the stream ended cleanly. */
  async next(): Promise<SseEvent | null> {
    for (;;) {
      const end = this.#text.indexOf('\n\n');
      if (end !== -1) {
        const lines = this.#text.slice(0, end).split('\n');
        this.#text = this.#text.slice(end + 2);
        const field = (name: string): string | undefined =>
          lines
            .find((line) => line.startsWith(`${name}:`))
            ?.slice(name.length + 1)
            .trim();
        const event = field('event');
        if (event !== undefined) return { event, data: field('data') ?? '' };
        continue;
      }
      const { value, done } = await this.#body.read();
      if (done) return null;
      this.#text += this.#decoder.decode(value, { stream: true });
    }
  }

  /** `data.orderbook` of the next event, which must be one. */
  async book(): Promise<Record<string, unknown>> {
    const event = await this.next();
    if (event?.event !== 'next') throw new Error(`expected a book, got ${JSON.stringify(event)}`);
    const { data } = JSON.parse(event.data) as { data: { orderbook: Record<string, unknown> } };
    return data.orderbook;
  }

  /** Leaves as a browser does when its page is closed. */
  leave(): void {
    void this.#body.cancel().catch(() => undefined);
    this.#abort.abort();
  }
}
