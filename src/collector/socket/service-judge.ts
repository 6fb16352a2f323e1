import { type Pair, pairText } from '../../market/market.js';
import { faultOf } from '../exchange-error.js';
import { type AdaptiveLimit, RATE_MANNER } from '../limits/adaptive-limit.js';
import type { LimitBoard } from '../limits/limit-board.js';
import type { SocketCapacity } from '../limits/socket-capacity.js';
import type { PendingSnapshots } from './pending-snapshots.js';
import { ResubscribeQueue } from './resubscribe-queue.js';
import { SubscriptionTrial } from './subscription-trial.js';
import type { WSProfile } from './ws-connection.js';
import type { PairCarrier } from './ws-feed.js';

/** This many pairs without a book, while as many have theirs, are no coincidence. */
const LEAST_SILENT = 10;
/** Of this many refusals of many messages, one is attributed to their number, the others to their rate. */
const SLOWER_OF = 3;

/** The socket being judged, and what may be done with it. */
export interface JudgedSocket {
  readonly carrier: Pick<PairCarrier, 'apart' | 'carrierHost' | 'remove'>;
  readonly pairs: ReadonlyMap<string, Pair>;
  readonly snapshots: PendingSnapshots;
  /** Requests the books of pairs once more. */
  askAgain(pairs: readonly Pair[]): void;
  /** Gives a pair up. */
  refuse(pair: Pair, reason: string): void;
  /** Reconnects: the request is refused. */
  reconnect(words: string): void;
}

/**
 * Judges what an exchange serves on one socket, by its errors, its silence and the ends of
 * connections, and reduces what is requested: the rate of messages or the number of pairs.
 */
export class ServiceJudge {
  /** Maximum pairs per socket; shared by all sockets. */
  readonly capacity: SocketCapacity;
  /** Fraction of the message rate in use; shared by all sockets. Null without a limit. */
  readonly rate: AdaptiveLimit | null;
  readonly #socket: JudgedSocket;
  readonly #trial = new SubscriptionTrial();
  /** Retries the few pairs that got no first book although each was requested separately. */
  readonly #missing = new ResubscribeQueue((pairs) => this.#askMissing(pairs ?? []));
  /** Messages in the last subscription. */
  #asked = 0;
  /** How many pairs had their book when the missing ones were last requested again. */
  #servedBefore = 0;
  /** Whether the exchange has refused one more pair on this connection. */
  #full = false;
  /** How often it was refused after some of many messages had been served. */
  #partials = 0;

  constructor({ maxPairs, messageLimits }: WSProfile, limits: LimitBoard, socket: JudgedSocket) {
    this.#socket = socket;
    this.capacity = limits.socketCapacity(maxPairs);
    const [limit] = messageLimits;
    this.rate =
      limit === undefined
        ? null
        : limits.limit('WS_MESSAGES', (limit.count * 1000) / limit.ms, RATE_MANNER, 0.1);
  }

  /** Whether the exchange has refused one more pair on this connection. */
  get full(): boolean {
    return this.#full;
  }

  /** A fresh connection, or none any more. */
  restart(): void {
    this.#trial.restart();
    this.#missing.clear();
    this.#servedBefore = 0;
    this.#full = false;
  }

  /** Sending of the subscription starts, in this many messages. */
  asking(messages: number): void {
    this.#asked = messages;
    this.#trial.begin();
  }

  /** All of it has been sent. */
  asked(): void {
    this.#trial.asked(performance.now());
  }

