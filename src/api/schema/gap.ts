import type { Gap } from '../../market/gap.js';
import type { StoreReader } from '../../store/reader-types.js';
import { marketFilter, timeWindow } from '../inputs.js';
import { fromCursor, type RowBudget, toConnection, toCursor } from '../paging.js';
import { marketFilterArgs, pageArgs, windowArgs } from './arguments.js';
import { builder } from './builder.js';
import { marketFields, exposed, exposedOrNull } from './fields.js';
import { inWordsOf, ownWordsArgs } from './language.js';

/** Why a market was not covered. */
export const GapCauseEnum = builder.enumType('GapCause', {
  description: 'Why a wanted market was not covered.',
  values: {
    CONNECT_FAILED: { description: 'No connection could be made.' },
    DISCONNECTED: { description: 'The connection was lost.' },
    STALE: {
      description: 'Silent for so long that a quiet market could not be told from lost data.',
    },
    REFUSED: { description: 'The exchange refused the subscription or request.' },
    RATE_LIMITED: { description: 'The exchange asked to slow down.' },
    MAINTENANCE: { description: 'The exchange was under maintenance.' },
    RESYNC: { description: 'The book was in doubt and had to be fetched again.' },
    PARSE_FAILED: { description: 'A message could not be read.' },
    QUEUE_OVERFLOW: { description: 'More books were waiting for the disk than memory may hold.' },
    STORE_FAILED: { description: 'The database could not be written.' },
    BUS_FAILED: {
      description:
        'The bus (`BUS_URL`) was unavailable or too slow for longer than memory, or its own log, can hold books.',
    },
    PROCESS_DOWN: { description: 'This program was not running.' },
    STANDSTILL: {
      description:
        'This program stood still for two seconds or more: it was paused, or its machine was suspended or overloaded.',
    },
    UNLISTED: {
      description:
        "The market returned to the exchange's list after leaving it; when its trading resumed is not known.",
    },
    UNREACHED: {
      description:
        'The exchange may drop trades on its stream, and its trade history does not reach back that far. Trades only.',
    },
    RETIRED: {
      description:
        'The books were recorded but have been deleted under `RETENTION_DAYS`. Only in `gapBefore`.',
    },
    ARCHIVE_MISSING: {
      description:
        'The books were recorded and archived, but their day is missing from the archive or unreadable.',
    },
  } as const,
});

/** An interval that was not covered. */
export const GapType = builder.objectRef<Gap>('Gap').implement({
  description: 'An interval in which a wanted market was not covered.',
  fields: (t) => ({
    ...marketFields(t, (gap) => gap.market),
    ...exposed(t, 'DateTime', { start: 'The last proof that the market was covered.' }),
    ...exposedOrNull(t, 'DateTime', {
      end: 'When the first book after the gap was received; null while it is open.',
    }),
    cause: t.expose('cause', { type: GapCauseEnum, description: 'Why it occurred.' }),
    detail: t.string({
      nullable: true,
      description: 'Details such as a close code or error text; null when there are none.',
      args: ownWordsArgs,
      resolve: ({ detail }, { lang }) => inWordsOf(lang, detail),
    }),
    ...exposed(t, 'Int', { attempts: 'Attempts made to close it (connects, polls).' }),
  }),
});

/** A page of gaps. */
export const GapConnection = builder.connectionObject(
  { type: GapType, name: 'GapConnection', description: 'A page of gaps, oldest first.' },
  { name: 'GapEdge', description: 'A gap and its cursor.' },
);

/** A page of the selected gaps. */
export async function gapPage(
  selection: Omit<Parameters<StoreReader['gaps']>[0], 'after' | 'limit'>,
  page: { readonly first?: number | null | undefined; readonly after?: string | null | undefined },
  reader: StoreReader,
  rows: RowBudget,
) {
  const found = await reader.gaps({
    ...selection,
    after: fromCursor('gap', 1, page.after)?.[0],
    limit: rows.take(page.first),
  });
  return toConnection(
    found,
    page.after,
    (item) => toCursor('gap', item.id),
    (item) => item.value,
  );
}

builder.queryField('gaps', (t) =>
  t.field({
    type: GapConnection,
    description:
      'Intervals in which the books of wanted markets were not covered, oldest first. Trade gaps are in `coverage { trades { spans(completeness: GAP) } }`.',
    args: { ...marketFilterArgs, ...windowArgs, ...pageArgs },
    resolve: (_root, args, { reader, rows }) =>
      gapPage({ ...marketFilter(args), ...timeWindow(args) }, args, reader, rows),
  }),
);
