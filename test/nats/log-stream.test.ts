import { beforeAll, expect, it } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import { BusError } from '../../src/nats/connection.js';
import { Leases } from '../../src/nats/lease.js';
import type { LogEntry } from '../../src/nats/log-stream.js';
import { encodeMessage } from '../../src/nats/messages.js';
import { eventually } from '../helpers/wait.js';
import { describeWithNats } from '../nodes/nats-server.js';
import { natsLog } from './support.js';

describeWithNats('the log in NATS', () => {
  const log = natsLog();

  beforeAll(async () => {
    const write = (i: number) =>
      log.writer.put({ subject: `log.${i % 70}`, data: encodeMessage({ i }) });
    for (let i = 0; i < 400; i++) await write(i);
  });

  async function follow(take: (entry: LogEntry) => Promise<void> | void): Promise<void> {
    const end = new AbortController();
    await log.stream.follow(
      1,
      (entry) => {
        if (entry.seq === 400) end.abort();
        return take(entry);
      },
      end.signal,
    );
  }

  it('is followed without keeping the process from its other work', async () => {
    let turns = 0;
    let following = true;
    const others = (async () => {
      for (; following; turns++) await turn();
    })();
    let longest = 0;
    let last = 0;
    await follow(() => {
      if (turns !== last) longest = 0;
      last = turns;
      const end = performance.now() + 0.5;
      while (performance.now() < end);
      longest += 0.5;
      expect(longest).toBeLessThan(50);
    });
    following = false;
    await others;
  });

  it('gives a message again that could not be taken', async () => {
    const taken: number[] = [];
    let refused = false;
    await follow(async ({ seq }) => {
      if (seq === 7 && !refused) {
        refused = true;
        throw new Error('not now');
      }
      taken.push(seq);
    });
    expect(taken).toEqual(Array.from({ length: 400 }, (_, i) => i + 1));
  });

  it('gives the newest message of each of many subjects', async () => {
    const entries = await log.stream.lastOfEach('log.>');
    expect(entries.map(({ seq }) => seq)).toEqual(Array.from({ length: 70 }, (_, i) => i + 331));
  });

  it.each([0, 1, 2, 5, 30])('gives the message of its subject %i before one', async (count) => {
    // Every seventieth is of one subject.
    for (const seq of [400, 399, 331]) {
      let entry = (await log.stream.at(seq))!;
      for (let i = 0; i < count; i++) {
        const before = await log.stream.before(entry);
        const expected = entry.seq > 70 ? entry.seq - 70 : null;
        expect(before?.seq ?? null).toBe(expected);
        if (before === null) break;
        entry = before;
      }
    }
  });

  it('takes kinds of messages that a later version writes, and the size that is set now', async () => {
    const { streams } = log.bus.manager;
    const { config } = await streams.info('ORDERBOOK_LOG');
    const subjects = config.subjects.filter((subject) => !subject.startsWith('span'));
    await streams.update('ORDERBOOK_LOG', { subjects });
    await log.stream.extend();
    expect((await streams.info('ORDERBOOK_LOG')).config).toMatchObject({
      subjects: expect.arrayContaining(config.subjects),
      max_bytes: -1,
    });
    const size = async (): Promise<number> =>
      (await streams.info('ORDERBOOK_LOG')).config.max_bytes;
    // A smaller one at once would cost what nobody has read.
    await log.stream.extend(10_000);
    expect(await size()).toBe(-1);
    await log.stream.narrow(5e8);
    await log.stream.narrow(-1);
    expect(await size()).toBe(5e8);
    await log.stream.extend(1e9);
    const after = await streams.info('ORDERBOOK_LOG');
    expect(after.config).toMatchObject({ max_bytes: 1e9, description: config.description });
    expect(after.state.last_seq).toBe(400);
  });

  it('says in one line that the server has no room for the size that is set', async () => {
    const line = /^BUS_MAX_GB: the NATS server refuses the stream ORDERBOOK_LOG with 1000000 \(/;
    await expect(log.stream.extend(1e15)).rejects.toThrow(line);
    await expect(log.stream.extend(1e15)).rejects.toThrow(BusError);
  });

  it('keeps leases through a restart of the server, and though their bucket was removed', async () => {
    const leases = await Leases.open(log.bus, 1);
    const lease = leases.lease('UPBIT', 'a');
    expect(await lease.take()).toBe(true);
    await log.bus.manager.streams.delete('KV_orderbook_leases');
    expect(await lease.renew()).toBe(true);
    await log.server.end('SIGKILL');
    await log.server.start();
    const other = leases.lease('GOPAX', 'b');
    await eventually(() => other.take().catch(() => false), Boolean, 'the lease');
  });
});
