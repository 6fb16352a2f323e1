import { useEffect, useState } from 'preact/hooks';
import { ReportDocument, type ReportQuery } from '../gql/graphql.js';
import { ApiError, ask, connectionCount } from './connection.js';

/** How well a day was recorded. */
export type Report = NonNullable<ReportQuery['report']>;

/**
 * Loads the report of a day, again after each connection.
 * @param date `2026-11-25`; null: the newest day that has something
 * @returns `undefined` until it has come, null when nothing has been recorded
 */
export function useReport(date: string | null): {
  readonly report: Report | null | undefined;
  readonly problem: ApiError | null;
} {
  const [report, setReport] = useState<Report | null | undefined>(undefined);
  const [problem, setProblem] = useState<ApiError | null>(null);
  const connected = connectionCount.value;
  useEffect(() => {
    if (connected === 0) return;
    let left = false;
    ask(ReportDocument, { date }).then(
      (answer) => {
        if (left) return;
        setReport(answer.report ?? null);
        setProblem(null);
      },
      (error: unknown) => {
        if (!left && error instanceof ApiError) setProblem(error);
      },
    );
    return () => {
      left = true;
    };
  }, [date, connected]);
  return { report, problem };
}
