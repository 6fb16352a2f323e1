/** {@link StoreError.code} of a write refused because the open file is no longer the one at its path. */
export const DATABASE_LOST = 'DATABASE_LOST';

/** Why the store refuses or cannot continue; the message is for users. */
export class StoreError extends Error {
  /** The database's name of the failure, e.g. `SQLITE_FULL`; null when it is not the database's. */
  readonly code: string | null;

  constructor(message: string, code: string | null = null) {
    super(message);
    this.name = 'StoreError';
    this.code = code;
  }
}

/** {@link StoreError.code} of a database that a history is being copied into. */
export const HALF_COPIED = 'HALF_COPIED';

/** The error for a database with only part of a history. @param name of the database */
export function halfCopied(name: string): StoreError {
  return new StoreError(
    `${name} is an unfinished copy; run npm run copy again to resume it`,
    HALF_COPIED,
  );
}

/** The database's own error, under whatever the driver or Prisma wrapped around it. */
interface DriverFailure {
  readonly code: string;
  readonly message: string | null;
}

/** Searches the error itself, its `cause` and its `meta.driverAdapterError`, recursively. */
function driverFailure(error: unknown): DriverFailure | null {
  let current: unknown = error;
  for (let depth = 0; depth < 5 && typeof current === 'object' && current !== null; depth++) {
    const { originalCode, originalMessage, code, message, meta, cause } = current as {
      originalCode?: unknown;
      originalMessage?: unknown;
      code?: unknown;
      message?: unknown;
      meta?: { driverAdapterError?: unknown };
      cause?: unknown;
    };
    if (typeof originalCode === 'string') {
      const text = typeof originalMessage === 'string' ? originalMessage : null;
      return { code: originalCode, message: text };
    }
    if (typeof code === 'string' && CODES.test(code)) {
      return { code, message: typeof message === 'string' && message !== '' ? message : null };
    }
    current = meta?.driverAdapterError ?? cause;
  }
  return null;
}

/** Codes of SQLite, PostgreSQL (five characters; Prisma's start with P) and the system. */
const CODES =
  /^(SQLITE_\w+|(?!P[1-9])(?=.*\d)[0-9A-Z]{5}|ECONN\w+|ENOTFOUND|EAI_AGAIN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$/;

/** The database's name of a failure, `SQLITE_FULL`, `53100`, `ECONNREFUSED`; otherwise null. */
export function failureCode(error: unknown): string | null {
  return driverFailure(error)?.code ?? null;
}

const REASONS: readonly (readonly [prefix: string, reason: string])[] = [
  ['SQLITE_FULL', 'the disk is full; free some space'],
  ['SQLITE_IOERR', 'the disk cannot be read or written; check it and its free space'],
  ['SQLITE_BUSY', 'another program has the database locked; close it'],
  ['SQLITE_LOCKED', 'another connection holds a table locked'],
  [
    'SQLITE_READONLY_DIRECTORY',
    'its folder is read-only, where SQLite needs files of its own even to read; make it writable, or copy the database to another folder and set DB_PATH to the copy',
  ],
  ['SQLITE_READONLY', 'the database or its folder is read-only; make it writable'],
  ['SQLITE_CANTOPEN', 'the database file cannot be opened; check that its folder is writable'],
  ['SQLITE_PERM', 'access to the database file is not permitted'],
  ['SQLITE_CORRUPT', 'the database file is damaged; restore it or start a new one'],
  ['SQLITE_NOTADB', 'the file is not an SQLite database'],
  ['ECONNREFUSED', 'no server is listening there; start it, or correct the address'],
  ['ENOTFOUND', 'the name of the server is unknown; correct the address'],
  ['EAI_AGAIN', 'the name of the server cannot be looked up; check the network'],
  ['ECONNRESET', 'the connection to the server was lost'],
  ['EPIPE', 'the connection to the server was lost'],
  ['ETIMEDOUT', 'the server does not answer; check the network'],
  ['EHOSTUNREACH', 'the server cannot be reached; check the network'],
  ['ENETUNREACH', 'the server cannot be reached; check the network'],
  ['28', 'the server refuses this user or password'],
  ['3D000', 'the server has no database of this name; create it (CREATE DATABASE)'],
  ['42501', 'the user lacks the privilege for this'],
  ['53100', 'the disk of the server is full; free some space'],
  ['53300', 'the server has no connection left; raise max_connections'],
  ['57P', 'the server is being stopped or started'],
  ['25006', 'the server accepts no writes at the moment'],
];

/** Why a database call failed, in one line for users: the cause, the remedy, SQLite's own name. */
export function failureText(error: unknown): string {
  if (error instanceof StoreError) return error.message;
  const failure = driverFailure(error);
  const known = REASONS.find(([prefix]) => failure?.code.startsWith(prefix));
  if (failure !== null && known !== undefined) return `${known[1]} (${failure.code})`;
  if (failure !== null && failure.message !== null) return `${failure.message} (${failure.code})`;
  if (!(error instanceof Error)) return String(error);
  if (!error.name.startsWith('Prisma')) return error.message;
  // Prisma puts the reason into the last paragraph of its message.
  return error.message.trim().split('\n').at(-1)!.trim();
}
