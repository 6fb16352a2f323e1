import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type FormattedExecutionResult,
  GraphQLError,
  type GraphQLSchema,
} from 'graphql';
import { CloseCode, handleProtocols, makeServer, type OperationResult } from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';
import type { LiveSubscription } from '../../live/live-streams.js';
import type { Rendering } from '../../live/rendering.js';
import type { LiveReader, LiveSink } from '../../live/sink.js';
import { apiError } from '../errors.js';
import type { ApiLimits } from '../../settings/config.js';
import { LIMIT_SETTINGS } from '../../settings/table.js';
import type { ApiLog } from '../log.js';
import { clientError, formatted } from './client-error.js';
import { LiveSlot, type TransportContext } from './live-slot.js';
import { encodedId, writeNext } from './next-frame.js';
import type { ApiYoga } from './yoga.js';

/** Bytes that may wait in a connection's socket before its next message is read. */
const MAX_UNREAD = 256 * 1024;
/** How long a closed client may take to read what is in flight before it is cut off, ms. */
const LAST_WORDS_MS = 5_000;

/** Close code for a client that read nothing for too long; it may reconnect. */
const READER_IDLE_CODE = 4410;

/** How connections are kept alive and watched. */
interface WebSocketOptions {
  /** Interval between pings on each connection, ms. */
  readonly keepAliveMs: number;
  /** A client that reads nothing, pings included, for this long is disconnected, ms. */
  readonly idleMs: number;
  /** Called with that client. */
  readonly onIdle: (reader: string) => void;
  readonly limits: Pick<ApiLimits, 'bodyBytes' | 'operationsPerConnection' | 'requestMs'>;
  readonly log: ApiLog;
}

/** GraphQL over WebSocket (subprotocol `graphql-transport-ws`). */
interface GraphqlWebSocket {
  /** Takes over an HTTP upgrade that has passed the checks. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Asks all clients to leave (1001); their operations have completed by then. */
  close(): void;
  /** Cuts off clients that have not left. */
  terminate(): void;
}

/** What Yoga makes of its plugins for one operation; its own type leaves most of it `any`. */
interface Enveloped {
  readonly schema: GraphQLSchema;
  readonly parse: (query: string) => DocumentNode;
  readonly validate: (schema: GraphQLSchema, document: DocumentNode) => readonly GraphQLError[];
  readonly contextFactory: () => Promise<unknown>;
  readonly execute: (args: ExecutionArgs) => OperationResult;
  readonly subscribe: (args: ExecutionArgs) => Promise<ExecutionResult>;
}

/** What accompanies an operation through graphql-ws. */
interface Operation {
  readonly enveloped: Enveloped;
  readonly live: LiveSlot;
  readonly connection: Connection;
  readonly id: string;
}

/** `error` with `code` unless it has one; over HTTP Yoga does this. */
function withCode(error: GraphQLError, code: string): GraphQLError {
  const { nodes, source, positions, extensions } = error;
  return new GraphQLError(error.message, {
    nodes: nodes ?? null,
    source: source ?? null,
    positions: positions ?? null,
    extensions: { code, ...extensions },
  });
}

function authorizationOf(
  params: Readonly<Record<string, unknown>> | undefined,
  request: IncomingMessage,
): string | undefined {
  const given = params?.['authorization'] ?? params?.['Authorization'];
  return typeof given === 'string' ? given : request.headers.authorization;
}

/**
 * Serves `yoga` over WebSocket: graphql-ws's protocol on a socket adapter of our own. Subscription
 * events bypass its serialising and `ws`'s framing as ready-made frames.
 */
