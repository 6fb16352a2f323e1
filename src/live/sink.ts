import type { Rendering } from './rendering.js';

/**
 * Where one subscription's events go: a stream of Server-Sent Events, or an operation of a WebSocket.
 * It never holds more than one rendering that the client has not taken: it is not ready then, gets
 * nothing more, and says so ({@link LiveReader.onReady}) once it is ready again.
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
