import type { MessageRule, ReplyChange, RestReply, UpgradeVerdict } from '../simulator.js';

/** A replacement in a text. */
interface TextChange {
  readonly pattern: RegExp;
  readonly replacement: string;
}

/**
 * Deviations from the protocol, applied to whatever a simulator sends and receives: an exchange may
 * change any of its messages without notice, and these show how a program copes with that.
 */
export class WireChanges {
  /** Whether frames that should be binary go out as text, and the other way round. */
  swapOpcodes = false;
  /** Whether protocol pings get no pong. */
  ignorePings = false;
  /** Whether every new socket is pinged. */
  pingOnOpen = false;
  /** Sent to every new socket; null: nothing. */
  greeting: string | null = null;
  #frames: TextChange[] = [];
  #replies: { path: string; change: ReplyChange }[] = [];
  #rules: { pattern: RegExp; rule: MessageRule }[] = [];

  /** Ends all deviations. */
  clear(): void {
    this.swapOpcodes = false;
    this.ignorePings = false;
    this.pingOnOpen = false;
    this.greeting = null;
    this.#frames = [];
    this.#replies = [];
    this.#rules = [];
  }

  /** From now on everything that `pattern` matches in a frame goes out as `replacement`. */
  changeFrames(pattern: string, replacement: string): void {
    this.#frames.push({ pattern: new RegExp(pattern, 'g'), replacement });
  }

  /** From now on answers to paths with this beginning are changed; the upgrade counts as the socket's path. */
  changeReplies(path: string, change: ReplyChange): void {
    this.#replies.push({ path, change });
  }

  /** From now on this happens to client messages that `pattern` matches. */
  onMessage(pattern: string, rule: MessageRule): void {
    this.#rules.push({ pattern: new RegExp(pattern), rule });
  }

  /** A frame as it goes out. */
  frame(data: string | Uint8Array): string | Uint8Array {
    if (this.#frames.length === 0) return data;
    const whole = typeof data === 'string' ? data : Buffer.from(data).toString('utf8');
    const changed = changedText(whole, this.#frames);
    return typeof data === 'string' ? changed : Buffer.from(changed);
  }

  /** A REST reply as it goes out. @param named whether the request has a User-Agent */
  reply<R extends RestReply>(path: string, named: boolean, reply: R): R {
    const of = this.#replies.filter(
      (entry) => path.startsWith(entry.path) && !(named && entry.change.unnamed === true),
    );
    if (of.length === 0) return reply;
    const texts = of.flatMap(({ change: { pattern, replacement = '' } }) =>
      pattern === undefined ? [] : [{ pattern: new RegExp(pattern, 'g'), replacement }],
    );
    return { ...reply, ...headOf(of, reply), body: changedText(reply.body, texts) };
  }

  /** The answer to an upgrade as it goes out. */
  upgrade(path: string, verdict: UpgradeVerdict): UpgradeVerdict {
    const of = this.#replies.filter((entry) => path === entry.path);
    return of.length === 0 ? verdict : { ...verdict, ...headOf(of, verdict) };
  }

  /** What happens to a client's message; null: the usual. */
  rule(text: string): MessageRule | null {
    return this.#rules.find(({ pattern }) => pattern.test(text))?.rule ?? null;
  }
}

function headOf(
  of: readonly { change: ReplyChange }[],
  { status, headers = {} }: { status: number; headers?: Readonly<Record<string, string>> },
): { status: number; headers: Record<string, string> } {
  const all = Object.assign({ ...headers }, ...of.map(({ change }) => change.headers)) as Record<
    string,
    string
  >;
  return {
    status: of.reduce((last, { change }) => change.status ?? last, status),
    headers: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== '')),
  };
}

function changedText(text: string, changes: readonly TextChange[]): string {
  return changes.reduce(
    (last, { pattern, replacement }) => last.replace(pattern, replacement),
    text,
  );
}
