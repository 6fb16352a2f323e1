import { expect, it } from '@jest/globals';
import { JetStreamApiError } from '@nats-io/jetstream';
import { parseBusAddress } from '../../src/market/bus-address.js';
import { jetStreamError, throughElection } from '../../src/nats/connection.js';

const CLUSTER = parseBusAddress('nats://a,b,c')!;
const ALONE = parseBusAddress('nats://a')!;
const noLeader = Object.assign(new Error('timeout'), { name: 'TimeoutError' });

it('asks the servers of a cluster again until they have elected a leader, and one server once', async () => {
  let asked = 0;
  const ask = async (): Promise<number> => {
    if (++asked === 1) throw noLeader;
    return asked;
  };
  await expect(throughElection(ALONE, ask)).rejects.toBe(noLeader);
  asked = 0;
  await expect(throughElection(CLUSTER, ask)).resolves.toBe(2);
  const other = new Error('no such stream');
  await expect(throughElection(CLUSTER, () => Promise.reject(other))).rejects.toBe(other);
});

it('says of servers without a leader what is to be done, and not that they lack JetStream', () => {
  expect(jetStreamError(noLeader, CLUSTER).message).toMatch(/no leader .*more than half/);
  const description = 'no suitable peers for placement';
  const few = new JetStreamApiError({ code: 400, err_code: 10005, description });
  expect(jetStreamError(few, CLUSTER).message).toMatch(/not all .* with JetStream .*each with -js/);
  expect(jetStreamError(noLeader, ALONE).message).toMatch(/has no JetStream .*start it with -js/);
});
