import { randomUUID } from 'node:crypto';
import type { LogRecord } from '../market/log-record.js';
import type { LogWriter } from './log-writer.js';
import { encodeMessage } from './messages.js';
import { subjectToken } from './subjects.js';

/** What {@link LogRecords} works with. */
export interface LogRecordsParts {
  readonly writer: Pick<LogWriter, 'write'>;
  /** This node. */
  readonly node: string;
  /** The bus accepts records again, and this many were left out before. */
  readonly onLeftOut: (records: number) => void;
}

/** Records that may wait for the bus; beyond that the oldest are dropped. */
const MAX_WAITING = 5_000;
/** Records that the server may leave unacknowledged. */
const MAX_UNDER_WAY = 64;

/** Writes the log records of a node into the log; of those that wait for the bus, only the newest. */
export class LogRecords {
  readonly #parts: LogRecordsParts;
  readonly #subject: string;
  readonly #run = randomUUID();
  readonly #waiting: LogRecord[] = [];
  #underWay = 0;
  #number = 0;
  #leftOut = 0;

  constructor(parts: LogRecordsParts) {
    this.#parts = parts;
    this.#subject = `log.${subjectToken(parts.node)}`;
  }

  /** Takes the next record. */
  add(record: LogRecord): void {
    this.#waiting.push(record);
    if (this.#waiting.length > MAX_WAITING) {
      this.#waiting.shift();
      this.#leftOut++;
    }
    this.#next();
  }

  #next(): void {
    while (this.#underWay < MAX_UNDER_WAY && this.#waiting.length > 0) {
      const data = encodeMessage(this.#waiting.shift()!);
      const id = `${this.#run} ${this.#number++}`;
      this.#underWay++;
      this.#parts.writer.write({ subject: this.#subject, data, id }, () => this.#settled());
    }
  }

  #settled(): void {
    this.#underWay--;
    this.#next();
    const leftOut = this.#leftOut;
    this.#leftOut = 0;
    // Reported in a separate record, for which there is room now.
    if (leftOut > 0) this.#parts.onLeftOut(leftOut);
  }
}
