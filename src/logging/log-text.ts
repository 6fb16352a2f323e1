import type { LogRecord } from '../market/log-record.js';
import { EVENTS, type EventName } from './events.js';

/** A language of log texts. */
export type LogLanguage = 'ko' | 'en';

/**
 * The text of a record in a language. If its parameters are unknown, or no longer match its event,
 * it is the text rendered when it happened.
 */
export function logText({ event, message, params }: LogRecord, lang: LogLanguage): string {
  if (params === null || params === undefined || !Object.hasOwn(EVENTS, event)) return message;
  try {
    const text = EVENTS[event as EventName][lang] as (params: unknown) => string;
    return text(JSON.parse(params));
  } catch {
    return message;
  }
}
