import type { Rendering } from './rendering.js';

/**
 * Where a subscription's events go (SSE, or an operation of a WebSocket). It holds one untaken
 * rendering at most; then it gets nothing until {@link LiveReader.onReady}.
 */
export interface LiveSink {
  /** Whether something may be sent now. */
  readonly ready: boolean;
  /** Sends an event, or several at once; only while {@link ready}. */
  send(rendering: Rendering): void;
  /** Ends the stream in order. */
  complete(): void;
  /** Ends the stream because of an error, as it was thrown. */
  fail(error: unknown): void;
}

/** What a sink reports to its writer. */
export interface LiveReader {
  /** The sink takes events again. */
  onReady(): void;
  /** The client has gone. Harmless when called again. */
  leave(): void;
}
