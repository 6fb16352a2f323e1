import { appendFileSync } from 'node:fs';
import { EXCHANGES, type Exchange } from '../market/exchange.js';
import type { Simulators } from '../simulator/simulators.js';
import {
  type Account,
  accountFor,
  addAccount,
  type ClockView,
  contentOf,
  emptyAccount,
  problems,
  type SentMark,
  type Standstill,
  TRUE_CLOCK,
  unreportedStandstills,
} from './accounts.js';
import {
  addTo,
  type ByPair,
  storedBooks,
  storedTrades,
  knownGaps,
  knownSpans,
} from './recorded.js';
import {
  printBooks,
  printGaps,
  printProblems,
  printTradeProblems,
  printTrades,
} from './printing.js';
import {
  accountForTrades,
  addTradeAccount,
  emptyTradeAccount,
  type SpanMark,
  type TradeAccount,
  tradeProblems,
} from './trade-accounts.js';

/** Every book that the simulated exchanges send from now on, except by REST. */
export class Ledger {
  readonly #sent = new Map<Exchange, ByPair<SentMark>>();

  constructor(simulators: Simulators) {
    for (const simulator of simulators.all) {
      const books: ByPair<SentMark> = new Map();
      this.#sent.set(simulator.exchange, books);
      simulator.onSent((book) => {
        if (book.via === 'rest') return;
        addTo(books, `${book.symbol}-${book.currency}`, {
          content: contentOf(book.asks, book.bids),
          exchangeTimestamp: book.exchangeTimestamp,
          at: book.at,
          connection: book.connection,
        });
      });
    }
  }

  /** Those of an exchange. */
  of(exchange: Exchange): ByPair<SentMark> {
    return this.#sent.get(exchange)!;
  }
}

/** The outcome for everything that went out. */
export interface FinalAccount {
  readonly books: Account;
  readonly trades: TradeAccount;
  /** The number of standstills that markets' gaps leave out. */
  readonly unreported: number;
  /** Books in gaps by exchange and cause: `UPBIT PROCESS_DOWN 247`. */
  readonly lost: readonly string[];
}

/**
 * Accounts for all books and trades that went out, by what the recorder at `url` has of them, and prints the
 * outcome.
 * @param standstills when the recorder stood still
 * @param since from when every market was recorded, Unix ms: what went out before need not be there
 * @param evidence a file that gets a line of JSON for each market with a problem: everything that went out and is
 * stored
 */
export async function accountForAll(
  url: string,
  simulators: Simulators,
  ledger: Ledger,
  clock: ClockView = TRUE_CLOCK,
  standstills: readonly Standstill[] = [],
  since = 0,
  evidence: string | null = null,
): Promise<FinalAccount> {
  const keep = (line: object): void => {
    if (evidence !== null) appendFileSync(evidence, `${JSON.stringify(line)}\n`);
  };
  const books = emptyAccount();
  const lost: string[] = [];
  const trades = emptyTradeAccount();
  let markets = 0;
  let unreported = 0;
  for (const exchange of EXCHANGES) {
    const stored = await storedBooks(url, exchange);
    const gaps = await knownGaps(url, exchange);
    const sent = ledger.of(exchange);
    const account = emptyAccount();
    for (const pair of new Set([...sent.keys(), ...stored.keys()])) {
      markets++;
      const own = gaps.get(pair) ?? [];
      const part = accountFor(sent.get(pair) ?? [], stored.get(pair) ?? [], own, clock);
      const missing = part.unaccounted;
      part.unaccounted = missing.filter(({ at }) => at >= since);
      part.early = missing.length - part.unaccounted.length;
      unreported += unreportedStandstills(standstills, own, clock).length;
      addAccount(account, part);
      printProblems(exchange, pair, part);
      if (problems(part) > 0)
        keep({ exchange, pair, sent: sent.get(pair), stored: stored.get(pair), gaps: own });
    }
    printBooks(exchange, account);
    const { trades: happened } = simulators.all.find((one) => one.exchange === exchange)!;
    const kept = await storedTrades(url, exchange);
    const ofTrades = emptyTradeAccount();
    for (const pair of new Set([...happened.markets().keys(), ...kept.keys()])) {
      const own = happened.of(pair);
      let stored = kept.get(pair) ?? [];
      let spans: SpanMark[] = [];
      let part = accountForTrades(own, stored, spans);
      // What the recorder says of trades matters only for markets with a missing trade. It goes on
      // filling holes: so first read what it says, then what it has.
      if (part.unaccounted.length + part.unheard > 0) {
        spans = await knownSpans(url, exchange, pair);
        stored = (await storedTrades(url, exchange, pair)).get(pair) ?? [];
        part = accountForTrades(own, stored, spans, clock, since);
      }
      addTradeAccount(ofTrades, part);
      printTradeProblems(exchange, pair, part);
      if (tradeProblems(part) > 0) keep({ exchange, pair, happened: own, trades: stored, spans });
    }
    printTrades(exchange, ofTrades);
    addTradeAccount(trades, ofTrades);
    printGaps([...gaps.values()].flat());
    addAccount(books, account);
    for (const [cause, count] of Object.entries(account.inGap))
      lost.push(`${exchange} ${cause} ${count}`);
  }
  printBooks(`ALL ${markets} MARKETS`, books);
  printTrades(`ALL ${markets} MARKETS`, trades);
  return { books, trades, unreported, lost };
}
