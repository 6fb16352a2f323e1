import { expect, it } from '@jest/globals';
import { cutsOf } from '../../src/soak/node-faults.js';
import { type Link, type NetworkName, Networks } from '../../src/cluster/networks.js';

it('cuts each link of each node alone, all of a node, and all to one network', () => {
  const link = (node: string, network: NetworkName): Link => {
    return { node, network, set: () => undefined };
  };
  const links = [
    link('collector-1', 'exchanges'),
    link('collector-1', 'bus'),
    link('recorder-1', 'bus'),
    link('recorder-1', 'database'),
    link('nats-1', 'bus'),
    link('nats-1', 'routes'),
  ];
  const cuts = cutsOf(links).map(({ name, links }) => `${name}: ${links.length}`);
  expect(cuts).toEqual([
    'collector-1 is cut off from the exchanges: 1',
    'collector-1 is cut off from NATS: 1',
    'recorder-1 is cut off from NATS: 1',
    'recorder-1 is cut off from PostgreSQL: 1',
    'nats-1 is cut off from the nodes: 1',
    'nats-1 is cut off from the other NATS servers: 1',
    'collector-1 is cut off from all: 2',
    'recorder-1 is cut off from all: 2',
    'nats-1 is cut off from all: 2',
    'all that have a network of their own are cut off from the exchanges: 1',
    'all that have a network of their own are cut off from NATS: 2',
    'all that have a network of their own are cut off from PostgreSQL: 1',
    'all that have a network of their own are cut off from the other NATS servers: 1',
  ]);
});

it('says in one line why no networks can be made', () => {
  // As root it is the name that `ip` refuses, unless it may not make even a bridge.
  const made = () => Networks.make([{ name: 'no/name', networks: [] }]);
  expect(made).toThrow(/^(only root on Linux .+|cannot run ip .+|ip [^\n]+: [^\n]+)$/);
});
