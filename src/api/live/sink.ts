import type { GraphQLError } from 'graphql';
import type { Rendering } from './rendering.js';

/**
 * Where one subscription's results go: a stream of Server-Sent Events, or an operation of a
 * WebSocket. It never holds more than one result that the client has not taken: it is not ready
 * then, gets nothing more, and says so once it is ready again.
 */
export interface LiveSink {
  /** Whether a result may be sent now. */
  readonly ready: boolean;
  /** Sends a result; only while {@link ready}. */
  send(rendering: Rendering): void;
  /** Ends the stream in order. */
  complete(): void;
  /** Ends the stream because of an error. */
  fail(error: GraphQLError): void;
}

/** What a sink tells the one that fills it. */
export interface LiveReader {
  /** The sink takes results again. */
  onReady(): void;
  /** The client has gone. Harmless when called again. */
  leave(): void;
}
