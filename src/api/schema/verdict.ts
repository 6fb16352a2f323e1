import {
  type Reason,
  REASON_CODES,
  type ReasonCode,
  REASONS,
  type Severity,
  type Subject,
} from '../verdict/reasons.js';
import type { VerdictState } from '../verdict/judge.js';
import { builder } from './builder.js';
import { ExchangeEnum } from './exchange-enum.js';
import { LanguageEnum } from './language.js';

/** The recorder's state. */
export const VerdictStateEnum = builder.enumType('RecorderState', {
  description: 'Whether the recorder records everything it should.',
  values: {
    OK: { description: 'All is well.' },
    ATTENTION: { description: 'Something needs attention, or will go wrong unless someone acts.' },
    FAILING: { description: 'Something that should be recorded is not.' },
  } satisfies Record<VerdictState, object>,
});

const SeverityEnum = builder.enumType('ReasonSeverity', {
  description: 'Severity of a reason.',
  values: {
    NOTE: { description: 'For information only.' },
    ATTENTION: { description: 'Needs attention.' },
    FAILING: { description: 'Something that should be recorded is not.' },
  } satisfies Record<Severity, object>,
});

const SubjectEnum = builder.enumType('ReasonSubject', {
  description: 'What a reason concerns.',
  values: {
    SERVER: { description: 'The program as a whole.' },
    STORE: { description: 'The database.' },
    DISK: { description: 'The disk that holds the database.' },
    CLOCK: { description: 'The system clock.' },
    LOG: { description: 'The log.' },
    SETTINGS: { description: 'What should be recorded: `COLLECT` and what was stopped.' },
    EXCHANGE: { description: 'An exchange, in `exchange`.' },
    MARKET: {
      description: 'Markets of an exchange; `symbol` and `currency` if it is a single one.',
    },
  } satisfies Record<Subject, object>,
});

const ReasonCodeEnum = builder.enumType('ReasonCode', {
  description: 'Code of a reason.',
  values: Object.fromEntries(
    REASON_CODES.map((code) => [code, { description: REASONS[code].means }]),
  ) as Record<ReasonCode, { description: string }>,
});

/** A reason for the recorder's state. */
export const ReasonType = builder.objectRef<Reason>('Reason').implement({
  description: "A reason for the recorder's state.",
  fields: (t) => ({
    code: t.expose('code', { type: ReasonCodeEnum, description: 'Its code.' }),
    severity: t.expose('severity', { type: SeverityEnum, description: 'Its severity.' }),
    about: t.expose('about', { type: SubjectEnum, description: 'What it concerns.' }),
    exchange: t.expose('exchange', {
      type: ExchangeEnum,
      nullable: true,
      description: 'The exchange concerned; null for none or several.',
    }),
    symbol: t.string({
      nullable: true,
      description: 'Base asset of the market concerned; null for none or several.',
      resolve: ({ market }) => market?.symbol ?? null,
    }),
    currency: t.string({
      nullable: true,
      description: 'Quote currency of that market.',
      resolve: ({ market }) => market?.currency ?? null,
    }),
    text: t.string({
      description:
        'The reason in words. Messages of an exchange or the system stay in their own language.',
      args: {
        lang: t.arg({
          type: LanguageEnum,
          required: true,
          defaultValue: 'ko',
          description: 'The language.',
        }),
      },
      resolve: (reason, { lang }) => reason[lang],
    }),
  }),
});
