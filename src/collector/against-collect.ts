import type { Logger } from '../logging/logger.js';
import type { Exchange } from '../market/exchange.js';
import { type Pair, pairText } from '../market/market.js';

/** Where mutations, which outrank it, want other markets than `COLLECT` does. */
export interface AgainstCollect {
  /** Recorded though `COLLECT` does not want them. */
  readonly started: readonly Pair[];
  /** Stopped though `COLLECT` wants them. */
  readonly stopped: readonly Pair[];
}

/** Names of markets that the line has at most, of either kind. */
const NAMES = 5;

/** Says in one line where what is kept of earlier runs outranks `COLLECT`; nothing where it does not. */
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
