import { expect, it } from '@jest/globals';
import type { LogEntry, LogStream } from '../../src/nats/log-stream.js';
import type { LogWriter, Outcome, Outgoing } from '../../src/nats/log-writer.js';
import { type AliveMessage, decodeMessage, encodeMessage } from '../../src/nats/messages.js';
import { Term } from '../../src/nats/term.js';

/** A term whose messages are answered by hand. */
function term(last: LogEntry | null = null) {
  const sent: { message: AliveMessage; outgoing: Outgoing; settle: (outcome: Outcome) => void }[] =
    [];
  const write = (outgoing: Outgoing, settle: (outcome: Outcome) => void): void => {
    sent.push({ message: decodeMessage<AliveMessage>(outgoing.data), outgoing, settle });
  };
  const put = (outgoing: Outgoing) =>
    new Promise<Outcome>((resolve) => {
      write(outgoing, resolve);
      resolve({ kind: 'STORED', seq: 5, duplicate: false });
    });
  const made = new Term({
    exchange: 'UPBIT',
    node: 'a',
    stream: { last: async () => last, next: async () => null } as unknown as LogStream,
    writer: { write, put } as unknown as LogWriter,
    now: () => 1_000 + sent.length,
    coveredUntil: (t) => t,
    onMoved: () => undefined,
  });
  return { made, sent };
}

it('says farewell behind a sign of life that is under way, not as its duplicate', async () => {
  const { made, sent } = term();
  await made.begin();
  made.beat();
  const farewell = made.farewell(true);
  expect(sent).toHaveLength(2);
  sent[1]!.settle({ kind: 'STORED', seq: 6, duplicate: false });
  await new Promise(setImmediate);
  expect(sent).toHaveLength(3);
  expect(sent[2]!.message).toMatchObject({ closed: true, node: 'a' });
  expect(sent[2]!.outgoing.expected).toBe(6);
  expect(sent[2]!.outgoing.id).not.toBe(sent[1]!.outgoing.id);
  sent[2]!.settle({ kind: 'STORED', seq: 7, duplicate: false });
  await farewell;
});

it('begins behind a message of another program', async () => {
  const data = encodeMessage({ hello: 1 });
  const { made, sent } = term({ seq: 4, subject: 'alive.UPBIT', data, at: 1 });
  expect(await made.begin()).toMatchObject({ aliveAt: null, own: false });
  expect(sent[0]!.outgoing.expected).toBe(4);
});

it('begins anew where the log has lost all signs of life, not as a duplicate of its first begin', async () => {
  const { made, sent } = term();
  await made.begin();
  await made.resume();
  const [first, second] = sent.filter(({ message }) => message.begins === true);
  expect(second!.outgoing.expected).toBe(first!.outgoing.expected);
  expect(second!.outgoing.id).not.toBe(first!.outgoing.id);
});
