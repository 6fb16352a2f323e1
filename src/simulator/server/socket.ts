import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { BookFrame } from '../book/book.js';
import { Timers } from './timers.js';
import type { WireChanges } from './wire-changes.js';

/** What is currently wrong with the sockets of a simulator; checked before each frame. */
export interface SocketFaults {
  /** No data frames go out, pings are still answered. */
  readonly frozen: boolean;
  /** Nothing goes out. */
  readonly halfOpen: boolean;
  /** Data frames go out cut in half. */
  readonly garbled: boolean;
  /** How frames differ from the protocol. */
  readonly changes: WireChanges;
}

/** Bytes of memory for the book frames of a socket, some hundred of them. */
const FRAME_MEMORY = 512 * 1024;

/** How to send a frame. */
export interface SendOptions {
  /** Opcode 2 instead of 1. Default: binary for bytes, text for strings. */
  readonly binary?: boolean;
  /** The frame answers the protocol's own keepalive (UP, PONG, heartbeat); also sent when frozen. */
  readonly keepalive?: boolean;
}

/** One accepted WebSocket of a simulator, with its timers, which end with it. `S` is what the exchange keeps for it. */
export class SimulatedSocket<S> extends Timers {
  /** Number of the socket, from 1 in order of acceptance. */
  readonly id: number;
  readonly ws: WebSocket;
  /** Remote address, for limits by IP. */
  readonly ip: string;
  /** URL (path and query) of the upgrade request. */
  readonly url: string;
  readonly openedAt = Date.now();
  /** When the last frame came in (any kind), ms; null: none yet. */
  lastIn: number | null = null;
  /** When the last frame went out (any kind), ms; null: none yet. */
  lastOut: number | null = null;
  /** The last data frame that went out, for tearing. */
  lastFrame: { data: string | Uint8Array; binary: boolean } | null = null;
  /** The server has decided to close it; further messages are ignored. */
  closing = false;
  /** The exchange's own state of this socket (subscriptions ...). */
  state!: S;
  #faults: SocketFaults;
  #tcp: Duplex;
  /** Memory of the book frames under way, and where in it the next one goes. */
  #memory: Buffer | undefined;
  #memoryUsed = 0;
  /** Frames are being collected for one write. */
  #collecting = false;

  constructor(
    id: number,
    ws: WebSocket,
    tcp: Duplex,
    request: { ip: string; url: string },
    faults: SocketFaults,
  ) {
    super();
    this.id = id;
    this.ws = ws;
    this.#tcp = tcp;
    this.ip = request.ip;
    this.url = request.url;
    this.#faults = faults;
    ws.once('close', () => this.clearTimers());
    this.#muteWhenHalfOpen();
  }

  /** Whether frames can still be sent. */
  get open(): boolean {
    return this.ws.readyState === this.ws.OPEN;
  }

  /** Sends a data frame; false when it did not go out whole (closed, frozen, half open, garbled). */
  send(usual: string | Uint8Array, options: SendOptions = {}): boolean {
    const { frozen, halfOpen, garbled, changes } = this.#faults;
    if (!this.open || halfOpen) return false;
    const data = changes.frame(usual);
    const binary = (options.binary ?? typeof data !== 'string') !== changes.swapOpcodes;
    this.#collect();
    if (options.keepalive === true) {
      this.ws.send(data, { binary });
      this.lastOut = Date.now();
      return true;
    }
    if (frozen) return false;
    this.ws.send(garbled ? firstHalf(data) : data, { binary });
    this.lastOut = Date.now();
    this.lastFrame = { data, binary };
    return !garbled;
  }

  /**
   * Sends a book with these values in its holes, like {@link send}, from reused memory:
   * garbage-collecting thousands of frames a second costs more than the frames.
   */
  sendBook(frame: BookFrame, values: readonly string[], binary: boolean): boolean {
    const size = frame.size(values);
    const memory = this.#room(size);
    const start = this.#memoryUsed;
    this.#memoryUsed += size;
    frame.write(memory, start, values);
    return this.send(memory.subarray(start, start + size), { binary });
  }

