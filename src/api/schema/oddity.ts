import type { Oddity, OddityTally, OddThing } from '../../market/oddity.js';
import { builder } from './builder.js';
import { exposed } from './fields.js';

const OddityKindEnum = builder.enumType('OddityKind', {
  description: 'In what an exchange differed from its protocol as this recorder knows it.',
  values: {
    SLOW_FRAME: { description: 'An order book in a form that the fast reader leaves alone.' },
    UNKNOWN_KEY: { description: 'A member of a message that is not known.' },
    UNKNOWN_MESSAGE: { description: 'A kind of message that is not known.' },
    TIME_DIGITS: { description: 'A time with another number of digits.' },
    LEVEL_COUNT: { description: 'An order book of more levels than are known.' },
    NO_FIRST_BOOK: {
      description: 'A subscribed market whose first order book was long in coming.',
    },
    SHORT_CONNECTION: { description: 'A connection that ended within 5 s of subscribing.' },
    REFUSAL: {
      description: 'A REST answer that was none of 200, or an HTTP answer in place of a WebSocket.',
    },
    TRADE_ZERO: { description: 'A trade whose price or volume is 0. It is left out.' },
    TRADE_ID_BACK: {
      description: 'A trade whose id is less than that of an earlier trade. It is recorded.',
    },
  } satisfies Record<Oddity, { description: string }>,
});

const OddThingType = builder.objectRef<OddThing>('OddThing').implement({
  description: 'One thing of a kind, as it was first met.',
  fields: (t) => ({
    ...exposed(t, 'String', {
      what: 'The thing itself, such as the name of a member, or the status of a refusal; empty where the kind has but one.',
      text: 'What the exchange sent, with the body of a refusal whole up to 65,536 characters.',
    }),
    ...exposed(t, 'DateTime', { at: 'When it was first met.' }),
  }),
});

/** One kind of difference from the protocol as it is known. */
export const OddityType = builder.objectRef<OddityTally>('Oddity').implement({
  description:
    'What an exchange did otherwise than its protocol is known, of one kind, since the server began. None of it is an error of itself; it may be the first sign of a changed protocol.',
  fields: (t) => ({
    kind: t.expose('kind', { type: OddityKindEnum, description: 'In what it differed.' }),
    ...exposed(t, 'BigInt', {
      count:
        'How often. Of the messages of a connection the first eight are looked at for members, times and levels, then one in 1,024.',
    }),
    ...exposed(t, 'String', { lastText: 'What was sent the last time.' }),
    ...exposed(t, 'DateTime', { lastAt: 'When that was.' }),
    things: t.expose('things', {
      type: [OddThingType],
      description:
        'The different things of this kind, oldest first: up to 100 of an exchange, which the `logs` of the event `PROTOCOL_ODD` show too.',
    }),
  }),
});
