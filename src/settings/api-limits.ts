/** A limit that can be set: its variable, what it is when that is unset, and what it may be. */
interface LimitSetting {
  readonly variable: string;
  readonly fallback: number;
  readonly least: number;
  readonly most: number;
  /** What it counts, as a refusal says it: ` of milliseconds`. */
  readonly unit: string;
}

function limit(
  variable: string,
  fallback: number,
  least: number,
  most: number,
  unit: string,
): LimitSetting {
  return { variable, fallback, least, most, unit };
}

/** Every limit of the API. Each is an environment variable of its own. */
export const LIMIT_SETTINGS = {
  /** Sockets at once, those of WebSockets included. */
  connections: limit('MAX_CONNECTIONS', 2_000, 1, 100_000, ' of connections'),
  /** Live subscriptions at once, over all connections. */
  subscriptions: limit('MAX_SUBSCRIPTIONS', 1_000, 1, 100_000, ' of subscriptions'),
  /** Different ones among those: each is executed on its own at every book, equal ones once. */
  liveOperations: limit('MAX_LIVE_OPERATIONS', 500, 1, 100_000, ' of different subscriptions'),
  /** Subscriptions, queries and other requests in progress on one connection. */
  operationsPerConnection: limit('MAX_OPERATIONS_PER_CONNECTION', 100, 1, 10_000, ' of operations'),
  /** Queries and mutations in progress, over all connections. */
  runningQueries: limit('MAX_RUNNING_QUERIES', 100, 1, 10_000, ' of queries'),
  /** Bytes that clients have not taken yet, over all connections; beyond it no query is begun. */
  unsentBytes: limit('MAX_UNSENT_BYTES', 268_435_456, 1_000_000, 100_000_000_000, ' of bytes'),
  /** Exports in progress. */
  exports: limit('MAX_EXPORTS', 4, 1, 100, ' of exports'),
  /** Bytes of a request body, and of a WebSocket message. */
  bodyBytes: limit('MAX_BODY_BYTES', 100_000, 1_000, 10_000_000, ' of bytes'),
  /** Bytes of a request's line and headers. */
  headerBytes: limit('MAX_HEADER_BYTES', 16_384, 2_000, 1_000_000, ' of bytes'),
  /** A whole request, and the `connection_init` of a WebSocket, must have come within this, ms. */
  requestMs: limit('REQUEST_TIMEOUT_MS', 15_000, 100, 600_000, ' of milliseconds'),
  /** A query is answered with an error after this, ms. */
  queryMs: limit('QUERY_TIMEOUT_MS', 10_000, 10, 600_000, ' of milliseconds'),
  /** Fields nested in each other. */
  depth: limit('MAX_QUERY_DEPTH', 12, 3, 100, ' of levels'),
  /** Aliases, and fields selected again, in a document. */
  aliases: limit('MAX_QUERY_ALIASES', 30, 1, 1_000, ' of aliases'),
  /** Tokens in a document; GraphiQL's introspection has some 300. */
  tokens: limit('MAX_QUERY_TOKENS', 2_000, 100, 100_000, ' of tokens'),
  /** Fields that one answer, or one event of a subscription, may have by estimate. */
  cost: limit('MAX_QUERY_COST', 60_000, 1_000, 10_000_000, ' of fields'),
  /** Rows, gaps and log entries that one operation may ask for over all its connections. */
  rows: limit('MAX_QUERY_ROWS', 5_000, 1, 100_000, ' of rows'),
  /** Items of a page. */
  pageSize: limit('MAX_PAGE_SIZE', 1_000, 1, 10_000, ' of items'),
} as const satisfies Record<string, LimitSetting>;

/** The limits of the API, in the units of {@link LIMIT_SETTINGS}. */
export type ApiLimits = { readonly [K in keyof typeof LIMIT_SETTINGS]: number };

/** Makes limits of what `valueOf` gives for each setting. */
export function limitsFrom(valueOf: (setting: LimitSetting) => number): ApiLimits {
  const entries = Object.entries(LIMIT_SETTINGS).map(([name, setting]) => [name, valueOf(setting)]);
  return Object.fromEntries(entries) as ApiLimits;
}

/** The limits when nothing is set. */
export const DEFAULT_LIMITS: ApiLimits = limitsFrom(({ fallback }) => fallback);
