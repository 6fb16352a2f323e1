import { createHash } from 'node:crypto';

/**
 * Nodes in the order of their claim to a shard: by rendezvous hashing, so that a node that comes or
 * goes moves no shard but its own. The first is the primary, the second the standby.
 */
export function rankNodes(shard: string, nodes: readonly string[]): string[] {
  const weight = (node: string): string =>
    createHash('sha1').update(`${shard} ${node}`).digest('hex');
  return nodes
    .map((node) => ({ node, weight: weight(node) }))
    .sort((a, b) => (a.weight < b.weight ? -1 : 1))
    .map(({ node }) => node);
}

/** A collector node, as far as it matters for one shard. */
export interface Candidate {
  readonly node: string;
  /** It follows the shard and has kept its books: it could take over without a hole. */
  readonly ready: boolean;
}

/**
 * A lease that has been free for this long may be taken by the first, ready or not, ms: the ready ones have not
 * taken it, as where nodes of two versions wait for each other. With each further time of this length one more may.
 */
const LEFT_FREE_MS = 5_000;

/** What a node that does not hold a shard's lease should do about it. */
export type Duty =
  /** Take the lease, and write. */
  | 'TAKE'
  /** Give back the lease that it held before a restart. */
  | 'GIVE_BACK'
  /** Follow as standby. */
  | 'FOLLOW'
  /** Stop following. */
  | 'LEAVE'
  /** Carry on as before. */
  | 'WAIT';

/**
 * What a node should do about a shard whose lease it does not know it holds. A free one goes to a node
 * that is ready, whatever the order: with one that is not, the books until it has begun would be lost.
 * @param self this node
 * @param collectors the collectors that are alive, this node among them
 * @param holder the node that holds the lease; null = none, or one that is gone
 * @param freeMs how long it has been free, ms
 */
export function dutyOf(
  shard: string,
  self: string,
  collectors: readonly Candidate[],
  holder: string | null,
  freeMs = 0,
): Duty {
  const ranked = (of: readonly Candidate[]): string[] =>
    rankNodes(
      shard,
      of.map(({ node }) => node),
    );
  const ready = collectors.filter((candidate) => candidate.ready);
  // An earlier run of this node held it and died; another node that is ready has all books since.
  if (holder === self) return ready.some(({ node }) => node !== self) ? 'GIVE_BACK' : 'TAKE';
  if (holder === null) {
    const leftFree = Math.floor(freeMs / LEFT_FREE_MS);
    const takers =
      ready.length > 0
        ? [...ranked(ready).slice(0, 1), ...ranked(collectors).slice(0, leftFree)]
        : ranked(collectors).slice(0, Math.max(1, leftFree));
    return takers.includes(self) ? 'TAKE' : 'WAIT';
  }
  const [standby] = ranked(collectors.filter(({ node }) => node !== holder));
  if (standby === self) return 'FOLLOW';
  return ready.some(({ node }) => node === standby) ? 'LEAVE' : 'WAIT';
}
