import { type MessagePort, Worker } from 'node:worker_threads';
import { within } from '../util/wait.js';
import { failureText, failureCode, StoreError } from './errors.js';

/** Longest wait for answers when the thread is to end, ms. */
const ANSWER_MS = 1_000;

interface Request {
  readonly id: number;
  readonly method: string;
  readonly args: readonly unknown[];
  /** When the caller stops waiting for the result, Unix ms. */
  readonly deadline?: number | undefined;
}

type Answer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string; readonly code: string | null };

/**
 * Worker side: answers the requests arriving at `port` with `service`, one after the other in order
 * of arrival (a database connection must not see two calls interleaved).
 */
export function serve<S extends { [K in keyof S]: (...args: never[]) => unknown }>(
  port: MessagePort,
  service: S,
): void {
  const methods = service as unknown as Record<string, (...args: unknown[]) => unknown>;
  let last: Promise<void> = Promise.resolve();
  port.on('message', ({ id, method, args, deadline }: Request) => {
    last = last.then(async () => {
      let answer: Answer;
      try {
        if (deadline !== undefined && Date.now() >= deadline) {
          throw new StoreError('not read: the caller no longer waits for it');
        }
        answer = { id, result: await methods[method]!(...args) };
      } catch (error) {
        answer = { id, error: failureText(error), code: failureCode(error) ?? codeOf(error) };
      }
      port.postMessage(answer);
    });
  });
}

function codeOf(error: unknown): string | null {
  return error instanceof StoreError ? error.code : null;
}

/** Arguments of a method of a service. */
type ArgumentsOf<F> = F extends (...args: infer A) => unknown ? A : never;
/** Result type of a service method. */
type ResultOf<F> = F extends (...args: never[]) => infer R ? Awaited<R> : never;

/**
 * Main-thread side: a worker thread and the calls to it. A worker that died (out of memory, for
 * example) is restarted by the next call; its unanswered calls reject.
 */
export class RpcWorker<S> {
  readonly #entry: URL;
  readonly #workerData: unknown;
  readonly #waiting = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (error: Error) => void }
  >();
  #worker: Worker | undefined;
  #nextId = 1;
  /** The latest call; answers come in the order of the calls. */
  #latest: Promise<unknown> = Promise.resolve();
  /** While the thread must not exist: settles when it may. */
  #held: Promise<unknown> | null = null;
  #closed = false;

  /** @param entry the worker's file. @param workerData passed to it on startup */
  constructor(entry: URL, workerData: unknown) {
    this.#entry = entry;
    this.#workerData = workerData;
  }

  /** Starts the thread, if it is not running, without waiting for it. */
  start(): void {
    if (this.#worker !== undefined) return;
    if (this.#closed) throw new StoreError('the store is closed');
    const worker = new Worker(this.#entry, { workerData: this.#workerData, execArgv: [] });
    this.#worker = worker;
    let reason = 'the database thread ended';
    worker.on('message', (answer: Answer) => {
      const call = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if ('error' in answer) call?.reject(new StoreError(answer.error, answer.code));
      else call?.resolve(answer.result);
    });
    worker.on('error', (error: Error) => {
      reason = `the database thread failed: ${failureText(error)}`;
    });
    worker.on('exit', () => {
      if (this.#worker === worker) this.#worker = undefined;
      const calls = [...this.#waiting.values()];
      this.#waiting.clear();
      for (const call of calls) call.reject(new StoreError(reason));
    });
  }

  /** Calls a method in the worker. @throws {StoreError} what the method threw, or that it died. */
  call<K extends keyof S & string>(method: K, ...args: ArgumentsOf<S[K]>): Promise<ResultOf<S[K]>> {
    return this.callWith([], method, ...args);
  }

  /** As {@link call}; dropped, and rejected, when the worker has not started it by `deadline`, Unix ms. */
  callUntil<K extends keyof S & string>(
    deadline: number | undefined,
    method: K,
    ...args: ArgumentsOf<S[K]>
  ): Promise<ResultOf<S[K]>> {
    return this.#post({ method, args, deadline }, []);
  }

  /** The methods with these names: each calls the worker's like {@link callUntil}. */
  methods<K extends keyof S & string>(names: readonly K[], deadline?: number): Pick<S, K> {
    const call =
      (method: K) =>
      (...args: ArgumentsOf<S[K]>) =>
        this.callUntil(deadline, method, ...args);
    return Object.fromEntries(names.map((name) => [name, call(name)])) as unknown as Pick<S, K>;
  }

  /** As {@link call}, transferring the memory in `transfer` instead of copying it. */
  callWith<K extends keyof S & string>(
    transfer: readonly ArrayBuffer[],
    method: K,
    ...args: ArgumentsOf<S[K]>
  ): Promise<ResultOf<S[K]>> {
    return this.#post({ method, args }, transfer);
  }

  /** Ends the thread, runs `work`, then passes calls made meanwhile to a new thread. */
  async without<T>(work: () => Promise<T>): Promise<T> {
    const done = (async () => {
      await this.#end();
      return work();
    })();
    this.#held = done.catch(() => undefined).then(() => (this.#held = null));
    return done;
  }

  async #post<T>(request: Omit<Request, 'id'>, transfer: readonly ArrayBuffer[]): Promise<T> {
    if (this.#held !== null) await this.#held;
    return this.#send<T>(request, transfer);
  }

  #send<T>(request: Omit<Request, 'id'>, transfer: readonly ArrayBuffer[]): Promise<T> {
    const answer = new Promise<T>((resolve, reject) => {
      this.start();
      const id = this.#nextId++;
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.#worker!.postMessage({ id, ...request } satisfies Request, transfer);
    });
    this.#latest = answer;
    return answer;
  }

  /**
   * Ends the thread, between two calls if it can: better-sqlite3 aborts the whole process when one of its calls fails
   * in a thread that is being terminated, as with a failing disk.
   */
  async #end(): Promise<void> {
    const answered = this.#latest.catch(() => undefined);
    if (this.#waiting.size > 0) await within(answered, ANSWER_MS, () => undefined);
    await this.#worker?.terminate();
  }

  /** Whether the thread exists. */
  get running(): boolean {
    return this.#worker !== undefined;
  }

  /** Ends the thread; calls that are not answered within a second reject. */
  async terminate(): Promise<void> {
    this.#closed = true;
    await this.#end();
  }
}
