import type { Logger } from '../logging/logger.js';
import type { Exchange } from '../market/exchange.js';
import { type Pair, pairText } from '../market/market.js';

/** Where mutations, which outrank `COLLECT`, want different markets. */
export interface AgainstCollect {
  /** Recorded although `COLLECT` does not want them. */
  readonly started: readonly Pair[];
  /** Stopped although `COLLECT` wants them. */
  readonly stopped: readonly Pair[];
}

/** Maximum number of market names of either kind in the line. */
const NAMES = 5;

/** Logs in one line where wishes kept from earlier runs outrank `COLLECT`; nothing if nowhere. */
export function logAgainstCollect(
  logger: Logger,
  found: readonly (AgainstCollect & { readonly exchange: Exchange })[],
): void {
  const named = (of: 'started' | 'stopped'): string[] =>
    found.flatMap(({ exchange, [of]: pairs }) => pairs.map((p) => `${exchange}:${pairText(p)}`));
  const stopped = named('stopped');
  const started = named('started');
  if (stopped.length + started.length === 0) return;
  const cut = (names: string[]): string =>
    names.length > NAMES ? `${names.slice(0, NAMES).join(', ')}, …` : names.join(', ');
  const params = {
    stopped: stopped.length,
    stoppedNames: cut(stopped),
    started: started.length,
    startedNames: cut(started),
  };
  logger.log('WISHES_OUTRANK_COLLECT', {}, params);
}
