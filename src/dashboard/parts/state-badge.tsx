import type { CollectorState } from '../gql/graphql.js';
import { t } from '../text/texts.js';

/** A distinct symbol for each state, so that none is shown by colour alone. */
const SIGNS: Readonly<Record<CollectorState | 'NONE', string>> = {
  LIVE: '●',
  STARTING: '◔',
  STALE: '▲',
  RECONNECTING: '↻',
  STOPPED: '■',
  FAILED: '✕',
  NONE: '○',
};

/** A collector's state by colour, sign and word. */
export function StateBadge(props: {
  readonly state: CollectorState | null;
  readonly title?: string | null;
}) {
  const state = props.state ?? 'NONE';
  return (
    <span class={`state ${state}`} title={props.title ?? undefined}>
      <span class="sign" aria-hidden="true">
        {SIGNS[state]}
      </span>
      {t.value.state[state]}
    </span>
  );
}
