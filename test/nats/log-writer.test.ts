import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Msg, Publisher } from '@nats-io/transport-node';
import type { BusConnection } from '../../src/nats/connection.js';
import { LogWriter, type Outcome } from '../../src/nats/log-writer.js';
import { Topic } from '../../src/util/topic.js';

type Publish = Publisher['publish'];

describe('messages on their way into the log', () => {
  const publish = jest.fn<Publish>();
  let connected = true;
  let hear: (error: Error | null, answer: Msg) => void;
  let writer: LogWriter;

  beforeEach(() => {
    jest.useFakeTimers();
    publish.mockClear();
    connected = true;
    writer = new LogWriter({
      nc: {
        publish,
        subscribe: (_: string, { callback }: { callback: typeof hear }) => {
          hear = callback;
          return { unsubscribe: () => undefined };
        },
      },
      changes: new Topic<boolean>(),
      get connected() {
        return connected;
      },
    } as unknown as BusConnection);
  });

  afterEach(() => {
    writer.close();
    jest.useRealTimers();
  });

  const write = (subject: string, id?: string): void =>
    writer.write({ subject, data: new Uint8Array(), ...(id === undefined ? {} : { id }) }, () => {
      throw new Error('nobody answers');
    });
  const subjects = (): string[] => publish.mock.calls.map(([subject]) => subject);

  it('go at once where there are few, and together where there are many', () => {
    write('a');
    expect(subjects()).toEqual(['a']);
    for (const subject of ['b', 'c', 'd']) write(subject);
    expect(subjects()).toEqual(['a']);
    jest.advanceTimersByTime(10);
    expect(subjects()).toEqual(['a', 'b', 'c', 'd']);
    jest.advanceTimersByTime(10);
    write('e');
    expect(subjects()).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('go at once, with those that wait, where others wait for their answer', () => {
    for (const subject of ['a', 'b', 'c']) write(subject);
    writer.write({ subject: 'd', data: new Uint8Array() }, () => undefined, true);
    expect(subjects()).toEqual(['a', 'b', 'c', 'd']);
    jest.advanceTimersByTime(10);
    expect(subjects()).toEqual(['a', 'b', 'c', 'd']);
  });

  it('go out before the writer ends', () => {
    for (const subject of ['a', 'b', 'c']) write(subject);
    writer.close();
    expect(subjects()).toEqual(['a', 'b', 'c']);
  });

  it('do not pile up in the client while the bus is away', () => {
    connected = false;
    write('a');
    write('b');
    jest.advanceTimersByTime(10);
    expect(subjects()).toEqual([]);
    expect(writer.underWay).toBe(2);
  });

  it('go out again where the leader of a cluster knows them but has given them no number', () => {
    const outcomes: Outcome[] = [];
    writer.write({ subject: 'a', data: new Uint8Array(), id: 'A' }, (one) => outcomes.push(one));
    const answer = (text: string): void => {
      const subject = publish.mock.calls.at(-1)![2]!.reply!;
      hear(null, { subject, data: new TextEncoder().encode(text) } as Msg);
    };
    answer('{"stream":"ORDERBOOK_LOG","seq":0,"duplicate": true}');
    expect(outcomes).toEqual([]);
    jest.advanceTimersByTime(1_000);
    expect(subjects()).toEqual(['a', 'a']);
    answer('{"stream":"ORDERBOOK_LOG","seq":7,"duplicate": true}');
    expect(outcomes).toEqual([{ kind: 'STORED', seq: 7, duplicate: true }]);
  });

  it('have headers of one line each, whatever an exchange calls its market or its trade', () => {
    write('a', 'trade.UPBIT 코인\r\nNats-Expected-Stream: X \ud800');
    const { headers } = publish.mock.calls[0]![2]!;
    const text = Buffer.from((headers as unknown as { encode(): Uint8Array }).encode()).toString();
    expect(text.match(/^[\x20-\x7e\r\n]*$/)).not.toBeNull();
    expect(text.split('\r\n')).toEqual([
      'NATS/1.0',
      'Nats-Expected-Stream: ORDERBOOK_LOG',
      'Nats-Msg-Id: trade.UPBIT %cf54%c778%d%aNats-Expected-Stream: X %d800',
      '',
      '',
    ]);
  });
});
