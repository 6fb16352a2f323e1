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
  /** Time without reading its answer after which a client is disconnected, ms. */
  readonly idleMs: number;
  /** Called with the transport and address of such a client. */
  readonly onIdle: (client: string) => void;
}

/** What a connection that no WebSocket has taken over is doing. */
interface Line {
  /** The answer in progress. */
  answer: ServerResponse | null;
  /** Whether a request waits for the end of that. */
  waiting: boolean;
}

/** Connections over the limit that get a refusal; further ones are just closed. */
const REFUSED = 50;

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

const SENT_AHEAD: Refusal = {
  status: 429,
  code: 'TOO_MANY_OPERATIONS',
  message:
    'the request before this one is not answered yet; wait for its answer, or use another connection',
};

/**
 * The connections of a server: bounds their number, refuses requests that are sent ahead, cuts off
 * clients that do not take their answers, and answers what cannot be read. Slow requests are Node's
 * part (`headersTimeout`, `requestTimeout`), silent keep-alive connections as well.
 *
 * It also knows which connections have no request in progress. Node's own `closeIdleConnections()`
 * leaves out those that have not sent any request yet, and browsers and `fetch` open such
 * connections ahead of need: each would hold up a shutdown for its whole grace.
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
   * Notes a request that came in. One that was sent ahead of the answer before it is refused: no
   * client does that, and else one could have any number of answers made that it does not take.
   * @returns whether it may be answered; if not, that has been said already
   */
  async admit({ socket }: IncomingMessage, res: ServerResponse): Promise<boolean> {
    const line = this.#lines.get(socket);
    if (line === undefined) return false;
    // A client may have its whole answer already while the end of that is still under way here.
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

  /** From here on the connection belongs to the handler of the upgrade. */
  handOver(socket: Socket): void {
    this.#lines.delete(socket);
  }

  /**
   * Gives a connection back to the HTTP server, from a request on that the server took for an
   * upgrade: read again without its offer, the request is the plain one that it is.
   * @param head what came behind the headers
   */
  async readAgain(req: IncomingMessage, head: Buffer): Promise<void> {
    const { socket } = req;
    const line = this.#lines.get(socket);
    const ignore = (): void => undefined;
    // Without a listener a reset connection would end the process.
    socket.on('error', ignore);
    // An answer before it is still written by the part of the server that has let go of the socket.
    while (line !== undefined && line.answer !== null) await once(line.answer, 'close');
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
    for (const [socket, { answer }] of this.#lines) {
      if (answer === null) socket.destroySoon();
    }
  }

  #opened(socket: Socket): void {
    // One that is read again is known already.
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
        message: `there are ${max} connections already, as many as this server allows (${LIMIT_SETTINGS.connections.variable}); close one or try later`,
      });
      return;
    }
    this.#lines.set(socket, { answer: null, waiting: false });
  }

  /** Nothing has moved on a connection for the time that it may be silent. */
  #silent(socket: Socket): void {
    const answering = (this.#lines.get(socket)?.answer ?? null) !== null;
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
    // In the middle of an answer another would be taken for a part of it.
    if (error.code === 'ECONNRESET' || this.#lines.get(socket)?.answer?.headersSent === true) {
      socket.destroy();
      return;
    }
    refuseOnSocket(socket, UNREADABLE[error.code ?? ''] ?? NO_REQUEST);
  }
}
