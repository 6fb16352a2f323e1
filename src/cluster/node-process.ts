import { fileURLToPath } from 'node:url';
import { pause } from '../util/wait.js';
import { ProcessGroup } from './process-group.js';

const PROGRAM = fileURLToPath(new URL('../main.js', import.meta.url));
/** Longest wait for a node to have started, ms: it may have to wait for others that are away. */
const START_MS = 120_000;

/** Signals that come from outside: nothing that a node wrote is why it ended. */
const FROM_OUTSIDE = /^SIG(KILL|TERM|INT|HUP)$/;

/** A node, as users run it, as a process that may be killed and started again. */
export class NodeProcess {
  readonly name: string;
  readonly role: string;
  /** Its address; null while it does not serve. Another after every start. */
  url: string | null = null;
  readonly #env: Readonly<Record<string, string>>;
  readonly #onDeath: (why: string) => void;
  readonly #inside: readonly string[];
  #group: ProcessGroup | null = null;
  #expected = true;

  /**
   * @param onDeath called when it ends without having been asked to, with what it said of that
   * @param inside what stands before its command, `ip netns exec …`
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

  /** Its process id; null while it does not run. */
  get pid(): number | null {
    return this.#group?.pid ?? null;
  }

  /** Whether it runs. */
  get running(): boolean {
    return this.#group?.ended === false;
  }

  /** What it wrote last. */
  get output(): string {
    return this.#group?.output ?? '';
  }

  /** Starts it without waiting. */
  launch(): void {
    this.#expected = false;
    this.url = null;
    const own = { ROLE: this.role, NODE_NAME: this.name, LOG_FORMAT: 'text', LOG_LEVEL: 'info' };
    const env = { ...process.env, ...this.#env, ...own };
    const [program, ...args] = [...this.#inside, process.execPath, PROGRAM];
    const group = new ProcessGroup(program, args, { env }, (why) => {
      if (this.#group !== group || this.#expected) return;
      const said = FROM_OUTSIDE.test(why) ? '' : group.errors.trim();
      this.#onDeath(`${this.name} ended with ${why}${said === '' ? '' : `: ${said}`}`);
    });
    this.#group = group;
  }

  /** Starts it; resolves once it does its work. @throws {Error} with its output when it does not */
  async start(): Promise<void> {
    this.launch();
    const group = this.#group!;
    const end = performance.now() + START_MS;
    const started = new RegExp(`(node ${this.name} started|노드 ${this.name} 시작).*`);
    let line: string | undefined;
    while ((line = started.exec(group.output)?.[0]) === undefined) {
      // Ended on request, and perhaps started again by the caller.
      if (this.#expected || this.#group !== group) return;
      if (group.ended || performance.now() > end)
        throw new Error(`${this.name} did not start: ${group.output}`);
      await pause(50);
    }
    this.url = /http:\/\/[\d.:]+/.exec(line)?.[0] ?? null;
  }

  /** Sends it a signal that does not end it. */
  signal(signal: NodeJS.Signals): void {
    this.#group?.signal(signal);
  }

  /** Ends it and waits until it is gone. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.#expected = true;
    await this.#group?.end(signal);
    this.#group = null;
  }
}
