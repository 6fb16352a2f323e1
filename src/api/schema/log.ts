import type { EventName } from '../../logging/events.js';
import { logText } from '../../logging/log-text.js';
import type { LogRecord } from '../../market/log-record.js';
import { optionalEvent, marketFilter } from '../inputs.js';
import { fromCursor, toConnection, toCursor } from '../paging.js';
import { marketFilterArgs, pageArgs } from './arguments.js';
import { builder } from './builder.js';
import { exposed } from './fields.js';
import { ExchangeEnum } from './exchange-enum.js';
import { LanguageEnum } from './language.js';

const LogLevelEnum = builder.enumType('LogLevel', {
  description: 'Severity of a log entry.',
  values: {
    DEBUG: { value: 'debug', description: 'Detail for debugging.' },
    INFO: { value: 'info', description: 'Normal operation.' },
    WARN: { value: 'warn', description: 'Unusual, but handled.' },
    ERROR: { value: 'error', description: 'Something failed.' },
  } as const,
});

/** The message up to its first colon; what went wrong follows the colon. */
function withoutReason(message: string): string {
  return `${message.split(':')[0]}; see the log file`;
}

/** A log entry. */
export const LogEntryType = builder.objectRef<LogRecord>('LogEntry').implement({
  description: 'A log entry.',
  fields: (t) => ({
    ...exposed(t, 'DateTime', { timestamp: 'When it happened.' }),
    level: t.expose('level', { type: LogLevelEnum, description: 'Severity.' }),
    exchange: t.expose('exchange', {
      type: ExchangeEnum,
      nullable: true,
      description: 'The exchange concerned; null for the program itself.',
    }),
    symbol: t.string({
      nullable: true,
      description: 'Base asset of the market concerned; null for a socket or poller as a whole.',
      resolve: (record) => record.pair?.symbol ?? null,
    }),
    currency: t.string({
      nullable: true,
      description: 'Quote currency of that market; null for a socket or poller as a whole.',
      resolve: (record) => record.pair?.currency ?? null,
    }),
    ...exposed(t, 'String', { event: 'Name of the event, such as `WS_CONNECTED`.' }),
    message: t.string({
      description:
        'The text, rendered on request; entries of older versions keep the `LOG_LANG` of their time. Messages of an exchange or the system stay in their own language. For an unexpected error in the API it only states that there was one: the details are in the log file.',
      args: {
        lang: t.arg({
          type: LanguageEnum,
          description: 'The language; `LOG_LANG` when omitted.',
        }),
      },
      resolve: (record, { lang }) => {
        const text = lang === null || lang === undefined ? record.message : logText(record, lang);
        const unexpected = record.event === ('API_UNEXPECTED_ERROR' satisfies EventName);
        return unexpected ? withoutReason(text) : text;
      },
    }),
  }),
});

const LogEntryConnection = builder.connectionObject(
  {
    type: LogEntryType,
    name: 'LogEntryConnection',
    description: 'A page of log entries, newest first.',
  },
  { name: 'LogEntryEdge', description: 'A log entry and its cursor.' },
);

/** Arguments that narrow a selection of log entries; absent ones match all. */
export const logFilterArgs = builder.args((t) => ({
  ...marketFilterArgs,
  level: t.field({ type: LogLevelEnum, description: 'Only this severity and above.' }),
  event: t.string({ description: 'Only this event, such as `WS_CONNECTED`.' }),
}));

builder.queryField('logs', (t) =>
  t.field({
    type: LogEntryConnection,
    description: 'The recorder’s log, newest first.',
    args: { ...logFilterArgs, ...pageArgs },
    resolve: async (_root, args, { reader, rows }) => {
      const page = await reader.logs({
        ...marketFilter(args),
        level: args.level ?? undefined,
        event: optionalEvent(args.event),
        after: fromCursor('log', 1, args.after)?.[0],
        limit: rows.take(args.first),
      });
      return toConnection(
        page,
        args.after,
        (item) => toCursor('log', item.id),
        (item) => item.value,
      );
    },
  }),
);
