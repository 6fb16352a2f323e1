import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { LiveSubscription } from '../../live/live-streams.js';
import type { Encoder, Rendering } from '../../live/rendering.js';
import type { LiveReader, LiveSink } from '../../live/sink.js';
import { apiError } from '../errors.js';
import type { ApiLog } from '../log.js';
import { clientError, formatted } from './client-error.js';

/** How streams are kept alive and watched. */
interface SseOptions {
  /** Interval at which a silent stream gets a comment, ms. */
  readonly keepAliveMs: number;
  /** A reader that reads nothing for this long is disconnected, ms. */
  readonly idleMs: number;
  /** Called with that reader. */
  readonly onIdle: (reader: string) => void;
  readonly log: ApiLog;
}

/** How long a closed reader may take to read what is in flight before it is cut off, ms. */
const LAST_WORDS_MS = 5_000;

/** An event as a chunk of an HTTP/1.1 response (RFC 9112 7.1). The JSON has no line breaks. */
const asChunk: Encoder = (json) => chunk(`event: next\ndata: ${json}\n\n`);
/** An event as is, for a response that ends with its connection (HTTP/1.0). */
const asText: Encoder = (json) => Buffer.from(`event: next\ndata: ${json}\n\n`);

function chunk(text: string): Buffer {
  return Buffer.from(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`);
}

const COMMENT = ':\n\n';
const COMPLETE = 'event: complete\ndata:\n\n';

/**
 * All subscriptions over Server-Sent Events (graphql-sse, distinct connections). The bytes of an
 * event, HTTP chunk framing included, are built once and written straight to each connection's
 * socket: the response's own `write` would frame them again for every reader.
 */
export class SseStreams {
  readonly #options: SseOptions;
  readonly #open = new Set<SseSink>();
  readonly #keepAlive: NodeJS.Timeout;
  readonly #watch: NodeJS.Timeout;

  constructor(options: SseOptions) {
    this.#options = options;
    this.#keepAlive = setInterval(() => {
      for (const sink of this.#open) sink.comment();
    }, options.keepAliveMs);
    this.#watch = setInterval(() => this.#endIdle(), Math.min(1_000, options.idleMs / 4));
    this.#keepAlive.unref();
    this.#watch.unref();
  }

  /** Answers with the stream of a subscription. */
  serve(subscription: LiveSubscription, res: ServerResponse): void {
    if (res.destroyed) return subscription.discard();
    if (res.socket === null) {
      // Pipelined requests: this one gets the socket once those before it are answered.
      res.once('socket', () => this.serve(subscription, res));
      res.once('close', () => subscription.discard());
      return;
    }
    res.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
      'x-accel-buffering': 'no',
    });
    res.flushHeaders();
    const sink = new SseSink(res, this.#options.log);
    this.#open.add(sink);
    const reader = subscription.start(sink);
    sink.attach(reader);
    res.once('close', () => {
      this.#open.delete(sink);
      reader.leave();
    });
  }

  /** Stops its timers; the streams themselves are ended by their writers. */
  close(): void {
    clearInterval(this.#keepAlive);
    clearInterval(this.#watch);
  }

  #endIdle(): void {
    const { idleMs, onIdle } = this.#options;
    for (const sink of this.#open) {
      if (sink.ended || sink.idleFor() < idleMs) continue;
      onIdle(`SSE ${sink.address}`);
      const message = `this client has read nothing for ${idleMs} ms and is disconnected; subscribe again, with since to miss nothing`;
      sink.cut(apiError('READER_IDLE', message));
    }
  }
}

/**
 * One stream. The socket's buffer is the only one: when it is full, the sink accepts nothing more.
 */
class SseSink implements LiveSink {
  readonly address: string;
  readonly #res: ServerResponse;
  readonly #log: ApiLog;
  readonly #socket: Socket;
  readonly #encoder: Encoder;
  #reader: LiveReader | undefined;
  #full = false;
  /** When the socket was last seen empty, by `performance.now()`. */
  #emptyAt = performance.now();
  ended = false;

  constructor(res: ServerResponse, log: ApiLog) {
    this.#res = res;
    this.#log = log;
    // A connection answers its requests in order, so the socket is ours until the response ends.
    this.#socket = res.socket!;
    this.#encoder = res.chunkedEncoding ? asChunk : asText;
    this.address = `${this.#socket.remoteAddress ?? '?'}:${this.#socket.remotePort ?? '?'}`;
    this.#socket.setKeepAlive(true, 30_000);
    // SseStreams watches the stream instead, and warns the reader before cutting it off.
    this.#socket.setTimeout(0);
    const onDrain = (): void => {
      this.#full = false;
      this.#emptyAt = performance.now();
      this.#reader?.onReady();
    };
    this.#socket.on('drain', onDrain);
    res.once('close', () => this.#socket.off('drain', onDrain));
    this.comment();
  }

  /** Sets the reader that feeds it. */
  attach(reader: LiveReader): void {
    this.#reader = reader;
    if (this.ready) reader.onReady();
  }

  get ready(): boolean {
    return !this.#full && !this.ended;
  }

  send(rendering: Rendering): void {
    if (!this.#socket.write(rendering.as(this.#encoder))) this.#full = true;
  }

  complete(): void {
    this.#end('');
  }

  fail(error: unknown): void {
    const errors = [formatted(clientError(error, this.#log))];
    this.#end(`event: next\ndata: ${JSON.stringify({ errors })}\n\n`);
  }

  /** Keeps a silent connection alive, and makes some proxies forward the first event at once. */
  comment(): void {
    if (this.ready) this.#write(COMMENT);
  }

  /** How long unread bytes have been waiting in the socket, ms; 0 when there are none. */
  idleFor(): number {
    const now = performance.now();
    if (this.#socket.writableLength === 0) this.#emptyAt = now;
    return now - this.#emptyAt;
  }

  /**
   * Disconnects a client that does not read: it gets an error, and is cut off if it does not read
   * that either.
   */
  cut(error: Error): void {
    this.#reader?.leave();
    this.fail(error);
    const timer = setTimeout(() => this.#socket.destroy(), LAST_WORDS_MS);
    timer.unref();
    this.#res.once('close', () => clearTimeout(timer));
  }

  #end(last: string): void {
    if (this.ended) return;
    this.ended = true;
    this.#write(last + COMPLETE);
    this.#res.end();
  }

  #write(text: string): void {
    const bytes = this.#encoder === asChunk ? chunk(text) : Buffer.from(text);
    if (!this.#socket.write(bytes)) this.#full = true;
  }
}
