import type { Rendering } from './rendering.js';

/**
 * Where a subscription's events go (SSE, or an operation of a WebSocket). It holds at most one
 * unsent rendering; it then gets nothing until {@link LiveReader.onReady}.
 */
export interface LiveSink {
  /** Whether an event may be sent now. */
  readonly ready: boolean;
  /** Sends an event, or several at once; only while {@link ready}. */
  send(rendering: Rendering): void;
  /** Ends the stream normally. */
  complete(): void;
  /** Ends the stream with an error, as thrown. */
  fail(error: unknown): void;
}

/** What a sink reports to its writer. */
export interface LiveReader {
  /** The sink accepts events again. */
  onReady(): void;
  /** The client has gone. Safe to call again. */
  leave(): void;
}
