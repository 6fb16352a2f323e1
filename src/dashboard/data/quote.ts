import { QuoteDocument, type QuoteQuery, type TradeSide } from '../gql/graphql.js';
import { useAnswer } from './answer.js';
import type { ApiError } from './connection.js';
import type { Pair } from './pair.js';

/** What an amount costs now. */
export type Quote = QuoteQuery['quote'];
/** What it costs on one exchange, or across all. */
export type Fill = Quote['total'];

/** Polling interval, ms. */
const EVERY = 1_500;

/** The current cost of an amount of the coin on each exchange, polled; null: nothing. */
export function useQuote(
  { symbol, currency }: Pair,
  side: TradeSide,
  amount: string | null,
): { readonly quote: Quote | null; readonly problem: ApiError | null } {
  const variables = amount === null ? null : { symbol, currency, side, amount };
  const { answer, problem } = useAnswer(QuoteDocument, variables, { everyMs: EVERY, keep: false });
  return { quote: answer?.quote ?? null, problem };
}
