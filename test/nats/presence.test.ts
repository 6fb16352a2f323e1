import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { BusConnection } from '../../src/nats/connection.js';
import { encodeMessage } from '../../src/nats/messages.js';
import { type NodePresence, Presence } from '../../src/nats/presence.js';
import { Topic } from '../../src/util/topic.js';

describe('the nodes that are alive', () => {
  let now = 0;
  let hear: (node: string) => void;
  let hearText: (text: string) => void;
  let unreadable: string[];
  let presence: Presence;
  const of = (node: string): NodePresence => {
    return { node, run: node, roles: ['collector'], store: null, ready: [] };
  };

  beforeEach(() => {
    now = 10_000;
    unreadable = [];
    jest.useFakeTimers();
    jest.spyOn(performance, 'now').mockImplementation(() => now);
    presence = new Presence(
      {
        nc: {
          subscribe: (_: string, { callback }: { callback: (...of: unknown[]) => void }) => {
            hearText = (text) => callback(null, { data: Buffer.from(text), subject: 'node.x' });
            hear = (node) =>
              callback(null, { data: encodeMessage(of(node)), subject: `node.${node}` });
            return { unsubscribe: () => undefined };
          },
          publish: () => undefined,
          isClosed: () => false,
        },
        changes: new Topic<boolean>(),
        unreadable: { publish: ({ reason }: { reason: string }) => unreadable.push(reason) },
        connected: true,
        lastedMs: Infinity,
      } as unknown as BusConnection,
      () => of('self'),
    );
  });

  afterEach(() => {
    presence.close();
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  it('are not those of which no node can have told', () => {
    for (const text of [
      '',
      'x',
      '5',
      '{}',
      '{"node":"a"}',
      '{"node":1,"run":"b","v":1}',
      '{"v":2}',
    ])
      hearText(text);
    expect(unreadable).toHaveLength(7);
    expect(unreadable[6]).toMatch(/version 2/);
    expect(presence.nodes).toEqual([of('self')]);
  });

  /** Lets this process stand still until its next look at the others. */
  const tick = (ms: number): void => {
    now += ms;
    jest.advanceTimersByTime(300);
  };

  it('are there after a standstill of this one, and gone no later than after any other silence', () => {
    hear('a');
    now += 20_000;
    hear('b');
    tick(0);
    expect(['a', 'b'].map((node) => presence.has(node))).toEqual([true, true]);
    for (let i = 0; i < 5; i++) tick(300);
    expect(['a', 'b'].map((node) => presence.has(node))).toEqual([false, false]);
  });
});
