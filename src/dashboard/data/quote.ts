import { useEffect, useState } from 'preact/hooks';
import { QuoteDocument, type QuoteQuery, type TradeSide } from '../gql/graphql.js';
import { ApiError, ask, connectionCount } from './connection.js';
import type { Pair } from './pair.js';

/** What an amount costs now. */
export type Quote = QuoteQuery['quote'];
/** What it costs on one exchange, or over all. */
export type Fill = Quote['total'];

/** Time between two questions, ms. */
const EVERY = 1_500;

/** What an amount in the coin costs now on each exchange, asked repeatedly; null: nothing. */
export function useQuote(
  { symbol, currency }: Pair,
  side: TradeSide,
  amount: string | null,
): { readonly quote: Quote | null; readonly problem: ApiError | null } {
  const [quote, setQuote] = useState<Quote | null>(null);
  const [problem, setProblem] = useState<ApiError | null>(null);
  const connected = connectionCount.value;
  useEffect(() => {
    setQuote(null);
    if (connected === 0 || amount === null) return;
    let left = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const load = async (): Promise<void> => {
      try {
        // A hidden tab asks for nothing.
        if (!document.hidden) {
          const answer = await ask(QuoteDocument, { symbol, currency, side, amount });
          if (left) return;
          setQuote(answer.quote);
          setProblem(null);
        }
      } catch (error) {
        if (!left && error instanceof ApiError) setProblem(error);
      }
      if (!left) timer = setTimeout(() => void load(), EVERY);
    };
    void load();
    return () => {
      left = true;
      clearTimeout(timer);
    };
  }, [symbol, currency, side, amount, connected]);
  return { quote, problem };
}
