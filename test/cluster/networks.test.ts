import { expect, it } from '@jest/globals';
import { cutsOf } from '../../src/soak/node-faults.js';
import type { Link, NetworkName } from '../../src/cluster/networks.js';

it('cuts each link of each node alone, all of a node, and all to one network', () => {
  const link = (node: string, network: NetworkName): Link => {
    return { node, network, set: () => undefined };
  };
  const links = [
    link('collector-1', 'exchanges'),
    link('collector-1', 'bus'),
    link('recorder-1', 'bus'),
    link('recorder-1', 'database'),
  ];
  const cuts = cutsOf(links).map(({ name, links }) => `${name}: ${links.length}`);
  expect(cuts).toEqual([
    'collector-1 is cut off from the exchanges: 1',
    'collector-1 is cut off from NATS: 1',
    'recorder-1 is cut off from NATS: 1',
    'recorder-1 is cut off from PostgreSQL: 1',
    'collector-1 is cut off from all: 2',
    'recorder-1 is cut off from all: 2',
    'all nodes with a network of their own are cut off from the exchanges: 1',
    'all nodes with a network of their own are cut off from NATS: 2',
    'all nodes with a network of their own are cut off from PostgreSQL: 1',
  ]);
});
