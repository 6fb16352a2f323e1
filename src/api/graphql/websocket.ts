import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  type DocumentNode,
  type ExecutionArgs,
  type FormattedExecutionResult,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
} from 'graphql';
import { CloseCode, handleProtocols, makeServer, type OperationResult } from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';
import { apiError } from '../errors.js';
import type { ApiLog } from '../log.js';
import type { ApiYoga } from './yoga.js';

/** Bytes of a client's message at most. */
const MAX_PAYLOAD = 64 * 1024;
/** Operations at once on one connection. */
const MAX_PER_CONNECTION = 100;
/** A client that leaves a ping unanswered for this long is cut off, ms. */
const PING_EVERY = 12_000;

/** GraphQL over WebSocket (subprotocol `graphql-transport-ws`). */
export interface GraphqlWebSocket {
  /** Takes over an HTTP upgrade that has been checked already. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Asks all clients to leave (1001); their operations have been completed before. */
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
  readonly subscribe: (args: ExecutionArgs) => OperationResult;
}

/** Yoga notes HTTP statuses in `extensions.http`; they mean nothing here. */
function formatted(error: GraphQLError): GraphQLFormattedError {
  const { extensions = {}, ...rest } = error.toJSON();
  const others = Object.entries(extensions).filter(([name]) => name !== 'http');
  return { ...rest, extensions: Object.fromEntries(others) };
}

/** `error` with `code` unless it has one; over HTTP Yoga sees to that. */
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
 * Serves the operations of `yoga` over WebSocket. graphql-ws's protocol part is used with a socket
 * adapter of our own, because the ready-made one reports to the console.
 */
export function createGraphqlWebSocket(yoga: ApiYoga, log: ApiLog): GraphqlWebSocket {
  const protocol = makeServer<Record<string, unknown>, { readonly request: IncomingMessage }>({
    execute: (args) => (args.rootValue as Enveloped).execute(args),
    subscribe: (args) => (args.rootValue as Enveloped).subscribe(args),
    onSubscribe: async (ctx, _id, payload) => {
      if (Object.keys(ctx.subscriptions).length > MAX_PER_CONNECTION) {
        const message = `more than ${MAX_PER_CONNECTION} operations at once on this connection; complete one first`;
        return [apiError('TOO_MANY_SUBSCRIPTIONS', message)];
      }
      const enveloped = yoga.getEnveloped({
        authorization: authorizationOf(ctx.connectionParams, ctx.extra.request),
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
          rootValue: { execute: enveloped.execute, subscribe: enveloped.subscribe },
        };
      } catch (error) {
        // A document that cannot be parsed concerns this operation only, not the connection.
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
    maxPayload: MAX_PAYLOAD,
    handleProtocols: (protocols) => handleProtocols(protocols),
  });

  const failed = (socket: WebSocket, error: unknown): void => {
    log.error(error);
    socket.close(CloseCode.InternalServerError, 'Internal server error');
  };

  server.on('connection', (socket, request) => {
    let answered = true;
    const ping = setInterval(() => {
      if (!answered) return socket.terminate();
      answered = false;
      socket.ping();
    }, PING_EVERY);
    ping.unref();
    socket.on('pong', () => {
      answered = true;
    });
    // Oversized or malformed frames: ws closes the connection itself, with the fitting code.
    socket.on('error', (error) => log.debug(error));

    const closed = protocol.opened(
      {
        protocol: socket.protocol,
        // The promise holds the next delivery back until this one is written: back-pressure.
        send: (data) =>
          new Promise((resolve, reject) => {
            if (socket.readyState !== socket.OPEN) return resolve();
            socket.send(data, (error) => (error ? reject(error) : resolve()));
          }),
        close: (code, reason) => socket.close(code, reason),
        onMessage: (take) => {
          socket.on('message', (data: Buffer) => {
            take(data.toString()).catch((error: unknown) => {
              // A send that failed because the client has gone is no failure of ours.
              if (socket.readyState === socket.OPEN) failed(socket, error);
            });
          });
        },
      },
      { request },
    );
    socket.once('close', (code, reason) => {
      clearInterval(ping);
      closed(code, reason.toString()).catch((error: unknown) => log.error(error));
    });
  });

  return {
    upgrade(request, socket, head) {
      server.handleUpgrade(request, socket, head, (client) => {
        server.emit('connection', client, request);
      });
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
