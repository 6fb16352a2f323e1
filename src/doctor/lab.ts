import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { RateLimiter } from '../collector/limits/rate-limiter.js';
import { type RestAnswer, RestClient } from '../collector/rest/rest-client.js';
import type { SocketTap } from '../collector/socket/ws-connection.js';
import { type ExactJson, parseExactJson } from '../market/exact-json.js';
import { type Pair, pairText } from '../market/market.js';
import type { ExchangeUrls } from '../settings/config.js';
import { reasonOf } from '../util/reason.js';
import { pause } from '../util/wait.js';
import type { Answer, Frame, Group, Upgrade } from './evidence.js';
import { Line, type LineOptions } from './line.js';
import type { Recording } from './recording.js';
import type { Sheet } from './sheet.js';

/** Pairs preferred because they are busy everywhere. */
const BUSY = ['BTC-KRW', 'ETH-KRW', 'XRP-KRW'];
/** Names that no exchange lists. */
const UNLISTED: readonly Pair[] = [
  { symbol: 'ZZNOPEA', currency: 'KRW' },
  { symbol: 'ZZNOPEB', currency: 'KRW' },
];

/** Where and how fast an exchange is examined. */
export interface LabParts {
  readonly sheet: Sheet;
  readonly urls: ExchangeUrls;
  readonly recording: Recording | null;
  /** ms in a second of the probes' time: 1000, less in tests. */
  readonly second: number;
}

/** The probes' means at one exchange: calls and sockets, within its limits and kept in the recording. */
export class Lab {
  readonly sheet: Sheet;
  readonly urls: ExchangeUrls;
  readonly second: number;
  /** The group that is being probed. */
  group: Group = 'reach';
  /** Markets of the list, set by its probe. */
  listed: readonly Pair[] = [];
  /** For the REST books of the collectors. */
  readonly rest: RestClient;
  readonly #parts: LabParts;
  readonly #calls: RateLimiter;
  readonly #opens: RateLimiter;
  #sockets = 0;

  constructor(parts: LabParts) {
    const { sheet, urls, second } = parts;
    this.#parts = parts;
    this.sheet = sheet;
    this.urls = urls;
    this.second = second;
    this.#calls = new RateLimiter([{ count: 1, ms: (sheet.restEveryMs * second) / 1000 }]);
    this.#opens = new RateLimiter([{ count: 1, ms: second }]);
    this.rest = new AnswerClient((path) => this.get(path));
  }

  /** Waits for some seconds of the probes' time. */
  wait(seconds: number): Promise<void> {
    return pause(seconds * this.second);
  }

  /** Up to `count` listed pairs, the busy ones first. */
  pairs(count: number): readonly Pair[] {
    const rank = (pair: Pair): number => {
      const place = BUSY.indexOf(pairText(pair));
      return place === -1 ? BUSY.length : place;
    };
    return [...this.listed].sort((a, b) => rank(a) - rank(b)).slice(0, count);
  }

  /** Names that are not listed. */
  unlisted(count: number): readonly Pair[] {
    return UNLISTED.slice(0, count);
  }

  /** Calls a path by GET; never throws. @param named whether a User-Agent is sent */
  async get(path: string, named = true): Promise<Answer> {
    while (!this.#calls.tryTake()) await pause(this.#calls.waitMs());
    const { recording } = this.#parts;
    try {
      const answer = named
        ? await new RestClient(this.urls.restUrl).get(path)
        : await plainGet(this.urls.restUrl + path);
      const headers = Object.fromEntries(answer.headers.entries());
      const { status, text } = answer;
      const at = Date.now();
      recording?.keep({
        ...{ at, group: this.group, kind: 'rest', socket: 0, binary: false },
        ...{ path, status, headers, text },
      });
      return { status, headers, text, ...valuesOf(text), failure: null };
    } catch (error) {
      const failure = reasonOf(error);
      return { status: 0, headers: {}, text: '', plain: undefined, exact: undefined, failure };
    }
  }

  /** Opens a socket; null with the reason when it does not open. */
  async open(
    pairs: readonly Pair[],
    options: Pick<LineOptions, 'mute' | 'onFrame'> & { url?: string } = {},
  ): Promise<{ line: Line | null; upgrade: Upgrade }> {
    while (!this.#opens.tryTake()) await pause(this.#opens.waitMs());
    const { talk, profile } = this.sheet;
    const keep = this.#keeper();
    return Line.open({
      ...{ url: this.urls.wsUrl, profile, talk, reader: talk.reader(pairs), openMs: 10_000 },
      ...options,
      keep,
    });
  }

  /** A tap that records everything on a socket of one of the recorder's feeds. */
  tap(): SocketTap {
    const keep = this.#keeper();
    return (kind, text, binary) => keep({ at: Date.now(), kind, binary, text });
  }

  /** Records the messages of one more socket. */
  #keeper(): LineOptions['keep'] {
    const socket = ++this.#sockets;
    return (message) => this.#parts.recording?.keep({ ...message, group: this.group, socket });
  }

  /** A socket that must open. @throws {Error} saying why it did not */
  async socket(
    pairs: readonly Pair[],
    options: Pick<LineOptions, 'mute' | 'onFrame'> = {},
  ): Promise<Line> {
    const { line, upgrade } = await this.open(pairs, options);
    if (line === null) throw new Error(`the socket did not open: ${upgrade.failure ?? 'closed'}`);
    return line;
  }

  /** Waits for the greeting, where there is one, and subscribes. */
  async subscribe(line: Line, pairs: readonly Pair[]): Promise<void> {
    if (this.sheet.talk.greets) await line.until(() => line.frames.length > 0, 2 * this.second);
    await line.send(this.sheet.talk.subscribe(pairs));
  }

  /** Whether a frame holds the book of a pair. */
  isOf(frame: Frame, pair: Pair): boolean {
    return frame.book?.pair === pairText(pair);
  }
}

/** A client for the collectors' readers that gets its answers from elsewhere. */
export class AnswerClient extends RestClient {
  readonly #call: (path: string) => Promise<Answer>;

  constructor(call: (path: string) => Promise<Answer>) {
    super('');
    this.#call = call;
  }

  override async get(path: string): Promise<RestAnswer> {
    const { status, headers, text, failure } = await this.#call(path);
    if (failure !== null) throw new Error(failure);
    return { status, headers: new Headers(headers), text };
  }
}

/** A call without a User-Agent, which `fetch` cannot make. */
function plainGet(url: string): Promise<RestAnswer> {
  const call = url.startsWith('https:') ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const request = call(url, { timeout: 10_000, headers: { accept: 'application/json' } });
    request.on('timeout', () => request.destroy(new Error('no answer within 10 s')));
    request.on('error', reject);
    request.on('response', (response: IncomingMessage) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const headers = new Headers();
        for (const [name, value] of Object.entries(response.headers))
          headers.set(name, String(value));
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: response.statusCode ?? 0, headers, text });
      });
    });
    request.end();
  });
}

function valuesOf(text: string): { plain: unknown; exact: ExactJson | undefined } {
  try {
    return { plain: JSON.parse(text) as unknown, exact: parseExactJson(text) };
  } catch {
    return { plain: undefined, exact: undefined };
  }
}