export function createGraphqlWebSocket(yoga: ApiYoga, options: WebSocketOptions): GraphqlWebSocket {
  const { log, limits } = options;
  const protocol = makeServer<Record<string, unknown>, { readonly connection: Connection }>({
    connectionInitWaitTimeout: limits.requestMs,
    execute: (args) => (args.rootValue as Operation).enveloped.execute(args),
    subscribe: async (args) => {
      const { enveloped, live, connection, id } = args.rootValue as Operation;
      const result = await enveloped.subscribe(args);
      const subscription = live.take();
      return subscription === undefined ? result : connection.operation(id, subscription);
    },
    onSubscribe: async (ctx, id, payload) => {
      const most = limits.operationsPerConnection;
      if (Object.keys(ctx.subscriptions).length > most) {
        const message = `more than ${most} operations at once on this connection (${LIMIT_SETTINGS.operationsPerConnection.variable}); complete one first`;
        return [apiError('TOO_MANY_SUBSCRIPTIONS', message)];
      }
      const { connection } = ctx.extra;
      const live = new LiveSlot();
      const transport: TransportContext = {
        authorization: authorizationOf(ctx.connectionParams, connection.request),
        live,
      };
      const enveloped = yoga.getEnveloped({
        ...transport,
        params: payload,
      }) as unknown as Enveloped;
      try {
        const document = enveloped.parse(payload.query);
        const errors = enveloped.validate(enveloped.schema, document);
        if (errors.length > 0) return errors;
        return {
          schema: enveloped.schema,
          document,
          operationName: payload.operationName,
          variableValues: payload.variables,
          contextValue: await enveloped.contextFactory(),
          rootValue: { enveloped, live, connection, id } satisfies Operation,
        };
      } catch (error) {
        // A document that does not parse concerns this operation only, not the connection.
        if (error instanceof GraphQLError) return [withCode(error, 'GRAPHQL_PARSE_FAILED')];
        throw error;
      }
    },
    onError: (_ctx, _id, _payload, errors) => errors.map(formatted),
    onNext: (_ctx, _id, _payload, _args, { data, errors }): FormattedExecutionResult | void => {
      if (errors === undefined) return;
      // Without execution there is no `data` at all, not even null.
      return { errors: errors.map(formatted), ...(data === undefined ? {} : { data }) };
    },
  });

  const server = new WebSocketServer({
    noServer: true,
    maxPayload: limits.bodyBytes,
    handleProtocols: (protocols) => handleProtocols(protocols),
    // One message per turn of the event loop: a client that sends thousands delays no other.
    allowSynchronousEvents: false,
  });

  const accept = (socket: WebSocket, request: IncomingMessage, raw: Duplex): void => {
    const connection = new Connection(socket, request, raw, options);
    // Oversized or malformed frames: ws closes the connection itself, with the right code.
    socket.on('error', (error) => log.debug(error));
    const closed = protocol.opened(
      {
        protocol: socket.protocol,
        send: (data) => connection.send(data),
        close: (code, reason) => socket.close(code, reason),
        onMessage: (take) => {
          socket.on('message', (data: Buffer) => {
            connection.noteMessage();
            take(data.toString()).catch((error: unknown) => {
              // A send that failed because the client has gone is not our failure.
              if (socket.readyState !== socket.OPEN) return;
              log.error(error);
              socket.close(CloseCode.InternalServerError, 'Internal server error');
            });
          });
        },
      },
      { connection },
    );
    socket.once('close', (code, reason) => {
      connection.end();
      closed(code, reason.toString()).catch((error: unknown) => log.error(error));
    });
  };

  return {
    upgrade(request, socket, head) {
      server.handleUpgrade(request, socket, head, (client) => accept(client, request, socket));
    },
    close() {
      for (const client of server.clients) client.close(1001, 'Going away');
      server.close();
    },
    terminate() {
      for (const client of server.clients) client.terminate();
    },
  };
}

/** One client. Its operations share its socket: when it is full, all of them wait. */
class Connection {
  readonly request: IncomingMessage;
  readonly #socket: WebSocket;
  readonly #raw: Duplex;
  readonly #options: WebSocketOptions;
  readonly #operations = new Set<LiveOperationSink>();
  readonly #watch: NodeJS.Timeout;
  #lastWords: NodeJS.Timeout | undefined;
  #full = false;
  /** When the client last proved that it reads, or its socket was last seen empty. */
  #aliveAt = performance.now();
  #pingedAt = performance.now();
  #awaitsPong = false;

