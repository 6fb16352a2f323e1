import { fileURLToPath } from 'node:url';
import { pause } from '../util/wait.js';
import { ProcessGroup } from './process-group.js';

const PROGRAM = fileURLToPath(new URL('../main.js', import.meta.url));
/** Node's options, as `npm start` gives them. */
const NODE_OPTIONS = ['--max-semi-space-size=32'];
/** Longest wait for a node to start, ms: it may have to wait for others that are down. */
const START_MS = 120_000;

/** Signals from outside: the node's own output does not explain them. */
const FROM_OUTSIDE = /^SIG(KILL|TERM|INT|HUP)$/;

/** A node, as users run it, as a process that may be killed and restarted. */
export class NodeProcess {
  readonly name: string;
  readonly role: string;
  /** Its address; null while it does not serve. Different after every start. */
  url: string | null = null;
  readonly #env: Readonly<Record<string, string>>;
  readonly #onDeath: (why: string) => void;
  readonly #inside: readonly string[];
  #group: ProcessGroup | null = null;
  #expected = true;

  /**
   * @param onDeath called when it ends unexpectedly, with its last words
   * @param inside prefix of its command, `ip netns exec …`
   */
  constructor(
    name: string,
    role: string,
    env: Readonly<Record<string, string>>,
    onDeath: (why: string) => void,
    inside: readonly string[] = [],
  ) {
    this.name = name;
    this.role = role;
    this.#env = env;
    this.#onDeath = onDeath;
    this.#inside = inside;
  }

  /** Its process id; null while it is not running. */
  get pid(): number | null {
    return this.#group?.pid ?? null;
  }

  /** Whether it is running. */
  get running(): boolean {
    return this.#group?.ended === false;
  }

  /** Its latest output. */
  get output(): string {
    return this.#group?.output ?? '';
  }

  /** Starts it without waiting. */
  launch(): void {
    this.#expected = false;
    this.url = null;
    const own = { ROLE: this.role, NODE_NAME: this.name, LOG_FORMAT: 'text', LOG_LEVEL: 'info' };
    const env = { ...process.env, ...this.#env, ...own };
    const [program, ...args] = [...this.#inside, process.execPath, ...NODE_OPTIONS, PROGRAM];
    const group = new ProcessGroup(program, args, { env }, (why) => {
      if (this.#group !== group || this.#expected) return;
      const said = FROM_OUTSIDE.test(why) ? '' : group.errors.trim();
      this.#onDeath(`${this.name} ended with ${why}${said === '' ? '' : `: ${said}`}`);
    });
    this.#group = group;
  }

  /** Starts it; resolves once it is working. @throws {Error} with its output if it fails */
  async start(): Promise<void> {
    this.launch();
    const group = this.#group!;
    const end = performance.now() + START_MS;
    const started = new RegExp(`(node ${this.name} started|노드 ${this.name} 시작).*`);
    let line: string | undefined;
    while ((line = started.exec(group.output)?.[0]) === undefined) {
      // Stopped on request, and perhaps restarted by the caller.
      if (this.#expected || this.#group !== group) return;
      if (group.ended || performance.now() > end)
        throw new Error(`${this.name} did not start: ${group.output}`);
      await pause(50);
    }
    this.url = /http:\/\/[\d.:]+/.exec(line)?.[0] ?? null;
  }

  /** Sends it a non-terminating signal. */
  signal(signal: NodeJS.Signals): void {
    this.#group?.signal(signal);
  }

  /** Stops it and waits until it is gone. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.#expected = true;
    await this.#group?.end(signal);
    this.#group = null;
  }
}