  /** The first book of the connection arrived. */
  served(): void {
    this.capacity.served(this.#socket.pairs.size);
    this.#socket.carrier.carrierHost?.served();
  }

  /** The exchange answered with an error that names no pair. */
  error(words: string): void {
    this.#trial.error(words);
  }

  /** The exchange does not serve these pairs on this socket, although it serves others. */
  turnAway(pairs: readonly Pair[], words: string): void {
    const { carrier, snapshots } = this.#socket;
    // It would be refused here again and again.
    this.#full = true;
    this.capacity.servedOnly(Math.max(1, snapshots.deliveringCount), words);
    carrier.remove(pairs);
    carrier.carrierHost?.handBack(pairs);
  }

  /**
   * The connection ended, not by us: reduces what is requested on it, if that was the reason.
   * @returns whether less is requested now, so that trying again is not a repetition
   */
  ended(code: number, words: string): boolean {
    const { carrier, pairs, snapshots } = this.#socket;
    const complete = snapshots.deliveringCount >= pairs.size;
    const partial = snapshots.anyDelivering && this.#asked > 1;
    const refusal = this.#trial.ended({ code, words, complete, partial }, performance.now());
    if (refusal === null) return false;
    if (pairs.size === 1) {
      const [pair] = pairs.values() as Iterable<Pair> as [Pair];
      if (this.#trial.said && faultOf(0, refusal) === 'MEMBER') this.#socket.refuse(pair, refusal);
      carrier.carrierHost?.refusedAlone(pair);
      return false;
    }
    // If some of many messages were served, they came too fast; or there are too many at any rate.
    const slower = partial && ++this.#partials % SLOWER_OF !== 0;
    if (slower) this.rate?.refused(refusal);
    else this.#halve(refusal);
    return partial || this.#trial.said;
  }

  /**
   * Pairs have had no book in time. While others have theirs, the exchange may be silently dropping
   * the excess: the missing pairs are requested more slowly, and if that fails, on another socket,
   * as long as that serves any. If no pair has a book, fewer are requested.
   */
  silent(pairs: readonly Pair[]): void {
    const { carrier, pairs: carried, snapshots } = this.#socket;
    if (pairs.length === 0 || carrier.carrierHost === null) return;
    const served = snapshots.deliveringCount;
    if (served === 0 && !carrier.apart) {
      this.#allSilent();
      return;
    }
    if (pairs.length < LEAST_SILENT) {
      // One request of many may have been lost, and nothing else would bring its book.
      if (this.#asked > 1) for (const pair of pairs) this.#missing.add(pair);
      return;
    }
    const words = `only ${served} of ${carried.size} markets had a book`;
    if (this.#asked > 1 && served > this.#servedBefore) {
      this.#servedBefore = served;
      this.rate?.refused(words);
      this.#socket.askAgain(pairs);
      return;
    }
    if (carrier.apart && served < LEAST_SILENT) {
      // They are not served here either, so they were not too many.
      this.capacity.mistaken();
      return;
    }
    if (served < LEAST_SILENT) return;
    this.capacity.servedOnly(served, words);
    carrier.remove(pairs);
    carrier.carrierHost.handBackSilent(pairs);
  }

  #askMissing(pairs: readonly Pair[]): void {
    const { pairs: carried, snapshots } = this.#socket;
    const missing = pairs.map(pairText).filter((code) => !snapshots.delivering(code));
    this.#socket.askAgain(missing.flatMap((code) => carried.get(code) ?? []));
  }

  /** No pair has a book: fewer are requested, and if there are few, others in their place. */
  #allSilent(): void {
    const { carrier } = this.#socket;
    const carried = [...this.#socket.pairs.values()];
    const words = this.#trial.words ?? `none of ${carried.length} markets had a book`;
    const many = carried.length >= LEAST_SILENT || (carried.length > 1 && this.#trial.said);
    if (!many && carrier.carrierHost?.waiting() !== true) return;
    this.#socket.reconnect(words);
    if (many) this.#halve(words);
    else carrier.carrierHost?.stuck(carried);
  }

  /** This many pairs are too many for one socket. */
  #halve(words: string): void {
    const { carrier, pairs } = this.#socket;
    this.capacity.refused(words, pairs.size);
    const carried = [...pairs.values()];
    const excess = carried.slice(Math.min(this.capacity.value, Math.ceil(carried.length / 2)));
    if (carrier.carrierHost === null) return;
    carrier.remove(excess);
    carrier.carrierHost.handBack(excess);
  }
}
