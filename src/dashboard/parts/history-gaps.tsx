import type { Coverage, Gap } from '../data/history.js';
import { lang } from '../data/settings.js';
import { count, duration, moment } from '../text/format.js';
import { withZone } from '../text/zone.js';
import { t } from '../text/texts.js';
import { TableHead } from './table-head.js';

/** Why there is no gap: nothing was recorded, or nothing is missing. */
function noGapsText({ percentOfRecorded, recordedFrom, to }: Coverage): string {
  const { history: words } = t.value;
  if (percentOfRecorded != null) return words.noGaps;
  return recordedFrom != null && Date.parse(recordedFrom) >= Date.parse(to)
    ? words.notYet(moment(Date.parse(recordedFrom)))
    : words.notRecorded;
}

/** The gaps of a window; a click goes there. */
export function HistoryGaps(props: {
  readonly coverage: Coverage;
  readonly gaps: readonly Gap[];
  /** Whether there are more than these. */
  readonly more: boolean;
  readonly to: number;
  readonly onPick: (at: number) => void;
}) {
  const { history: words, cause } = t.value;
  return (
    <div class="panel">
      <div class="panel-head">
        <h2 id="gaps-heading">
          {words.gaps}{' '}
          <span class="muted">{`${count(props.gaps.length)}${props.more ? '+' : ''}`}</span>
        </h2>
      </div>
      {props.gaps.length === 0 ? (
        <p class="empty">{noGapsText(props.coverage)}</p>
      ) : (
        <div class="scroll" tabIndex={0} role="region" aria-labelledby="gaps-heading">
          <table class="list gaps">
            <TableHead
              columns={[
                withZone(words.from),
                withZone(words.to),
                { number: words.lasted },
                words.cause,
                words.detail,
              ]}
            />
            <tbody>
              {props.gaps.map((gap) => {
                const start = Date.parse(gap.start);
                const end = gap.end == null ? null : Date.parse(gap.end);
                return (
                  <tr key={gap.start}>
                    <td>
                      <button
                        type="button"
                        class="plain"
                        aria-label={`${words.goTo}: ${moment(start)}`}
                        onClick={() => props.onPick(start + 1)}
                      >
                        {moment(start)}
                      </button>
                    </td>
                    <td class="until">
                      {end === null ? <b class="trouble">{words.open}</b> : moment(end)}
                    </td>
                    <td class="number">{duration((end ?? props.to) - start)}</td>
                    <td>{cause[gap.cause]}</td>
                    <td class="muted">{gap[lang.value]}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </div>
  );
}
