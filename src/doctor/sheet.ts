import type { ExchangeAdapter } from '../collector/feed.js';
import type { ListForm } from '../collector/rest/market-rows.js';
import type { WSProfile } from '../collector/socket/ws-connection.js';
import type { ExactJson } from '../market/exact-json.js';
import type { Pair } from '../market/market.js';
import type { BookSeen } from './evidence.js';
import type { Fact } from './fact.js';

/** Reads the frames of one socket; it may keep books. */
export interface StreamReader {
  /** The book of a frame, its numbers as texts; null for none. @throws when it is unreadable */
  read(exact: ExactJson): BookSeen | null;
  /** Reads it the fast way; null when that leaves the frame to the general way. */
  fast?(data: Buffer): BookSeen | null;
}

/** How to talk to an exchange, by what its collector has. */
export interface Talk {
  /** Whether the server speaks first. */
  readonly greets: boolean;
  /** Messages that subscribe these pairs. */
  subscribe(pairs: readonly Pair[]): readonly string[];
  /** Messages that unsubscribe these pairs; null where the exchange has none. */
  readonly unsubscribe: ((pairs: readonly Pair[]) => readonly string[]) | null;
  /** Message in place of a protocol ping, and how its answer begins; null: a protocol ping. */
  readonly ping: { readonly message: string; readonly answer: string } | null;
  /** What must be sent in answer to a frame of the server, or null. */
  answer(frame: ExactJson | undefined): string | null;
  reader(pairs: readonly Pair[]): StreamReader;
}

/** Everything the doctor knows about one exchange: one file in `facts/` each, all of this shape. */
export interface Sheet {
  readonly adapter: ExchangeAdapter;
  readonly list: ListForm;
  readonly profile: WSProfile;
  /** Time between two REST calls, ms; leaves room for a recorder at the same address. */
  readonly restEveryMs: number;
  /** The path of REST books; of one market if {@link batches} is empty. */
  readonly bookPath: (pairs: readonly Pair[]) => string;
  /** Numbers of markets to ask for in one call. */
  readonly batches: readonly number[];
  readonly talk: Talk;
  readonly facts: readonly Fact[];
}
