import { createHash } from 'node:crypto';

/**
 * Nodes in the order in which they are to have a shard: by rendezvous hashing, so that one that comes
 * or goes moves no shard but its own. The first is the primary, the second the standby.
 */
export function rankNodes(shard: string, nodes: readonly string[]): string[] {
  const weight = (node: string): string =>
    createHash('sha1').update(`${shard} ${node}`).digest('hex');
  return nodes
    .map((node) => ({ node, weight: weight(node) }))
    .sort((a, b) => (a.weight < b.weight ? -1 : 1))
    .map(({ node }) => node);
}