  constructor(socket: WebSocket, request: IncomingMessage, raw: Duplex, options: WebSocketOptions) {
    this.request = request;
    this.#socket = socket;
    this.#raw = raw;
    this.#options = options;
    raw.on('drain', () => {
      this.#full = false;
      this.#alive();
      if (socket.isPaused) socket.resume();
      for (const operation of this.#operations) operation.onReady();
    });
    socket.on('pong', () => {
      this.#awaitsPong = false;
      this.#alive();
    });
    const every = Math.min(1_000, options.idleMs / 4, options.keepAliveMs);
    this.#watch = setInterval(() => this.#look(), every);
    this.#watch.unref();
  }

  get log(): ApiLog {
    return this.#options.log;
  }

  /** Whether an event may be written now. */
  get ready(): boolean {
    return !this.#full && this.#socket.readyState === this.#socket.OPEN;
  }

  /** The sink for a subscription, as graphql-ws consumes it. */
  operation(id: string, subscription: LiveSubscription): LiveOperationSink {
    const operation = new LiveOperationSink(this, id, subscription, () =>
      this.#operations.delete(operation),
    );
    this.#operations.add(operation);
    return operation;
  }

  /** Sends a protocol message. The promise holds back what follows until it is written. */
  send(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const { readyState, OPEN } = this.#socket;
      if (readyState !== OPEN) return resolve();
      this.#socket.send(text, (error) => (error ? reject(error) : resolve()));
    });
  }

  /**
   * Writes an event as a whole frame. `ws` also writes whole frames, at once and uncompressed, so
   * neither can land in the middle of the other's.
   */
  write(id: Buffer, rendering: Rendering): void {
    if (!writeNext(this.#raw, id, rendering)) this.#full = true;
  }

  /** A message arrived. A client that sends but does not read is not read from either. */
  noteMessage(): void {
    if (this.#raw.writableLength < MAX_UNREAD) return this.#alive();
    this.#socket.pause();
  }

  end(): void {
    clearInterval(this.#watch);
    clearTimeout(this.#lastWords);
  }

  #alive(): void {
    this.#aliveAt = performance.now();
  }

  #look(): void {
    const now = performance.now();
    const { keepAliveMs, idleMs } = this.#options;
    if (this.#raw.writableLength === 0 && !this.#awaitsPong) this.#alive();
    if (now - this.#aliveAt >= idleMs) return this.#cut();
    if (now - this.#pingedAt < keepAliveMs || this.#socket.readyState !== this.#socket.OPEN) return;
    this.#pingedAt = now;
    this.#awaitsPong = true;
    this.#socket.ping();
  }

  /**
   * Disconnects a client that does not read: it gets an error, and is cut off if it does not read
   * that either.
   */
  #cut(): void {
    clearInterval(this.#watch);
    const { idleMs, onIdle } = this.#options;
    const { remoteAddress, remotePort } = this.request.socket;
    onIdle(`WebSocket ${remoteAddress ?? '?'}:${remotePort ?? '?'}`);
    for (const operation of this.#operations) operation.leave();
    this.#socket.close(READER_IDLE_CODE, `Reader idle: read nothing for ${idleMs} ms`);
    this.#lastWords = setTimeout(() => this.#socket.terminate(), LAST_WORDS_MS);
    this.#lastWords.unref();
  }
}

/**
 * One subscription of a connection. To graphql-ws it is an iterator without events: `next()` starts
 * it and settles when it is over, `return()` (the client's `complete`, or its leaving) ends it.
 */
class LiveOperationSink implements LiveSink, AsyncIterableIterator<ExecutionResult> {
  readonly #connection: Connection;
  readonly #id: Buffer;
  readonly #subscription: LiveSubscription;
  readonly #onEnd: () => void;
  #reader: LiveReader | undefined;
  #ended = false;
  #settle:
    | { resolve: (result: IteratorResult<ExecutionResult>) => void; reject: (error: Error) => void }
    | undefined;

  constructor(
    connection: Connection,
    id: string,
    subscription: LiveSubscription,
    onEnd: () => void,
  ) {
    this.#connection = connection;
    this.#id = encodedId(id);
    this.#subscription = subscription;
    this.#onEnd = onEnd;
  }

  get ready(): boolean {
    return this.#connection.ready;
  }

  send(rendering: Rendering): void {
    this.#connection.write(this.#id, rendering);
  }

  complete(): void {
    this.#end();
    this.#settle?.resolve({ value: undefined, done: true });
  }

  fail(error: unknown): void {
    this.#end();
    this.#settle?.reject(clientError(error, this.#connection.log));
  }

  onReady(): void {
    this.#reader?.onReady();
  }

  /** Ends it for its writer. */
  leave(): void {
    if (this.#reader === undefined) this.#subscription.discard();
    this.#reader?.leave();
    this.complete();
  }

  next(): Promise<IteratorResult<ExecutionResult>> {
    if (this.#ended) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#reader = this.#subscription.start(this);
    });
  }

  return(): Promise<IteratorResult<ExecutionResult>> {
    this.leave();
    return Promise.resolve({ value: undefined, done: true });
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#onEnd();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
