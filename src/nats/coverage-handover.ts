import type { CoverageMinute } from '../market/coverage.js';
import type { Exchange } from '../market/exchange.js';
import { marketKey } from '../market/market.js';
import type { LogStream } from './log-stream.js';
import { type CoverageMessage, decodeMessage } from './messages.js';
import { shaped } from './message-shapes.js';
import { SubjectReader } from './subjects.js';

const MINUTE_MS = 60_000;
/** How long records are kept, ms: if NATS is down for longer, most books are lost as well. */
const KEEP_MS = 600_000;
/** Two nodes write the record of a minute at most this far apart, ms: those of quiet markets come every 10 s. */
const APART_MS = 15_000;

/** What a {@link CoverageHandover} works with. */
interface CoverageHandoverParts {
  /** Current time, Unix ms. */
  readonly now: () => number;
  readonly write: (record: CoverageMinute) => void;
  /** See {@link newestMinutes}; null when this node has stopped writing meanwhile. */
  readonly newest: () => Promise<ReadonlyMap<string, number> | null>;
}

/**
 * What the markets of an exchange received in each minute, for a takeover: the previous writer may not have
 * written its newest records, and those of a minute add up.
 */
export class CoverageHandover {
  readonly #parts: CoverageHandoverParts;
  #kept: { readonly record: CoverageMinute; readonly at: number }[] = [];
  /** Index of the oldest kept record. */
  #first = 0;
  /** Whether the kept records are in the log. */
  #settled = false;

  constructor(parts: CoverageHandoverParts) {
    this.#parts = parts;
  }

  /** Takes a record of this node. @param primary whether the node writes */
  add(record: CoverageMinute, primary: boolean): void {
    const at = this.#parts.now();
    this.#kept.push({ record, at });
    while (this.#kept[this.#first]!.at < at - KEEP_MS) this.#first++;
    if (this.#first > this.#kept.length / 2) {
      this.#kept = this.#kept.slice(this.#first);
      this.#first = 0;
    }
    if (primary && this.#settled) this.#parts.write(record);
  }

  /**
   * Writes the kept records that the log lacks, once it is known what the log has, and nothing
   * before that.
   * @param aliveAt until when the log has everything from the previous writer, Unix ms; null =
   * there was none
   */
  async takeOver(aliveAt: number | null): Promise<void> {
    const since = (aliveAt ?? Infinity) - APART_MS;
    this.#settled = (this.#kept.at(-1)?.at ?? -Infinity) <= since;
    if (this.#settled) return;
    const newest = await this.#parts.newest();
    if (newest === null) return;
    this.#settled = true;
    for (const { record, at } of this.#kept.slice(this.#first)) {
      const isNew = record.minute > (newest.get(marketKey(record.market)) ?? -Infinity);
      if (isNew && at > since) this.#parts.write(record);
    }
  }
}

/**
 * The newest minute of each market of an exchange that has a record in the log, Unix ms.
 * @param term the number of the message that began the present term, in which nothing has been
 * written yet
 */
export async function newestMinutes(
  stream: LogStream,
  exchange: Exchange,
  term: number,
): Promise<Map<string, number>> {
  const subjects = new SubjectReader();
  const newest = new Map<string, number>();
  for (const { seq, subject, data } of await stream.lastOfEach(`coverage.${exchange}.>`)) {
    const market = subjects.read(subject)?.market;
    if (market === null || market === undefined) continue;
    const minute = minuteOf(data);
    // What a writer added after its term does not count.
    if (minute !== null) newest.set(marketKey(market), seq > term ? minute - MINUTE_MS : minute);
  }
  return newest;
}

/** The minute of a record; null if another program wrote it. */
function minuteOf(data: Uint8Array): number | null {
  try {
    return shaped('coverage', decodeMessage<CoverageMessage>(data)).minute;
  } catch {
    return null;
  }
}
