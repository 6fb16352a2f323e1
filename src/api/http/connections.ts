import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { once } from 'node:events';
import { LIMIT_SETTINGS } from '../../settings/table.js';
import { type Refusal, refuse, refuseOnSocket } from './refusal.js';
import { plainHead } from './upgrade.js';

/** How many connections there may be and how they must behave. */
export interface ConnectionOptions {
  /** Connections at once, those taken over by WebSockets included. */
  readonly max: number;
  /** Requests in progress on one connection. */
  readonly maxRequests: number;
  /** A client that takes nothing of its answer for so long is cut off, ms. */
  readonly idleMs: number;
  /** Told of such a client: its transport and address. */
  readonly onIdle: (client: string) => void;
}

/** Connections that are told that there are too many already, beyond which they are just closed. */
const TOLD = 50;

/** What could not be read as a request, by Node's code of the error. */
const UNREADABLE: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: {
    status: 431,
    code: 'HEADERS_TOO_LARGE',
    message: `the request line and headers are too large (${LIMIT_SETTINGS.headerBytes.variable}); send fewer or shorter ones`,
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    code: 'REQUEST_TIMEOUT',
    message: `the request did not come in time (${LIMIT_SETTINGS.requestMs.variable}); send it whole and at once`,
  },
};
const NO_REQUEST: Refusal = {
  status: 400,
  code: 'BAD_REQUEST',
  message: 'this is no HTTP/1.1 request that can be read; check its syntax and its length headers',
};

/**
 * The connections of a server: bounds their number and the requests in progress on each, cuts off
 * clients that do not take their answers, and answers what cannot be read. Slow requests are Node's
 * part (`headersTimeout`, `requestTimeout`), silent keep-alive connections, too.
 *
 * It also knows which connections have no request in progress. Node's own `closeIdleConnections()`
 * leaves out those that have not sent any request yet, and browsers and `fetch` open such
 * connections ahead of need: each would hold up a shutdown for its whole grace.
 */
export class Connections {
  readonly #server: Server;
  readonly #options: ConnectionOptions;
  readonly #sockets = new Set<Socket>();
  /** Answers in progress on each connection that no WebSocket has taken over, in order. */
  readonly #answers = new Map<Socket, Set<ServerResponse>>();
  #closing = false;

  constructor(server: Server, options: ConnectionOptions) {
    this.#server = server;
    this.#options = options;
    server.maxConnections = options.max + TOLD;
    server.timeout = options.idleMs;
    server.on('connection', (socket) => this.#opened(socket));
    server.on('timeout', (socket: Socket) => this.#silent(socket));
    // Without a listener of ours Node answers without a word of what was wrong.
    server.on('clientError', (error: NodeJS.ErrnoException, socket) =>
      this.#unreadable(error, socket as Socket),
    );
  }

  /** Bytes that have been written for clients and that the system has not taken yet. */
  get unsentBytes(): number {
    let bytes = 0;
    for (const { writableLength } of this.#sockets) bytes += writableLength;
    return bytes;
  }

  /**
   * Notes a request that came in, and waits until those before it on its connection are answered:
   * else a client could have any number of answers made and kept that it does not take.
   * @returns whether it may be answered; if not, that has been said already
   */
  async admit({ socket }: IncomingMessage, res: ServerResponse): Promise<boolean> {
    const answers = this.#answers.get(socket);
    if (answers === undefined) return false;
    const before = [...answers].at(-1);
    answers.add(res);
    res.once('close', () => {
      answers.delete(res);
      if (this.#closing) this.#closeIdle();
    });
    const { maxRequests } = this.#options;
    if (answers.size <= maxRequests) {
      if (before !== undefined) await once(before, 'close');
      return !res.destroyed;
    }
    if (answers.size > 2 * maxRequests) {
      // It does not wait for what it is told.
      socket.destroy();
      return false;
    }
    res.setHeader('connection', 'close');
    refuse(res, {
      status: 429,
      code: 'TOO_MANY_OPERATIONS',
      message: `there are ${maxRequests} requests in progress on this connection, as many as one may have (${LIMIT_SETTINGS.operationsPerConnection.variable}); wait for answers`,
    });
    return false;
  }

  /** From here on the connection belongs to whoever takes the upgrade. */
  handOver(socket: Socket): void {
    this.#answers.delete(socket);
  }

  /**
   * Gives a connection back to the HTTP server, from a request on that the server took for an
   * upgrade: read again without its offer, the request is the plain one that it is.
   * @param head what came behind the headers
   */
  async readAgain(req: IncomingMessage, head: Buffer): Promise<void> {
    const { socket } = req;
    // Answers before it are still written by the part of the server that has let go of the socket.
    const before = [...(this.#answers.get(socket) ?? [])].map((res) => once(res, 'close'));
    const ignore = (): void => undefined;
    // Without a listener a reset connection would end the process.
    socket.on('error', ignore);
    await Promise.all(before);
    // The server sets it again.
    socket.removeAllListeners('timeout');
    if (socket.destroyed) return;
    socket.unshift(Buffer.concat([plainHead(req), head]));
    this.#server.emit('connection', socket);
    socket.off('error', ignore);
  }

  /** Closes the connections without a request in progress, the others as soon as theirs ends. */
  closeIdle(): void {
    this.#closing = true;
    this.#closeIdle();
  }

  #closeIdle(): void {
    for (const [socket, answers] of this.#answers) {
      if (answers.size === 0) socket.destroySoon();
    }
  }

  #opened(socket: Socket): void {
    // One that is read again is known already.
    if (this.#sockets.has(socket)) return;
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#answers.delete(socket);
    });
    const { max } = this.#options;
    if (this.#sockets.size > max) {
      refuseOnSocket(socket, {
        status: 503,
        code: 'TOO_MANY_CONNECTIONS',
        message: `there are ${max} connections already, as many as this server allows (${LIMIT_SETTINGS.connections.variable}); close one or try later`,
      });
      return;
    }
    this.#answers.set(socket, new Set());
  }

  /** Nothing has moved on a connection for the time that it may be silent. */
  #silent(socket: Socket): void {
    const answering = (this.#answers.get(socket)?.size ?? 0) > 0;
    // The client waits for us, not we for it: a long query, an export that searches.
    if (answering && socket.writableLength === 0) {
      socket.setTimeout(this.#options.idleMs);
      return;
    }
    if (answering) {
      this.#options.onIdle(`HTTP ${socket.remoteAddress ?? '?'}:${socket.remotePort ?? '?'}`);
    }
    socket.destroy();
  }

  #unreadable(error: NodeJS.ErrnoException, socket: Socket): void {
    const answers = [...(this.#answers.get(socket) ?? [])];
    // In the middle of an answer another would be taken for a part of it.
    if (error.code === 'ECONNRESET' || answers.some((res) => res.headersSent)) {
      socket.destroy();
      return;
    }
    refuseOnSocket(socket, UNREADABLE[error.code ?? ''] ?? NO_REQUEST);
  }
}
