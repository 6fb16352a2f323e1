import type { Subscription } from '@nats-io/transport-node';
import type { BusConnection } from './connection.js';
import { decodeMessage } from './messages.js';

/**
 * Hears what is sent on a subject outside the log, where anything may be sent by anybody: what cannot be read is left
 * out, and named by {@link BusConnection.unreadable}.
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
