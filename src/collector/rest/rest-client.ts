import { ExchangeError } from '../exchange-error.js';
import { cutText } from '../../market/outside-text.js';
import { CallLimit } from '../../util/call-limit.js';
import { USER_AGENT } from '../../util/version.js';
import { reasonOf } from '../../util/reason.js';

/** The response to a REST call, whatever its status. */
export interface RestAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Longest response that is read; Upbit's whole market is 2.3 MB, all of GOPAX's books less. */
const MAX_BYTES = 32 * 1024 * 1024;

/** GET calls to one exchange's REST base. Sends no `Origin` header (Upbit allows 1 such call per 10 s). */
export class RestClient {
  readonly #base: string;
  readonly #timeoutMs: number;
  readonly #onRefusal: (status: number, text: string) => void;

  /**
   * @param base URL without trailing slash. @param timeoutMs limit for the whole call.
   * @param onRefusal receives each response other than 200, whole
   */
  constructor(
    base: string,
    timeoutMs = 10_000,
    onRefusal: (status: number, text: string) => void = () => {},
  ) {
    this.#base = base;
    this.#timeoutMs = timeoutMs;
    this.#onRefusal = onRefusal;
  }

  /** Fetches `path` (with query). @throws {ExchangeError} with one line, without a complete response */
  async get(path: string, signal?: AbortSignal): Promise<RestAnswer> {
    const call = new CallLimit(this.#timeoutMs, signal);
    try {
      const response = await fetch(this.#base + path, {
        signal: call.signal,
        headers: { accept: 'application/json', 'user-agent': USER_AGENT },
        redirect: 'manual',
      });
      if (response.status >= 300 && response.status < 400) {
        await response.body?.cancel();
        const to = response.headers.get('location');
        const where = to === null ? 'without a location' : `to ${JSON.stringify(cutText(to, 200))}`;
        throw new ExchangeError(
          'NO_ANSWER',
          `the exchange answered HTTP ${response.status}, a redirect ${where}; it is not followed`,
        );
      }
      const { status, headers } = response;
      const text = await readText(response);
      if (status !== 200) this.#onRefusal(status, text);
      return { status, headers, text };
    } catch (error) {
      if (error instanceof ExchangeError) throw error;
      const why = call.late ? `no answer within ${this.#timeoutMs / 1000} s` : reasonOf(error);
      throw new ExchangeError('NO_ANSWER', why, { cause: error });
    } finally {
      call.done();
    }
  }
}

async function readText(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BYTES)
      throw new ExchangeError('NO_ANSWER', `the answer is longer than ${MAX_BYTES} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
