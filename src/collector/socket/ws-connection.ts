import type { ClientRequest, IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { ExchangeError, type ExchangeFault, faultOf } from '../exchange-error.js';
import type { RateLimit } from '../limits/rate-limiter.js';
import type { KnownFrames } from './frame-look.js';
import { reasonOf } from '../../util/reason.js';
import { USER_AGENT } from '../../util/version.js';

/** Time given to the opening handshake. */
const HANDSHAKE_MS = 10_000;
/** Time given to the closing handshake before the socket is cut. */
const CLOSE_MS = 1000;
/** Time given to what a refusal of the handshake says, and the most bytes of it that are read. */
const REFUSAL_MS = 3000;
const REFUSAL_BYTES = 64 * 1024;

/** What docs/exchanges says of an exchange's sockets. Times in ms. */
export interface WSProfile {
  /** Most pairs one socket carries. */
  readonly maxPairs: number;
  /** A ping goes out this often; Infinity for an exchange that does all pinging itself. */
  readonly pingEveryMs: number;
  /** Without any frame, ping or pong for this long the socket is dead. */
  readonly silentAfterMs: number;
  /** A subscribed pair without a book for this long is reported. */
  readonly firstBookWithinMs: number;
  /** Limits of messages from client to server on one socket. */
  readonly messageLimits: readonly RateLimit[];
  /** Largest frame accepted, bytes. */
  readonly maxPayload: number;
  /** What its frames are known to hold; other things in them are counted and logged. */
  readonly known?: KnownFrames;
}

/** How a connection ended. */
export interface ConnectionEnd {
  /** Close code; 1006 without a closing handshake. */
  readonly code: number;
  /** The peer's words for it, or ''. */
  readonly reason: string;
  /** What went wrong, or null when it was closed in order. */
  readonly failure: ExchangeError | null;
  /** The HTTP answer that the opening handshake was refused with, or null when it was not. */
  readonly refusal: HandshakeRefusal | null;
}

/** An HTTP answer in place of a WebSocket. */
interface HandshakeRefusal {
  readonly status: number;
  /** Its body, as much as came in time. */
  readonly text: string;
}

/** Who hears what happens on a connection. */
export interface ConnectionListener {
  /** The opening handshake is over. */
  opened(connection: WSConnection): void;
  /** A message came in. */
  message(connection: WSConnection, data: Buffer): void;
  /** A ping or a pong came in. @param pong what the pong carries; null for a ping */
  pulse(pong: string | null): void;
  /** It is over; called once, whichever side ended it. */
  ended(connection: WSConnection, end: ConnectionEnd): void;
}

/** Hears each text that goes over a connection, ours (`out`) and the exchange's (`in`), as it is. */
export type SocketTap = (kind: 'in' | 'out', text: string, binary: boolean) => void;

/** One WebSocket connection from its opening handshake to its end, each bounded in time. */
export class WSConnection {
  readonly #socket: WebSocket;
  readonly #tap: SocketTap | undefined;
  /** Since when the peer has been closing (monotonic ms). */
  #closingSince: number | null = null;

  /**
   * Begins to connect.
   * @param maxPayload largest frame accepted, bytes
   * @param tap hears all its traffic; absent: none
   * @throws when the address cannot be used
   */
  constructor(url: string, maxPayload: number, listener: ConnectionListener, tap?: SocketTap) {
    let failure: ExchangeError | null = null;
    let refusal: HandshakeRefusal | null = null;
    const socket = new WebSocket(url, {
      // Deflating 2 MB/s of frames costs more than the bytes are worth on one machine.
      perMessageDeflate: false,
      maxPayload,
      followRedirects: false,
      headers: { 'user-agent': USER_AGENT },
    });
    this.#socket = socket;
    this.#tap = tap;
    // Not left to ws, whose limit is one of silence: an answer that drips in would never end.
    const late = setTimeout(() => {
      failure ??= new ExchangeError(
        'NO_ANSWER',
        `the opening handshake was not over within ${HANDSHAKE_MS / 1000} s`,
      );
      socket.terminate();
    }, HANDSHAKE_MS);

    socket.on('unexpected-response', (_request: ClientRequest, response: IncomingMessage) => {
      const status = response.statusCode ?? 0;
      failure = new ExchangeError(
        faultOfHandshake(status),
        `the connection was refused with HTTP ${status}`,
      );
      // Without this listener ws would only say "Unexpected server response"; ending is then ours.
      readRefusal(response, (text) => {
        refusal = { status, text };
        socket.terminate();
      });
    });
    socket.on('open', () => {
      clearTimeout(late);
      listener.opened(this);
    });
    socket.on('message', (data: Buffer, binary: boolean) => {
      tap?.('in', data.toString('utf8'), binary);
      listener.message(this, data);
    });
    socket.on('ping', () => listener.pulse(null));
    socket.on('pong', (data: Buffer) => listener.pulse(data.toString('latin1')));
    socket.on('error', (error) => {
      // `terminate` during the handshake reports itself as an error; the refusal says more.
      failure ??= new ExchangeError('NO_ANSWER', reasonOf(error));
    });
    socket.on('close', (code, reason) => {
      clearTimeout(late);
      listener.ended(this, { code, reason: reason.toString('utf8'), failure, refusal });
    });
  }

  /** Whether messages can be sent. */
  get open(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** The address without its query, which may hold a key and a signature. */
  get publicUrl(): string {
    const { protocol, host, pathname } = new URL(this.#socket.url);
    return `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
  }

  /** Sends a text message. */
  send(text: string): void {
    this.#tap?.('out', text, false);
    this.#socket.send(text);
  }

  /** Sends a protocol ping. @param text what its pong will carry */
  ping(text = ''): void {
    this.#socket.ping(text);
  }

  /** Cuts it, without a closing handshake. */
  cut(): void {
    this.#socket.terminate();
  }

  /**
   * Whether it is being closed. A peer that says so but keeps the connection open is cut; ws alone
   * would wait 30 s. To be asked often. @param now monotonic ms
   */
  closing(now: number): boolean {
    if (this.#socket.readyState !== WebSocket.CLOSING) return false;
    this.#closingSince ??= now;
    if (now - this.#closingSince > CLOSE_MS) this.cut();
    return true;
  }

  /** Closes it; resolves when it is gone. */
  close(): Promise<void> {
    const socket = this.#socket;
    if (socket.readyState === WebSocket.CLOSED) return Promise.resolve();
    return new Promise<void>((resolve) => {
      // A half-open peer never answers the closing handshake.
      const cut = setTimeout(() => this.cut(), CLOSE_MS);
      socket.once('close', () => {
        clearTimeout(cut);
        resolve();
      });
      if (this.open) socket.close(1000);
      else this.cut();
    });
  }
}

/**
 * Reads who refuses and why, within {@link REFUSAL_MS} and {@link REFUSAL_BYTES}.
 * @param done called once, also when the connection breaks
 */
function readRefusal(response: IncomingMessage, done: (text: string) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let over = false;
  const finish = (): void => {
    if (over) return;
    over = true;
    clearTimeout(timer);
    done(Buffer.concat(chunks).subarray(0, REFUSAL_BYTES).toString('utf8'));
  };
  const timer = setTimeout(finish, REFUSAL_MS);
  response.on('data', (chunk: Buffer) => {
    if (over) return;
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= REFUSAL_BYTES) finish();
  });
  response.on('error', finish);
  response.on('close', finish);
  response.on('end', finish);
}

/** What an HTTP status at the handshake means: all but refusals of us look like a broken server. */
function faultOfHandshake(status: number): ExchangeFault {
  const fault = faultOf(status, '');
  return fault === 'RATE' || fault === 'MAINTENANCE' || status === 401 || status === 403
    ? fault
    : 'NO_ANSWER';
}
