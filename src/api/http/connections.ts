import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { once } from 'node:events';
import { LIMIT_SETTINGS } from '../../settings/table.js';
import { type Refusal, refuse, refuseOnSocket } from './refusal.js';
import { plainHead } from './upgrade.js';

/** Connection limits. */
export interface ConnectionOptions {
  /** Concurrent connections, including those taken over by WebSockets. */
  readonly max: number;
  /** A client that reads nothing of its response for this long is disconnected, ms. */
  readonly idleMs: number;
  /** Called with the transport and address of that client. */
  readonly onIdle: (client: string) => void;
}

/** State of a connection that no WebSocket has taken over. */
interface Line {
  /** The response in progress. */
  answer: ServerResponse | null;
  /** Whether a request is waiting for that to end. */
  waiting: boolean;
}

/** Connections over the limit that get a refusal; any more are just closed. */
const REFUSED = 50;

/** Requests that could not be parsed, by Node's error code. */
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
  message: 'this is not a valid HTTP/1.1 request; check its syntax and its length headers',
};

const SENT_AHEAD: Refusal = {
  status: 429,
  code: 'TOO_MANY_OPERATIONS',
  message:
    'the request before this one has not been answered yet; wait for its response, or use another connection',
};

/**
 * The connections of a server: bounds their number, refuses pipelined requests, cuts off clients
 * that do not read their responses, and answers what cannot be parsed. Slow requests are Node's job
 * (`headersTimeout`, `requestTimeout`), as are silent keep-alive connections.
 *
 * It also knows which connections have no request in progress. Node's own `closeIdleConnections()`
 * leaves out those that have not sent a request yet, and browsers and `fetch` open such connections
 * ahead of need: each would hold up a shutdown for the whole grace period.
 */
export class Connections {
  readonly #server: Server;
  readonly #options: ConnectionOptions;
  readonly #sockets = new Set<Socket>();
  /** Those that no WebSocket has taken over. */
  readonly #lines = new Map<Socket, Line>();
  #closing = false;

  constructor(server: Server, options: ConnectionOptions) {
    this.#server = server;
    this.#options = options;
    server.maxConnections = options.max + REFUSED;
    server.timeout = options.idleMs;
    server.on('connection', (socket) => this.#opened(socket));
    server.on('timeout', (socket: Socket) => this.#silent(socket));
    // Without a listener of ours Node replies without saying what was wrong.
    server.on('clientError', (error: NodeJS.ErrnoException, socket) =>
      this.#unreadable(error, socket as Socket),
    );
  }

  /** Bytes written to clients that the system has not taken yet. */
  get unsentBytes(): number {
    let bytes = 0;
    for (const { writableLength } of this.#sockets) bytes += writableLength;
    return bytes;
  }

  /**
   * Registers an incoming request. A pipelined one is refused: no client does that, and it could be
   * used to have any number of responses built without reading them.
   * @returns whether to answer it; if not, the refusal has been sent already
   */
  async admit({ socket }: IncomingMessage, res: ServerResponse): Promise<boolean> {
    const line = this.#lines.get(socket);
    if (line === undefined) return false;
    // A client may already have its whole response while its end is still in progress here.
    if (line.answer?.headersSent === true && !line.waiting) {
      line.waiting = true;
      await once(line.answer, 'close');
      line.waiting = false;
    }
    if (res.destroyed) return false;
    if (line.answer !== null) {
      res.setHeader('connection', 'close');
      refuse(res, SENT_AHEAD);
      return false;
    }
    line.answer = res;
    res.once('close', () => {
      line.answer = null;
      if (this.#closing) this.#closeIdle();
    });
    return true;
  }

  /** From here on the connection belongs to the upgrade handler. */
  handOver(socket: Socket): void {
    this.#lines.delete(socket);
  }

  /**
   * Returns a connection to the HTTP server, starting with a request that the server took for an
   * upgrade: parsed again without the upgrade offer, it is the plain request that it is.
   * @param head what followed the headers
   */
  async readAgain(req: IncomingMessage, head: Buffer): Promise<void> {
    const { socket } = req;
    const line = this.#lines.get(socket);
    const ignore = (): void => undefined;
    // Without a listener a reset connection would end the process.
    socket.on('error', ignore);
    // An earlier response is still being written by the part of the server that has let go of the
    // socket.
    while (line !== undefined && line.answer !== null) await once(line.answer, 'close');
    // The server sets it again.
    socket.removeAllListeners('timeout');
    if (socket.destroyed) return;
    socket.unshift(Buffer.concat([plainHead(req), head]));
    this.#server.emit('connection', socket);
    socket.off('error', ignore);
  }

  /**
   * Closes connections without a request in progress now, and the others as soon as theirs ends.
   */
  closeIdle(): void {
    this.#closing = true;
    this.#closeIdle();
  }

  #closeIdle(): void {
    for (const [socket, { answer }] of this.#lines) {
      if (answer === null) socket.destroySoon();
    }
  }

  #opened(socket: Socket): void {
    // A connection being parsed again is already known.
    if (this.#sockets.has(socket)) return;
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#lines.delete(socket);
    });
    const { max } = this.#options;
    if (this.#sockets.size > max) {
      refuseOnSocket(socket, {
        status: 503,
        code: 'TOO_MANY_CONNECTIONS',
        message: `there are already ${max} connections, the most this server allows (${LIMIT_SETTINGS.connections.variable}); close one or try later`,
      });
      return;
    }
    this.#lines.set(socket, { answer: null, waiting: false });
  }

  /** A connection has been silent for as long as it may be. */
  #silent(socket: Socket): void {
    const answering = (this.#lines.get(socket)?.answer ?? null) !== null;
    // The client is waiting for us, not we for it: a long query, an export still searching.
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
    // In the middle of a response, another would be taken for part of it.
    if (error.code === 'ECONNRESET' || this.#lines.get(socket)?.answer?.headersSent === true) {
      socket.destroy();
      return;
    }
    refuseOnSocket(socket, UNREADABLE[error.code ?? ''] ?? NO_REQUEST);
  }
}
