import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { RateLimiter } from '../collector/limits/rate-limiter.js';
import type { WSProfile } from '../collector/socket/ws-connection.js';
import { parseExactJson, type ExactJson } from '../market/exact-json.js';
import { reasonOf } from '../util/reason.js';
import { USER_AGENT } from '../util/version.js';
import { pause, within } from '../util/wait.js';
import type { BookSeen, End, Frame, Ping, Upgrade } from './evidence.js';
import type { RecordedMessage } from './recording.js';
import type { StreamReader, Talk } from './sheet.js';

/** How a {@link Line} is opened. */
export interface LineOptions {
  readonly url: string;
  readonly profile: WSProfile;
  readonly talk: Talk;
  readonly reader: StreamReader;
  /** Time allowed for opening, ms. */
  readonly openMs: number;
  /** Whether pings and heartbeats are left unanswered. */
  readonly mute?: boolean;
  /** Receives every frame; if it returns true, the frame is not kept. */
  readonly onFrame?: (frame: Frame, data: Buffer) => boolean;
  readonly keep: (message: Omit<RecordedMessage, 'group' | 'socket'>) => void;
}

/** One socket to an exchange, with everything received on it. */
export class Line {
  readonly frames: Frame[] = [];
  readonly pings: Ping[] = [];
  /** How it ended; null while it is open. */
  end: End | null = null;
  readonly #socket: WebSocket;
  readonly #limiter: RateLimiter;
  readonly #openedAt = performance.now();
  readonly #options: LineOptions;

  private constructor(socket: WebSocket, options: LineOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#limiter = new RateLimiter(options.profile.messageLimits);
    socket.on('message', (data: Buffer, binary: boolean) => this.#onMessage(data, binary));
    socket.on('ping', (data: Buffer) => {
      this.pings.push({ at: this.now, data: data.toString('latin1') });
    });
    socket.on('close', (code) => {
      this.end = { at: this.now, code };
    });
  }

  /** Opens one. @returns the line, or null, and how the attempt was answered */
  static async open(options: LineOptions): Promise<{ line: Line | null; upgrade: Upgrade }> {
    let headers: Upgrade['headers'] = {};
    let failed: Upgrade | null = null;
    const socket = new WebSocket(options.url, {
      perMessageDeflate: false,
      maxPayload: options.profile.maxPayload,
      followRedirects: false,
      handshakeTimeout: options.openMs,
      autoPong: options.mute !== true,
      headers: { 'user-agent': USER_AGENT },
    });
    const line = new Line(socket, options);
    const opened = new Promise<boolean>((resolve) => {
      socket.once('upgrade', (response: IncomingMessage) => {
        headers = headersOf(response.headers);
      });
      socket.once('unexpected-response', (_request, response: IncomingMessage) => {
        const status = response.statusCode ?? 0;
        failed = { status, headers: headersOf(response.headers), failure: `HTTP ${status}` };
        response.resume();
        socket.terminate();
      });
      socket.on('error', (error) => {
        failed ??= { status: 0, headers, failure: reasonOf(error) };
      });
      socket.once('open', () => resolve(true));
      socket.once('close', () => resolve(false));
    });
    if (await opened) return { line, upgrade: { status: 101, headers, failure: null } };
    return { line: null, upgrade: failed ?? { status: 0, headers, failure: 'closed at once' } };
  }

  /** Time since it opened, ms. */
  get now(): number {
    return performance.now() - this.#openedAt;
  }

  /** Sends messages, within the exchange's limits. */
  async send(messages: readonly string[]): Promise<void> {
    for (const message of messages) {
      while (this.end === null && !this.#limiter.tryTake()) await pause(this.#limiter.waitMs());
      this.#say(message);
    }
  }

  /** Sends a ping, by the exchange's own message where it has one. @returns the time to its answer, ms */
  async ping(maxMs: number): Promise<number | null> {
    const { ping } = this.#options.talk;
    const from = this.now;
    const count = this.frames.length;
    let pong = false;
    this.#socket.once('pong', () => (pong = true));
    if (ping !== null) await this.send([ping.message]);
    else if (this.end === null) this.#socket.ping('doctor');
    const came = await this.until(
      () =>
        ping === null
          ? pong
          : this.frames.slice(count).some(({ text }) => text.startsWith(ping.answer)),
      maxMs,
    );
    return came ? this.now - from : null;
  }

  /** Waits until a condition holds, at most `maxMs` or until the socket ends. */
  async until(condition: () => boolean, maxMs: number): Promise<boolean> {
    const end = performance.now() + maxMs;
    while (!condition()) {
      if (this.end !== null || performance.now() > end) return condition();
      await pause(5);
    }
    return true;
  }

  /** Closes it. @returns the answer; null when there was none and the connection was cut */
  async close(maxMs: number): Promise<End | null> {
    const closed = new Promise<boolean>((resolve) =>
      this.#socket.once('close', () => resolve(true)),
    );
    if (this.end === null) {
      this.#socket.close(1000);
      const answered = await within(closed, maxMs, () => false);
      if (!answered) this.#socket.terminate();
      if (!answered) return null;
    }
    return this.end;
  }

  #say(text: string): void {
    if (this.end !== null) return;
    this.#options.keep({ at: Date.now(), kind: 'out', binary: false, text });
    this.#socket.send(text);
  }

  #onMessage(data: Buffer, binary: boolean): void {
    const text = data.toString('utf8');
    this.#options.keep({ at: Date.now(), kind: 'in', binary, text });
    const { talk, reader, mute = false, onFrame } = this.#options;
    const frame = frameOf(text, binary, this.now, reader);
    const answer = mute ? null : talk.answer(frame.exact);
    if (answer !== null) this.#say(answer);
    if (onFrame?.(frame, data) !== true) this.frames.push(frame);
  }
}

function frameOf(text: string, binary: boolean, at: number, reader: StreamReader): Frame {
  let plain: unknown;
  let exact: ExactJson | undefined;
  let book: BookSeen | null = null;
  let failure: string | null = null;
  try {
    plain = JSON.parse(text) as unknown;
    exact = parseExactJson(text);
    book = reader.read(exact);
  } catch (error) {
    failure = (error as Error).message;
  }
  return { at, binary, text, plain, exact, book, failure };
}

function headersOf(headers: IncomingMessage['headers']): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
