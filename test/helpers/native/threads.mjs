import { EventEmitter, once } from 'node:events';
import { syncBuiltinESMExports } from 'node:module';
import { setTimeout as pause } from 'node:timers/promises';
import threads, { MessageChannel } from 'node:worker_threads';

/**
 * A store starts two threads, and each loads and compiles what the one before it had: nine tenths of the processor
 * time of a store in a test. Here a thread that has served one store serves the next. It is a thread as before, with
 * messages as before; that a real one starts and ends is tested by each process that a test starts.
 */

const { Worker } = threads;
const ENTRY = new URL('store-thread.mjs', import.meta.url);
const STORE = new URL('../../../dist/store/', import.meta.url);
/** Longest wait for a thread that is to end and has been asked to close, ms. */
const CLOSE_MS = 500;

/** Idle threads, by the file that the program starts. */
const lenders = new Map(
  ['writer', 'reader'].map((service) => [
    new URL(`${service}-worker.js`, STORE).href,
    { service, idle: [] },
  ]),
);

/** Stands for the thread that a store starts. One that has not closed in order is ended and not lent again. */
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
    this.#thread = lender.idle.pop() ?? new Worker(ENTRY, { execArgv: [] });
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.on('message', (answer) => {
      if (answer.id === this.#last?.id)
        this.#closed = 'error' in answer === (this.#last.method === 'open');
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
    thread.unref();
    this.#lender.idle.push(thread);
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
