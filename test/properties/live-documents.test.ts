import { describe, expect, it } from '@jest/globals';
import { execute, parse, validate } from 'graphql';
import { clientError, formatted } from '../../src/api/graphql/client-error.js';
import { LiveOperation } from '../../src/api/graphql/live-operation.js';
import { schema } from '../../src/api/schema/index.js';
import type { Delivery } from '../../src/live/delivery.js';
import { book, market } from '../api/helpers/books.js';
import { MemoryControl } from '../api/helpers/memory-control.js';
import { seeded } from '../store/support.js';

const UPBIT = market('UPBIT');
const VARIABLES =
  '$t: Boolean!, $d: Boolean = true, $n: Boolean! = false, $k: Int, $dd: Int! = 2, $missing: Int';
const GIVEN = { t: true, k: 1 };
const LEAVES = 'exchange timestamp exchangeTimestamp sequence skipped spread __typename'.split(' ');
const ARGUMENTS = ['', '(depth: 1)', '(depth: $k)', '(depth: $dd)', '(depth: $missing)'];

/** Writes documents at random: every way to select a field, with directives on all of them. */
class Documents {
  readonly #random: () => number;
  #fragments: string[] = [];

  constructor(seed: number) {
    this.#random = seeded(seed);
  }

  next(): string {
    this.#fragments = [];
    const field = `${this.#pick(['', 'x: '])}orderbook ${this.#set('Orderbook', 0)}`;
    return `subscription S(${VARIABLES}) { ${field} } ${this.#fragments.join(' ')}`;
  }

  #set(type: 'Orderbook' | 'Level', depth: number): string {
    const count = 1 + Math.floor(this.#random() * 4);
    const selections = Array.from({ length: count }, () => this.#selection(type, depth));
    return `{ ${selections.join(' ')} }`;
  }

  #selection(type: 'Orderbook' | 'Level', depth: number): string {
    const chance = this.#random();
    const directives = this.#directives();
    if (depth < 4 && chance < 0.15) {
      return `... ${this.#pick(['', `on ${type}`])} ${directives} ${this.#set(type, depth + 1)}`;
    }
    if (depth < 4 && chance < 0.3) {
      const name = `F${this.#fragments.push('') - 1}`;
      const set = this.#set(type, depth + 1);
      this.#fragments[Number(name.slice(1))] = `fragment ${name} on ${type} ${set}`;
      return `...${name} ${directives}`;
    }
    if (type === 'Level') return `${this.#pick(['price', 'p: price', 'volume'])} ${directives}`;
    if (chance < 0.6) return `${this.#pick(LEAVES)} ${directives}`;
    if (chance < 0.75)
      return `${this.#pick(['bestAsk', 'b: bestBid'])} ${directives} ${this.#set('Level', 0)}`;
    if (chance < 0.8) return `z: asks(depth: 0) ${directives} ${this.#set('Level', 0)}`;
    const which = Math.floor(this.#random() * ARGUMENTS.length);
    return `l${which}: asks${ARGUMENTS[which]} ${directives} ${this.#set('Level', 0)}`;
  }

  #directives(): string {
    const one = (): string => `(if: ${this.#pick(['true', 'false', '$t', '$d', '$n'])})`;
    return this.#pick([
      '',
      '',
      '',
      `@skip${one()}`,
      `@include${one()}`,
      `@skip${one()} @include${one()}`,
    ]);
  }

  #pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.#random() * choices.length)]!;
  }
}

describe('an event of a subscription', () => {
  it('is answered as graphql-js would, whatever the document', () => {
    const services = { control: new MemoryControl() } as never;
    const nothing = (): void => undefined;
    const log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
    const gapBefore = {
      ...{ market: UPBIT, start: 1e12, end: 1e12 + 5, detail: null, attempts: 1 },
      cause: 'STALE' as const,
    };
    const documents = new Documents(5);
    let compared = 0;
    for (let i = 1; i <= 300; i++) {
      const document = parse(documents.next());
      const args = { schema, document, operationName: 'S', variableValues: GIVEN };
      const problems = validate(schema, document);
      if (problems.some(({ message }) => !message.includes('is never used'))) continue;
      const value = book(UPBIT, i, i % 3 === 0 ? { asks: [] } : {});
      const delivery: Delivery = { key: 'k', order: i, value, skipped: i % 2, gapBefore };
      const result = execute({ ...args, rootValue: delivery, contextValue: services });
      if ('then' in result) throw new Error('a live field must not be resolved asynchronously');
      const { data, errors } = result;
      const expected =
        errors === undefined
          ? { data }
          : { data, errors: errors.map((e) => formatted(clientError(e, log))) };
      const json = new LiveOperation(args, services, log).render(delivery);
      // In whichever order the fields come.
      expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(expected)));
      compared++;
    }
    expect(compared).toBeGreaterThan(270);
  });
});
