import { useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { type Report, useReport } from '../data/report.js';
import { useTitle } from '../parts/title.js';
import { count, duration, percent } from '../text/format.js';
import { problemText } from '../text/problems.js';
import { t } from '../text/texts.js';
import { TableHead } from '../parts/table-head.js';

const DAY = 86_400_000;

/** A day offset by some days, both `2026-11-25`. */
function shifted(date: string, days: number): string {
  return new Date(Date.parse(date) + days * DAY).toISOString().slice(0, 10);
}

function MarketRow({ report }: { readonly report: Report['markets'][number] }) {
  const { exchange: names, cause } = t.value;
  const { exchange, audits, auditDifferences } = report;
  const pair = `${report.symbol}-${report.currency}`;
  const gaps = report.gaps.map(
    (gap) => `${cause[gap.cause]} ${count(gap.count)}× ${duration(Number(gap.ms))}`,
  );
  return (
    <tr>
      <td>
        {names[exchange]} <Link href={`/history/${exchange}/${pair}`}>{pair}</Link>
      </td>
      <td class="number">{percent(report.percent)}</td>
      <td class="number">{duration(Number(report.recordedMs))}</td>
      <td class="number">{count(Number(report.frames))}</td>
      <td class="number">{count(Number(report.changedBooks))}</td>
      <td class="muted">{gaps.join(', ')}</td>
      <td class="number">{duration(Number(report.longestSilenceMs))}</td>
      <td class="number">{`${count(audits - auditDifferences)} / ${count(auditDifferences)}`}</td>
      <td class="number">{count(report.lateBooks)}</td>
    </tr>
  );
}

/** How well each market was recorded on a day. */
export function QualityView() {
  const [date, setDate] = useState<string | null>(null);
  const { report, problem } = useReport(date);
  const { quality: words, common } = t.value;
  useTitle(words.heading);
  const shown = date ?? report?.date ?? new Date().toISOString().slice(0, 10);
  const today = new Date().toISOString().slice(0, 10);
  const columns = [
    words.recorded,
    words.books,
    words.changed,
    words.gaps,
    words.silence,
    words.audits,
    words.late,
  ];
  return (
    <>
      <div class="view-head">
        <h1>{words.heading}</h1>
        <button type="button" onClick={() => setDate(shifted(shown, -1))}>
          ‹ {words.before}
        </button>
        <label class="field">
          <span class="unseen">{words.day}</span>
          <input
            type="date"
            value={shown}
            max={today}
            onChange={(event) => {
              // A partially entered date is not a date.
              if (event.currentTarget.value !== '') setDate(event.currentTarget.value);
            }}
          />
        </label>
        <button type="button" disabled={shown >= today} onClick={() => setDate(shifted(shown, 1))}>
          {words.after} ›
        </button>
      </div>
      <section class="panel" aria-labelledby="quality-heading">
        <div class="panel-head">
          <h2 id="quality-heading">
            {shown}{' '}
            {report != null && (
              <span class="muted">
                {words.shown(count(report.markets.length), count(report.marketCount))}
                {report.clockSteps > 0 && `, ${words.clockSteps(count(report.clockSteps))}`}
              </span>
            )}
          </h2>
        </div>
        <p class="muted hint">{words.hint}</p>
        {problem !== null ? (
          <p class="problem" role="alert">
            {problemText(problem)}
          </p>
        ) : report === undefined ? (
          <p class="empty">{common.loading}</p>
        ) : report === null || report.markets.length === 0 ? (
          <p class="empty">{words.none}</p>
        ) : (
          <div class="scroll tall" tabIndex={0} role="group" aria-labelledby="quality-heading">
            <table class="list quality">
              <TableHead
                columns={[
                  common.market,
                  { number: words.coverage },
                  ...columns.map((name) => (name === words.gaps ? name : { number: name })),
                ]}
              />
              <tbody>
                {report.markets.map((each) => (
                  <MarketRow
                    key={`${each.exchange}:${each.symbol}-${each.currency}`}
                    report={each}
                  />
                ))}
              </tbody>
            </table>
          </div>
        )}
      </section>
    </>
  );
}