  /** Memory with room for this many bytes at `#memoryUsed`, not used by any frame under way. */
  #room(size: number): Buffer {
    let memory = this.#memory;
    if (memory !== undefined && this.#memoryUsed + size <= memory.length) return memory;
    this.#flush();
    // What a slow client has not taken yet keeps its memory; the next frames get new memory.
    if (memory === undefined || size > memory.length || this.ws.bufferedAmount > 0) {
      memory = Buffer.allocUnsafeSlow(Math.max(FRAME_MEMORY, size));
    }
    this.#memory = memory;
    this.#memoryUsed = 0;
    return memory;
  }

  /** Sends a protocol ping. */
  ping(payload = ''): void {
    if (!this.open || this.#faults.halfOpen) return;
    this.ws.ping(payload);
    this.lastOut = Date.now();
  }

  /** Answers a protocol ping. */
  pong(payload: Buffer): void {
    if (!this.open || this.#faults.halfOpen || this.#faults.changes.ignorePings) return;
    this.ws.pong(payload);
    this.lastOut = Date.now();
  }

  /** Stops or resumes reading: while the connection is half open, the client's frames are lost on the way. */
  deafen(on: boolean): void {
    if (on) this.ws.pause();
    else this.ws.resume();
  }

  /** Starts the closing handshake with that code. */
  close(code: number, reason = ''): void {
    this.closing = true;
    this.clearTimers();
    this.ws.close(code, reason);
  }

  /** Ends the TCP connection at once, without a close frame: the client sees 1006. */
  destroy(): void {
    this.#flush();
    this.ws.terminate();
  }

  /** Writes half of a data frame (the last one sent, or a stand-in) and destroys the connection. */
  tear(): void {
    const frame = this.lastFrame ?? { data: '{"torn":"before any frame was sent"}', binary: false };
    const payload = Buffer.from(frame.data as string);
    const half = payload.subarray(0, Math.floor(payload.length / 2));
    const opcode = 0x80 | (frame.binary ? 2 : 1);
    const header =
      payload.length < 126
        ? Buffer.from([opcode, payload.length])
        : payload.length < 65_536
          ? Buffer.from([opcode, 126, payload.length >> 8, payload.length & 0xff])
          : Buffer.concat([Buffer.from([opcode, 127]), bigEndian64(payload.length)]);
    this.clearTimers();
    this.#flush();
    this.#tcp.write(Buffer.concat([header, half]), () => this.#tcp.destroy());
  }

  /**
   * Frames that are sent at one time, such as those of many markets, leave in one write: a system
   * call for each would cost more than everything else.
   */
  #collect(): void {
    if (this.#collecting) return;
    this.#collecting = true;
    this.#tcp.cork();
    process.nextTick(() => this.#flush());
  }

  #flush(): void {
    if (!this.#collecting) return;
    this.#collecting = false;
    this.#tcp.uncork();
  }

  /**
   * The ws library sends close frames by itself, so a half-open connection must be muted where the
   * bytes leave. Data frames never get that far (see send): a compressor would lose its context.
   */
  #muteWhenHalfOpen(): void {
    const write = this.#tcp.write.bind(this.#tcp) as (...args: unknown[]) => boolean;
    const muted = (...args: unknown[]): boolean => {
      if (!this.#faults.halfOpen) return write(...args);
      const done = args[args.length - 1];
      if (typeof done === 'function') process.nextTick(done);
      return true;
    };
    this.#tcp.write = muted;
  }
}

function firstHalf(data: string | Uint8Array): string | Uint8Array {
  const half = Math.ceil(data.length / 2);
  return typeof data === 'string' ? data.slice(0, half) : data.subarray(0, half);
}

function bigEndian64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}
