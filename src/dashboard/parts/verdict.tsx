import { Link } from 'wouter-preact';
import { connection } from '../data/connection.js';
import { type Figures, figures } from '../data/recorder.js';
import { lang } from '../data/settings.js';
import type { ReasonSeverity, RecorderState } from '../gql/graphql.js';
import { t } from '../text/texts.js';

type Reason = Figures['reasons'][number];

const KINDS: Readonly<Record<RecorderState, string>> = {
  OK: 'good',
  ATTENTION: 'warn',
  FAILING: 'bad',
};
const SIGNS: Readonly<Record<ReasonSeverity | 'OK', string>> = {
  OK: '✓',
  NOTE: '●',
  ATTENTION: '▲',
  FAILING: '✕',
};

/** Address of a reason's subject. */
function placeOf({ code, about, exchange, symbol, currency }: Reason): string {
  const of = exchange == null ? '' : `&exchange=${exchange}`;
  switch (about) {
    case 'MARKET':
      return symbol == null ? `/?show=trouble${of}` : `/market/${symbol}-${currency ?? ''}`;
    case 'EXCHANGE':
      return code === 'STOPPED_BY_USER' ? `/?show=stopped${of}` : `/events?level=WARN${of}`;
    case 'SETTINGS':
      return '/?show=stopped';
    case 'STORE':
    case 'DISK':
      return '/#totals';
    case 'SERVER':
      return code === 'STARTING' ? '/?show=recorded' : '/events?level=WARN';
    case 'CLOCK':
    case 'LOG':
      return '/events?level=WARN';
  }
}

/**
 * Whether all is well, as judged by the server, and why, worst first. When the server is
 * unreachable nothing is known, whatever it last said.
 */
export function Verdict() {
  const { verdict: words, common } = t.value;
  const recorder = figures.value;
  if (connection.value === 'lost' || recorder === null) {
    const lost = connection.value === 'lost';
    return (
      <div class="verdict wait">
        <p role="status">
          <span class="sign" aria-hidden="true">
            {lost ? '?' : '…'}
          </span>
          <strong>{lost ? words.unknown : common.loading}</strong>
        </p>
      </div>
    );
  }
  const { state, reasons } = recorder;
  return (
    <div class={`verdict ${KINDS[state]}`}>
      <p role="status">
        <span class="sign" aria-hidden="true">
          {SIGNS[state]}
        </span>
        <strong>{words.state[state]}</strong>
      </p>
      {reasons.length > 0 && (
        <ul aria-label={words.reasons}>
          {reasons.map((reason, i) => (
            <li key={i} class={reason.severity}>
              <span class="sign" aria-hidden="true">
                {SIGNS[reason.severity]}
              </span>
              <Link href={placeOf(reason)}>
                <span class="unseen">{words.severity[reason.severity]}: </span>
                {reason[lang.value]}
              </Link>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** On the other views: that something is not being recorded, with a link to the reasons. */
export function FailingNote() {
  const { verdict: words } = t.value;
  const recorder = figures.value;
  if (connection.value === 'lost' || recorder?.state !== 'FAILING') return null;
  return (
    <p class="banner">
      <span aria-hidden="true">✕</span>
      <Link href="/">
        {words.state.FAILING}
        {recorder.reasons[0] !== undefined && `: ${recorder.reasons[0][lang.value]}`}
      </Link>
    </p>
  );
}
