/** Characters that pino-roll does not accept in a name. */
const NOT_IN_LOG_PATH = /[<>"|?*:]/;

/** What is wrong with the path of any setting, as text, or null. */
function pathProblem(path: string): string | null {
  if (path.startsWith('~')) return '"~" is not expanded here; write the full path';
  if (/^file:/i.test(path) || /^[a-z][a-z0-9+.-]*:\/\//i.test(path)) {
    return 'it must be a plain path, not a URI';
  }
  return null;
}

/**
 * What is wrong with `DB_PATH` as text, and what would be right; null when nothing is. SQLite, its
 * drivers and its shell interpret URIs and `:memory:` differently, so none of them is accepted.
 */
export function dbPathProblem(path: string): string | null {
  const right = 'for example ./data/orderbook.db';
  if (path.startsWith(':')) {
    return `DB_PATH is ${JSON.stringify(path)}; books are kept in a file, ${right}`;
  }
  const problem = pathProblem(path);
  if (problem !== null) return `DB_PATH is ${JSON.stringify(path)}; ${problem}, ${right}`;
  if (/(^|\/)\.{0,2}$/.test(path)) {
    return `DB_PATH is ${JSON.stringify(path)}, a folder; it must name a file, ${right}`;
  }
  return null;
}

/** What is wrong with `LOG_PATH` as text, and what would be right; null when nothing is. */
export function logPathProblem(path: string): string | null {
  const found = NOT_IN_LOG_PATH.exec(path)?.[0];
  const problem =
    pathProblem(path) ??
    (found === undefined
      ? null
      : `the name of the log folder cannot contain ${JSON.stringify(found)}`);
  if (problem === null) return null;
  return `LOG_PATH is ${JSON.stringify(path)}; ${problem}, for example ./logs`;
}

/** What is wrong with `ARCHIVE_PATH` as text, and what would be right; null when nothing is. */
export function archivePathProblem(path: string): string | null {
  const problem = pathProblem(path);
  if (problem === null) return null;
  return `ARCHIVE_PATH is ${JSON.stringify(path)}; ${problem}, for example ./data/archive`;
}
