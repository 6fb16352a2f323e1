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

/** How the recorder is. */
export const VerdictStateEnum = builder.enumType('RecorderState', {
  description: 'Whether the recorder records all that it should.',
  values: {
    OK: { description: 'All is well.' },
    ATTENTION: { description: 'Something needs a look, or will go wrong unless someone acts.' },
    FAILING: { description: 'Something that should be recorded is not.' },
  } satisfies Record<VerdictState, object>,
});

const SeverityEnum = builder.enumType('ReasonSeverity', {
  description: 'How bad a reason is.',
  values: {
    NOTE: { description: 'Good to know; no trouble.' },
    ATTENTION: { description: 'Needs a look.' },
    FAILING: { description: 'Something that should be recorded is not.' },
  } satisfies Record<Severity, object>,
});

const SubjectEnum = builder.enumType('ReasonSubject', {
  description: 'What a reason is about.',
  values: {
    SERVER: { description: 'The program as a whole.' },
    STORE: { description: 'The database.' },
    DISK: { description: 'The disk that it lies on.' },
    CLOCK: { description: 'The system clock.' },
    LOG: { description: 'The log.' },
    SETTINGS: { description: 'What is set to be recorded: `COLLECT` and what was stopped.' },
    EXCHANGE: { description: 'An exchange: `exchange`.' },
    MARKET: { description: 'Markets of an exchange; `symbol` and `currency` when it is one.' },
  } satisfies Record<Subject, object>,
});

const ReasonCodeEnum = builder.enumType('ReasonCode', {
  description: 'What a reason says.',
  values: Object.fromEntries(
    REASON_CODES.map((code) => [code, { description: REASONS[code].means }]),
  ) as Record<ReasonCode, { description: string }>,
});

/** Why the recorder is as it is. */
export const ReasonType = builder.objectRef<Reason>('Reason').implement({
  description: 'Why the recorder is as it is.',
  fields: (t) => ({
    code: t.expose('code', { type: ReasonCodeEnum, description: 'What it says.' }),
    severity: t.expose('severity', { type: SeverityEnum, description: 'How bad it is.' }),
    about: t.expose('about', { type: SubjectEnum, description: 'What it is about.' }),
    exchange: t.expose('exchange', {
      type: ExchangeEnum,
      nullable: true,
      description: 'The exchange it is about; null where it is about none or several.',
    }),
    symbol: t.string({
      nullable: true,
      description: 'Base asset of the market it is about; null where it is about none or several.',
      resolve: ({ market }) => market?.symbol ?? null,
    }),
    currency: t.string({
      nullable: true,
      description: 'Quote currency of that market.',
      resolve: ({ market }) => market?.currency ?? null,
    }),
    text: t.string({
      description: 'In words. What an exchange or the system said is in its own language.',
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
