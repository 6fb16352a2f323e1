import type { Msg, Subscription } from '@nats-io/transport-node';
import type { BusConnection } from './connection.js';
import { decodeMessage, encodeMessage } from './messages.js';

/** The calls that a node answers, by name. */
export type Calls = Readonly<Record<string, (...args: never[]) => Promise<unknown>>>;

/** What an error is rebuilt from on the other side. */
interface ErrorText {
  readonly name: string;
  readonly message: string;
  readonly details: unknown;
}

type Answer = { readonly value: unknown } | { readonly error: ErrorText };

/** No node answers a call, or not in time. */
export class NoAnswerError extends Error {
  constructor(subject: string, reason: string) {
    super(`no node answers ${subject}: ${reason}`);
    this.name = 'NoAnswerError';
  }
}

/**
 * Answers calls of other nodes on `subject`.
 * @param queue only one of the nodes with the same queue gets a call; absent: all do
 * @param details what an error is rebuilt from besides its message
 */
export function answerCalls(
  bus: BusConnection,
  subject: string,
  calls: Calls,
  queue?: string,
  details: (error: unknown) => unknown = () => null,
): Subscription {
  const answer = async (message: Msg): Promise<void> => {
    let result: Answer;
    try {
      const { call, args } = decodeMessage<{ call: string; args: never[] }>(message.data);
      const done = calls[call];
      if (done === undefined)
        throw new Error(
          `a node of another version asks for ${JSON.stringify(call)} on ${subject}, which this one does not know; update recorders first, then API nodes, then collectors`,
        );
      result = { value: (await done(...args)) ?? null };
    } catch (error) {
      const { name, message: text } = error as Error;
      result = { error: { name, message: text, details: details(error) } };
    }
    if (!bus.nc.isClosed()) message.respond(encodeMessage(result));
  };
  return bus.nc.subscribe(subject, {
    ...(queue === undefined ? {} : { queue }),
    callback: (error, message) => {
      if (error === null) void answer(message);
    },
  });
}

/** Calls another node. @param remake rebuilds the error thrown there. @throws {NoAnswerError} */
export async function call<T>(
  bus: BusConnection,
  subject: string,
  name: string,
  args: readonly unknown[],
  timeoutMs: number,
  remake: (error: ErrorText) => Error = ({ message }) => new Error(message),
): Promise<T> {
  if (!bus.connected) throw new NoAnswerError(subject, 'the bus is out of reach');
  const request = encodeMessage({ call: name, args });
  const message = await bus.nc
    .request(subject, request, { timeout: timeoutMs })
    .catch((error: unknown) => {
      throw new NoAnswerError(subject, (error as Error).message);
    });
  const answer = decodeMessage<Answer>(message.data);
  if ('error' in answer) throw remake(answer.error);
  return answer.value as T;
}
