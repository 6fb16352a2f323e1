import type { ClientRequest, IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { ExchangeError, type ExchangeFault, faultOf } from '../exchange-error.js';
import type { RateLimit } from '../limits/rate-limiter.js';
import type { KnownFrames } from './frame-look.js';
import { reasonOf } from '../../util/reason.js';
import { USER_AGENT } from '../../util/version.js';

/** Timeout of the opening handshake. */
const HANDSHAKE_MS = 10_000;
/** Timeout of the closing handshake before the socket is cut. */
const CLOSE_MS = 1000;
/** Timeout for reading the body of a refused handshake, and the maximum bytes read. */
const REFUSAL_MS = 3000;
const REFUSAL_BYTES = 64 * 1024;

/** An exchange's socket parameters, from docs/exchanges. Times in ms. */
export interface WSProfile {
  /** Maximum pairs per socket. */
  readonly maxPairs: number;
  /** Ping interval; Infinity for an exchange that does all pinging itself. */
  readonly pingEveryMs: number;
  /** A socket without any frame, ping or pong for this long is dead. */
  readonly silentAfterMs: number;
  /** A subscribed pair without a book for this long is reported. */
  readonly firstBookWithinMs: number;
  /** Limits of client messages per socket. */
  readonly messageLimits: readonly RateLimit[];
  /** Largest frame accepted, bytes. */
  readonly maxPayload: number;
  /** What its frames are known to contain; anything else is counted and logged. */
  readonly known?: KnownFrames;
}

/** How a connection ended. */
export interface ConnectionEnd {
  /** Close code; 1006 without a closing handshake. */
  readonly code: number;
  /** The peer's reason, or ''. */
  readonly reason: string;
  /** What went wrong, or null when it closed normally. */
  readonly failure: ExchangeError | null;
  /** The HTTP response that refused the opening handshake, or null. */
  readonly refusal: HandshakeRefusal | null;
}

/** An HTTP response in place of a WebSocket. */
interface HandshakeRefusal {
  readonly status: number;
  /** Its body, as much as arrived in time. */
  readonly text: string;
}

/** Listener to the events of a connection. */
export interface ConnectionListener {
  /** The opening handshake is over. */
  opened(connection: WSConnection): void;
  /** A message was received. */
  message(connection: WSConnection, data: Buffer): void;
  /** A ping or a pong was received. @param pong the pong's payload; null for a ping */
  pulse(pong: string | null): void;
  /** It is over; called once, whichever side ended it. */
  ended(connection: WSConnection, end: ConnectionEnd): void;
}

/** Receives each text on a connection, ours (`out`) and the exchange's (`in`), verbatim. */
export type SocketTap = (kind: 'in' | 'out', text: string, binary: boolean) => void;

/** One WebSocket connection from its opening handshake to its end, with a timeout on each. */
export class WSConnection {
  readonly #socket: WebSocket;
  readonly #tap: SocketTap | undefined;
  /** Since when the peer has been closing (monotonic ms). */
  #closingSince: number | null = null;

  /**
   * Starts connecting.
   * @param maxPayload largest frame accepted, bytes
   * @param tap receives all its traffic; absent: none
   * @throws when the address is unusable
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
    // Not ws's own timeout, which is for silence: a response that trickles in would never end.
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
      // Without this listener ws would only say "Unexpected server response"; ending is then up to us.
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

  /** Sends a protocol ping. @param text payload of its pong */
  ping(text = ''): void {
    this.#socket.ping(text);
  }

  /** Cuts it, without a closing handshake. */
  cut(): void {
    this.#socket.terminate();
  }

  /**
   * Whether it is being closed. A peer that starts closing but keeps the connection open is cut; ws
   * alone would wait 30 s. To be called often. @param now monotonic ms
   */
  closing(now: number): boolean {
    if (this.#socket.readyState !== WebSocket.CLOSING) return false;
    this.#closingSince ??= now;
    if (now - this.#closingSince > CLOSE_MS) this.cut();
    return true;
  }

  /** Closes it; resolves once it is gone. */
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
 * @param done called once, even if the connection breaks
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

/** Fault for an HTTP status at the handshake: anything but a refusal of us looks like a broken server. */
function faultOfHandshake(status: number): ExchangeFault {
  const fault = faultOf(status, '');
  return fault === 'RATE' || fault === 'MAINTENANCE' || status === 401 || status === 403
    ? fault
    : 'NO_ANSWER';
}
