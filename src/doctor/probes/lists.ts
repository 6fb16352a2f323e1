import { listFrom } from '../../collector/rest/market-rows.js';
import { excerpt } from '../../collector/wire/wire.js';
import type { ListSeen, RestSeen } from '../evidence.js';
import { AnswerClient, type Lab } from '../lab.js';

/** The market list, as the recorder reads it. */
export async function probeList(lab: Lab): Promise<ListSeen> {
  const { list } = lab.sheet;
  const answer = await lab.get(list.path);
  const { exact } = answer;
  const dropped: string[] = [];
  let rows: readonly unknown[] = [];
  try {
    rows = exact === undefined ? [] : list.rows(exact);
  } catch {
    // No list: its facts show that.
  }
  // The same answer again, by the reader of the collectors.
  const rest = new AnswerClient(() => Promise.resolve(answer));
  lab.listed = await listFrom(rest, list, (row) => dropped.push(row)).catch((error: unknown) => {
    dropped.push(excerpt((error as Error).message));
    return [];
  });
  const idle = Math.max(0, rows.length - lab.listed.length - dropped.length);
  return { answer, rows, used: lab.listed, idle, dropped };
}

/** REST books of single markets, and of many in one call. */
export async function probeRest(lab: Lab): Promise<RestSeen> {
  const { bookPath, batches } = lab.sheet;
  const singles = [];
  for (const pair of lab.pairs(3)) {
    singles.push({ pairs: [pair], answer: await lab.get(bookPath([pair])) });
  }
  const many = [];
  for (const size of new Set(batches.map((count) => Math.min(count, lab.listed.length)))) {
    if (size < 2) continue;
    const pairs = lab.listed.slice(0, size);
    many.push({ pairs, answer: await lab.get(bookPath(pairs)) });
  }
  return { singles, batches: many };
}
