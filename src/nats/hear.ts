import type { Subscription } from '@nats-io/transport-node';
import type { BusConnection } from './connection.js';
import { decodeMessage } from './messages.js';

/**
 * Listens to a subject outside the log, to which anyone may send anything: what cannot be read is left out and
 * reported by {@link BusConnection.unreadable}.
 * @param take throws when a message is not what it should be
 */
export function hear<T>(
  bus: BusConnection,
  subject: string,
  take: (message: T, subject: string) => void,
): Subscription {
  return bus.nc.subscribe(subject, {
    callback: (error, message) => {
      if (error !== null) return;
      try {
        take(decodeMessage<T>(message.data), message.subject);
      } catch (failure) {
        const reason = (failure as Error).message;
        bus.unreadable.publish({ subject: message.subject, reason });
      }
    },
  });
}
