import { EventEmitter, once } from 'node:events';
import { syncBuiltinESMExports } from 'node:module';
import { setTimeout as pause } from 'node:timers/promises';
import threads, { MessageChannel } from 'node:worker_threads';

/**
 * A store starts two threads, and each loads and compiles what the one before it had: nine tenths of the processor
 * time of a store in a test. Here a thread that has served one store serves the next, and the stores of tests that run
 * at once (at-once.ts) at the same time. It is a thread as before, with messages as before; that a real one starts and
 * ends is tested by each process that a test starts.
 */

const { Worker } = threads;
const ENTRY = new URL('store-thread.mjs', import.meta.url);
const STORE = new URL('../../../dist/store/', import.meta.url);
/** Longest wait for a thread that is to end and has been asked to close, ms. */
const CLOSE_MS = 500;
/** How many stores of tests that run at once share a thread. */
const STORES = 5;

/** Threads and how many stores each serves, by the file that the program starts. */
const lenders = new Map(
  ['writer', 'reader'].map((service) => [
    new URL(`${service}-worker.js`, STORE).href,
    { service, threads: new Map() },
  ]),
);

/** A thread that has room for one more store; a new one where none has. */
function threadOf({ threads: lent }) {
  const atOnce = globalThis[Symbol.for('opened at once')]?.getStore() !== undefined;
  for (const [thread, stores] of lent) if (stores < (atOnce ? STORES : 1)) return thread;
  const thread = new Worker(ENTRY, { execArgv: [] });
  lent.set(thread, 0);
  thread.once('exit', () => lent.delete(thread));
  return thread;
}

/** Stands for the thread that a store starts. One that has not closed in order is ended, with all that it serves. */
class LentThread extends EventEmitter {
  #lender;
  #thread;
  #port;
  /** The call after whose answer nothing is open: `close`, or `open` if it fails. */
  #last = null;
  #closed = false;

  constructor(lender, workerData) {
    super();
    this.#lender = lender;
    this.#thread = threadOf(lender);
    lender.threads.set(this.#thread, lender.threads.get(this.#thread) + 1);
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.on('message', (answer) => {
      if (answer.id === this.#last?.id)
        this.#closed = this.#last.method === ('error' in answer ? 'open' : 'close');
      this.emit('message', answer);
    });
    this.#thread.ref();
    this.#thread.on('error', this.#failed).on('exit', this.#ended);
    const { service } = lender;
    this.#thread.postMessage({ service, workerData, port: port2 }, [port2]);
  }

  postMessage(request, transfer) {
    this.#last = request;
    this.#closed = false;
    this.#port.postMessage(request, transfer);
  }

  async terminate() {
    if (this.#last?.method === 'close' && !this.#closed) {
      await Promise.race([once(this.#port, 'message'), pause(CLOSE_MS, null, { ref: false })]);
    }
    const thread = this.#thread;
    if (!this.#closed) return thread.terminate();
    thread.off('error', this.#failed).off('exit', this.#ended);
    const stores = this.#lender.threads.get(thread) - 1;
    this.#lender.threads.set(thread, stores);
    if (stores === 0) thread.unref();
    this.#ended(1);
    return 1;
  }

  #failed = (error) => this.emit('error', error);

  #ended = (code) => {
    this.#port.close();
    this.emit('exit', code);
  };
}

threads.Worker = new Proxy(Worker, {
  construct(target, args, newTarget) {
    const lender = lenders.get(String(args[0]));
    if (lender === undefined) return Reflect.construct(target, args, newTarget);
    return new LentThread(lender, args[1].workerData);
  },
});
syncBuiltinESMExports();
