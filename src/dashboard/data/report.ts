import { ReportDocument, type ReportQuery } from '../gql/graphql.js';
import { useAnswer } from './answer.js';
import type { ApiError } from './connection.js';

/** How well a day was recorded. */
export type Report = NonNullable<ReportQuery['report']>;

/**
 * Loads the report of a day, again after each connection.
 * @param date `2026-11-25`; null: the latest day with any recording
 * @returns `undefined` until it has arrived, null when nothing has been recorded
 */
export function useReport(date: string | null): {
  readonly report: Report | null | undefined;
  readonly problem: ApiError | null;
} {
  const { answer, problem } = useAnswer(ReportDocument, { date });
  return { report: answer === null ? undefined : (answer.report ?? null), problem };
}
