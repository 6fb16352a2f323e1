import type { Oddity, OddityTally, OddThing } from '../../market/oddity.js';
import { builder } from './builder.js';
import { exposed } from './fields.js';

const OddityKindEnum = builder.enumType('OddityKind', {
  description: 'How an exchange deviated from its protocol as this recorder knows it.',
  values: {
    SLOW_FRAME: { description: 'An order book in a form that the fast reader does not handle.' },
    UNKNOWN_KEY: { description: 'An unknown member of a message.' },
    UNKNOWN_MESSAGE: { description: 'An unknown kind of message.' },
    TIME_DIGITS: { description: 'A time with an unexpected number of digits.' },
    LEVEL_COUNT: { description: 'An order book with more levels than expected.' },
    NO_FIRST_BOOK: {
      description: 'A subscribed market whose first order book took unusually long.',
    },
    SHORT_CONNECTION: { description: 'A connection that ended within 5 s of subscribing.' },
    REFUSAL: {
      description: 'A REST response other than 200, or an HTTP response in place of a WebSocket.',
    },
    TRADE_ZERO: { description: 'A trade whose price or volume is 0. It is skipped.' },
    TRADE_ID_BACK: {
      description: 'A trade with a lower id than an earlier trade. It is recorded.',
    },
  } satisfies Record<Oddity, { description: string }>,
});

const OddThingType = builder.objectRef<OddThing>('OddThing').implement({
  description: 'One instance of a deviation, as first seen.',
  fields: (t) => ({
    ...exposed(t, 'String', {
      what: 'What identifies it, such as the name of a member or the status of a refusal; empty where the kind has only one.',
      text: 'What the exchange sent; the body of a refusal up to 65,536 characters.',
    }),
    ...exposed(t, 'DateTime', { at: 'When it was first seen.' }),
  }),
});

/** One kind of deviation from the known protocol. */
export const OddityType = builder.objectRef<OddityTally>('Oddity').implement({
  description:
    'Deviations of an exchange from its known protocol, of one kind, since the server started. Not errors in themselves, but possibly the first sign of a protocol change.',
  fields: (t) => ({
    kind: t.expose('kind', { type: OddityKindEnum, description: 'The kind of deviation.' }),
    ...exposed(t, 'BigInt', {
      count:
        'Number of occurrences. Members, times and levels are checked in the first eight messages of a connection, then in one of 1,024.',
    }),
    ...exposed(t, 'String', { lastText: 'What was sent in the most recent occurrence.' }),
    ...exposed(t, 'DateTime', { lastAt: 'When that was.' }),
    things: t.expose('things', {
      type: [OddThingType],
      description:
        'The distinct instances of this kind, oldest first: up to 100 per exchange, which `logs` with the event `PROTOCOL_ODD` show too.',
    }),
  }),
});
