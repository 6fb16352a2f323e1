/**
 * The single table of all settings. It yields the types and the parsing of `Config`, the names that
 * a mistyped variable is compared with, `.env.example` and the tables of README.md, README.ko.md and
 * SECURITY.md (`npm run generate:settings`). A new setting is one entry here.
 */
import { isIP } from 'node:net';
import { type BusAddress, parseBusAddress } from '../market/bus-address.js';
import { CHANNELS } from '../market/channel.js';
import { type CollectPattern, parseCollect } from '../market/collect-pattern.js';
import { EXCHANGE_FACTS, EXCHANGES, type Exchange } from '../market/exchange.js';
import { LOG_LEVELS } from '../market/log-record.js';
import { ROLE_WORDS } from '../market/role.js';
import {
  choice,
  flag,
  choices,
  databaseUrl,
  gigabytes,
  integer,
  type Kind,
  list,
  secret,
  secretUrl,
  type Setting,
  setting,
  text,
  url,
} from './kinds.js';
import { archivePathProblem, dbPathProblem, logPathProblem } from './setting-paths.js';

const collectPatterns: Kind<readonly CollectPattern[]> = {
  fallback: 'BTC-KRW',
  range: '',
  takesEmpty: true,
  read: (text, variable, problems) => {
    const result = parseCollect(text);
    if (result.ok) return result.patterns;
    problems.push(...result.problems.map((problem) => `${variable}: ${problem}`));
    return [];
  },
};

const busAddress: Kind<BusAddress | null> = {
  fallback: '',
  range: '`nats://`',
  read: (text, variable, problems) => {
    if (text === '') return null;
    const address = parseBusAddress(text);
    // The value is not repeated: it may hold a password.
    if (address === null) {
      problems.push(
        `${variable} is not an address of NATS servers; it must be nats://[USER:PASSWORD@]HOST[:PORT][,HOST…], for example nats://127.0.0.1:4222`,
      );
    }
    return address;
  },
};

function nodeNameProblem(name: string, variable: string): string | null {
  if (/^[\p{L}\p{N}._-]{0,60}$/u.test(name)) return null;
  return `${variable} is ${JSON.stringify(name)}; it must be at most 60 letters, digits, dots, dashes and underscores, for example seoul-1`;
}

function hostProblem(host: string, variable: string): string | null {
  if (!/\s|\/|:\d+$/.test(host) || /^[0-9a-f:]+$/i.test(host)) return null;
  return `${variable} is ${JSON.stringify(host)}; it must be a host name or an IP address without a port, for example 127.0.0.1`;
}

function hostNameProblem(name: string, variable: string): string | null {
  if (isIP(name) !== 0 || /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(name)) return null;
  return `${variable} has ${JSON.stringify(name)}; it must be a comma list of host names without scheme, port and *, for example books.example.com`;
}

function originProblem(origin: string, variable: string): string | null {
  if (origin === '*') {
    return `${variable} is "*", which would let any web page use this server; list the allowed origins`;
  }
  const right = /^https?:/.test(origin) && URL.canParse(origin);
  if (right && new URL(origin).origin === origin) return null;
  return `${variable} has ${JSON.stringify(origin)}; it must be a comma list of origins as browsers send them, scheme://host or scheme://host:port in lower case, without a path or the scheme's default port, for example https://books.example.com`;
}

const GOPAX_KEY_EN = 'with both keys the GOPAX connection is signed; it also works unsigned';
const GOPAX_KEY_KO = '두 키가 모두 있으면 고팍스 연결에 서명, 없어도 동작';

/** All settings except addresses and API limits, by their name in `Config`. Times are in ms. */
export const SETTINGS = {
  dbPath: setting(
    'DB_PATH',
    text('./data/orderbook.db', dbPathProblem),
    'SQLite file',
    'SQLite 파일',
  ),
  databaseUrl: setting(
    'DATABASE_URL',
    databaseUrl(),
    'PostgreSQL database (13 or newer) to use instead of the SQLite file: `postgresql://user:password@host:port/database`',
    'SQLite 파일 대신 쓸 PostgreSQL(13 이상) 데이터베이스: `postgresql://사용자:비밀번호@호스트:포트/데이터베이스`',
  ),
  logPath: setting('LOG_PATH', text('./logs', logPathProblem), 'folder of log files', '로그 폴더'),
  busUrl: setting(
    'BUS_URL',
    busAddress,
    'NATS servers with JetStream, for sharing the work among several nodes ([docs/distributed.md](docs/distributed.md)); empty: a single process',
    '여러 노드가 일을 나눌 때 쓰는 JetStream NATS 서버([docs/distributed.ko.md](docs/distributed.ko.md)), 비어 있으면 단일 프로세스',
  ),
  roles: setting(
    'ROLE',
    choices('all', ROLE_WORDS),
    'roles of this node: comma list of `collector`, `recorder`, `api`, or `all`; anything but `all` needs `BUS_URL`',
    '이 노드의 역할: `collector`(수집), `recorder`(저장), `api`(제공)의 쉼표 목록 또는 `all`(전부). `all`이 아니면 `BUS_URL` 필요',
  ),
  nodeName: setting(
    'NODE_NAME',
    text('', nodeNameProblem),
    'unique name of this node; empty: host name and process id',
    '다른 노드와 구별되는 이 노드의 이름, 비어 있으면 호스트 이름과 프로세스 번호',
  ),
  busBytes: setting(
    'BUS_MAX_GB',
    gigabytes('4', 0.01, 1_000_000),
    'maximum size of the log in NATS, beyond which its oldest messages are deleted: how long recorders may be down (4: a quarter of an hour of the whole market); applied when a recorder starts, a smaller value once everything is stored; 0: unlimited',
    'NATS에 두는 로그의 최대 크기, 넘으면 오래된 것부터 삭제. 저장 노드가 멈춰도 되는 시간을 정함(4면 전체 마켓 15분). 저장 노드를 다시 시작하면 적용되며, 줄일 때는 모두 저장한 뒤 적용. 0이면 제한 없음',
  ),
  collect: setting(
    'COLLECT',
    collectPatterns,
    'what to record: comma list of `[EXCHANGE:]SYMBOL-CURRENCY`, `*` for a part (`UPBIT:*-KRW`, `*-*`: all); empty: nothing',
    '수집할 마켓: `[거래소:]심볼-통화` 쉼표 목록, `*` 사용 가능(`UPBIT:*-KRW`, `*-*`는 전부), 빈 값이면 수집 안 함',
  ),
  channels: setting(
    'CHANNELS',
    choices('orderbook', CHANNELS),
    'what to record for each market: `orderbook`, `trade`, or both (`orderbook,trade`). Books are received in any case, as proof that a market is covered',
    '마켓마다 기록할 대상: `orderbook`(호가), `trade`(체결) 또는 둘 다(`orderbook,trade`). 호가는 수집 여부를 확인하기 위해 항상 수신',
  ),
  storeDepth: setting(
    'STORE_DEPTH',
    integer(0, 0, 100_000, 'levels a side'),
    'levels a side to record and serve; 0: all that the exchange sends',
    '저장·제공하는 한쪽 호가 단계 수, 0이면 거래소가 보낸 전부',
  ),
  snapshotEveryMs: setting(
    'SNAPSHOT_EVERY_MS',
    integer(60_000, 0, 86_400_000, 'milliseconds'),
    'interval at which a changed book is stored whole, with deltas in between; sooner once these are as large as a whole book; 0: always whole',
    '전체 호가 저장 간격, 그 사이는 변경분만. 0이면 매번 전체',
  ),
  flushMs: setting(
    'FLUSH_MS',
    integer(100, 1, 60_000, 'milliseconds'),
    'how long books are batched before they are written; a crash may lose this much, recorded as a gap',
    '저장하기 전 메모리에 모으는 시간: 비정상 종료 시 잃을 수 있으며 누락 구간으로 남음',
  ),
  retentionDays: setting(
    'RETENTION_DAYS',
    integer(0, 0, 36_500, 'days'),
    'books older than this many days are deleted; 0: keep all',
    '이 일수보다 오래된 호가는 삭제, 0이면 모두 보관',
  ),
  maxDbBytes: setting(
    'MAX_DB_GB',
    gigabytes('0', 0.1, 1_000_000),
    'maximum size of the database, beyond which the oldest books are deleted (`0.5`, `200`); 0: unlimited',
    '데이터베이스가 이보다 커지면 오래된 호가부터 삭제(`0.5`, `200`), 0이면 제한 없음',
  ),
  archivePath: setting(
    'ARCHIVE_PATH',
    text('', archivePathProblem),
    'folder of the Parquet archive ([docs/archive.md](docs/archive.md)); if set, nothing is deleted before it is archived; empty: none',
    'Parquet 아카이브 폴더([docs/archive.md](docs/archive.md)). 있으면 아카이브에 없는 데이터는 삭제하지 않음, 비어 있으면 사용 안 함',
  ),
  archiveAfterDays: setting(
    'ARCHIVE_AFTER_DAYS',
    integer(1, 0, 36_500, 'days'),
    'a day (UTC) is archived once it has been over for this many days',
    '하루(UTC)가 끝나고 이 일수가 지나면 아카이브',
  ),
  marketsRefreshMs: setting(
    'MARKETS_REFRESH_MS',
    integer(3_600_000, 1_000, 86_400_000, 'milliseconds'),
    'refresh interval of the market lists: matching new listings start, delisted markets stop',
    '마켓 목록을 다시 조회하는 간격. 조건에 맞는 신규 상장은 수집 시작, 상장 폐지는 수집 중지',
  ),
  auditEveryMs: setting(
    'AUDIT_EVERY_MS',
    integer(10_000, 0, 86_400_000, 'milliseconds'),
    "interval at which a streamed book is compared with the exchange's REST book; 0: never",
    '실시간 호가를 거래소 REST 호가와 대조하는 간격. 0이면 대조하지 않음',
  ),
  bithumbTransport: setting(
    'BITHUMB_TRANSPORT',
    choice('rest', ['rest', 'ws']),
    '`rest` (poll; 30 levels for ten markets, 15 for the others) or `ws` (15 levels)',
    '`rest`(폴링, 첫 열 마켓은 30단계, 나머지는 15단계) 또는 `ws`(15단계)',
  ),
  bithumbPollMs: setting(
    'BITHUMB_POLL_MS',
    integer(100, 10, 3_600_000, 'milliseconds'),
    'polling interval of Bithumb',
    '빗썸 폴링 간격',
  ),
  gopaxApiKey: setting('GOPAX_API_KEY', secret(/^/, ''), GOPAX_KEY_EN, GOPAX_KEY_KO),
  gopaxSecretKey: setting(
    'GOPAX_SECRET_KEY',
    secret(/^[A-Za-z0-9+/]+={0,2}$/, 'is not base64 text; copy the secret key as GOPAX shows it'),
    GOPAX_KEY_EN,
    GOPAX_KEY_KO,
  ),
  logKeepDays: setting(
    'LOG_KEEP_DAYS',
    integer(30, 0, 36_500, 'days'),
    'log files and log records older than this many days are deleted; 0: keep all',
    '이 일수보다 오래된 로그 파일과 로그 기록 삭제, 0이면 모두 보관',
  ),
  maxLogBytes: setting(
    'MAX_LOG_GB',
    gigabytes('1', 0.01, 1_000_000),
    'maximum total size of the log files, beyond which the oldest are deleted; 0: unlimited',
    '로그 파일 전체가 이 크기를 넘으면 오래된 것부터 삭제, 0이면 제한 없음',
  ),
  logLevel: setting(
    'LOG_LEVEL',
    choice('info', LOG_LEVELS),
    'minimum severity to log',
    '로그에 남길 최소 수준',
  ),
  logLang: setting('LOG_LANG', choice('ko', ['ko', 'en']), 'language of the log', '로그 언어'),
  logFormat: setting(
    'LOG_FORMAT',
    choice('text', ['text', 'json']),
    'format of the log on standard output: `text` lines, or `json` with milliseconds and time zone; the files are always text',
    '표준 출력의 로그 형식: `text` 또는 밀리초와 시간대가 있는 `json`, 파일은 항상 텍스트',
  ),
  metricsMarkets: setting(
    'METRICS_MARKETS',
    flag,
    '1: `/metrics` includes every market; with `*-*` that is some ten thousand series',
    '1이면 `/metrics`에 마켓별 수치도 포함, `*-*`이면 시계열 만 개 이상',
  ),
  alertWebhookUrl: setting(
    'ALERT_WEBHOOK_URL',
    secretUrl(['https:', 'http:']),
    'URL to POST to when something needs attention, and when it is resolved: Slack, Telegram, Alertmanager or your own ([docs/operations.md](docs/operations.md)); empty: none',
    '사람이 확인할 일이 생기거나 끝나면 POST로 알림. Slack, Telegram, Alertmanager 또는 직접 만든 수신처([docs/operations.ko.md](docs/operations.ko.md)), 비어 있으면 사용 안 함',
  ),
  host: setting(
    'HOST',
    text('127.0.0.1', hostProblem),
    'address to listen on; one reachable by others requires `API_TOKEN`',
    '서버 주소. 외부에서 접근 가능한 주소에는 `API_TOKEN`이 필요',
    'not started',
  ),
  port: setting(
    'PORT',
    integer(4_000, 0, 65_535),
    'port to listen on; 0: any free one',
    '서버 포트. 0이면 비어 있는 아무 포트',
  ),
  apiToken: setting(
    'API_TOKEN',
    secret(
      /^[\x21-\x7e]*$/,
      'has blanks or characters that a header cannot carry; use printable ASCII without blanks, for example what "openssl rand -hex 32" prints',
    ),
    'if set, mutations require `Authorization: Bearer …` (over WebSocket: `connectionParams.authorization`)',
    '있으면 뮤테이션에 `Authorization: Bearer …` 필요 (WebSocket은 `connectionParams.authorization`)',
    '`UNAUTHENTICATED`',
  ),
  allowedHosts: setting(
    'ALLOWED_HOSTS',
    list(hostNameProblem, (name) => name.toLowerCase().replace(/\.$/, '')),
    'additional `Host` names to answer to, comma list, such as that of a reverse proxy',
    '추가로 응답할 `Host` 이름의 쉼표 목록 (리버스 프록시의 이름)',
    '421 `HOST_REFUSED`',
  ),
  corsOrigins: setting(
    'CORS_ORIGINS',
    list(originProblem),
    'origins of other sites whose pages may use the API, comma list of `scheme://host[:port]`; `*` is refused',
    'API를 쓸 수 있는 다른 사이트의 출처, `scheme://host[:port]` 쉼표 목록. `*`는 거부',
    '403 `ORIGIN_REFUSED`',
  ),
  readerIdleMs: setting(
    'READER_IDLE_MS',
    integer(60_000, 1_000, 3_600_000, 'milliseconds'),
    'clients that stop reading are disconnected after this time',
    '이 시간 동안 아무것도 받아 가지 않는 클라이언트는 연결 종료',
    '`READER_IDLE`, or disconnected',
  ),
} as const;

/** The API limits, by their name in `Config.limits`. */
export const LIMIT_SETTINGS = {
  connections: setting(
    'MAX_CONNECTIONS',
    integer(2_000, 1, 100_000, 'connections'),
    'concurrent connections, WebSockets included',
    '동시 연결 수, WebSocket 포함',
    '503 `TOO_MANY_CONNECTIONS`',
  ),
  subscriptions: setting(
    'MAX_SUBSCRIPTIONS',
    integer(1_000, 1, 100_000, 'subscriptions'),
    'concurrent live subscriptions, over all connections',
    '전체 연결의 동시 구독 수',
    '`TOO_MANY_SUBSCRIPTIONS`',
  ),
  liveOperations: setting(
    'MAX_LIVE_OPERATIONS',
    integer(500, 1, 100_000, 'different subscriptions'),
    'concurrent distinct live subscriptions; equal ones share one execution',
    '서로 다른 구독의 수(같은 구독은 한 번만 실행)',
    '`TOO_MANY_SUBSCRIPTIONS`',
  ),
  operationsPerConnection: setting(
    'MAX_OPERATIONS_PER_CONNECTION',
    integer(100, 1, 10_000, 'operations'),
    'concurrent operations per WebSocket',
    'WebSocket 하나의 동시 작업 수',
    '`TOO_MANY_SUBSCRIPTIONS`',
  ),
  runningQueries: setting(
    'MAX_RUNNING_QUERIES',
    integer(100, 1, 10_000, 'queries'),
    'concurrent queries and mutations, over all connections',
    '전체 연결의 동시 조회와 뮤테이션 수',
    '`TOO_MANY_QUERIES`',
  ),
  exports: setting(
    'MAX_EXPORTS',
    integer(4, 1, 100, 'exports'),
    'concurrent exports',
    '동시 내보내기 수',
    '503 `TOO_MANY_EXPORTS`',
  ),
  unsentBytes: setting(
    'MAX_UNSENT_BYTES',
    integer(268_435_456, 1_000_000, 100_000_000_000, 'bytes'),
    'bytes of responses that clients have not read yet; beyond this no query is started',
    '클라이언트가 아직 받아 가지 않은 응답의 바이트. 넘으면 새 조회를 시작하지 않음',
    '`TOO_MANY_QUERIES`',
  ),
  bodyBytes: setting(
    'MAX_BODY_BYTES',
    integer(100_000, 1_000, 10_000_000, 'bytes'),
    'bytes of a request body or a WebSocket message',
    '요청 본문 또는 WebSocket 메시지의 바이트',
    '413, close code 1009',
  ),
  headerBytes: setting(
    'MAX_HEADER_BYTES',
    integer(16_384, 2_000, 1_000_000, 'bytes'),
    'bytes of the request line and headers',
    '요청 줄과 헤더의 바이트',
    '431 `HEADERS_TOO_LARGE`',
  ),
  requestMs: setting(
    'REQUEST_TIMEOUT_MS',
    integer(15_000, 100, 600_000, 'milliseconds'),
    'time within which a whole request, or the first message of a WebSocket, must arrive',
    '요청 전체 또는 WebSocket 프로토콜의 시작이 도착해야 하는 시간',
    '408 `REQUEST_TIMEOUT`, 4408',
  ),
  queryMs: setting(
    'QUERY_TIMEOUT_MS',
    integer(10_000, 10, 600_000, 'milliseconds'),
    'time after which a query is answered with an error',
    '조회가 오류로 끝나는 시간',
    '`QUERY_TIMEOUT`',
  ),
  depth: setting(
    'MAX_QUERY_DEPTH',
    integer(12, 3, 100, 'levels'),
    'nesting depth of fields, fragments included',
    'GraphQL 문서의 필드 깊이, 프래그먼트 포함',
    '`QUERY_TOO_COMPLEX`',
  ),
  aliases: setting(
    'MAX_QUERY_ALIASES',
    integer(30, 1, 1_000, 'aliases'),
    'aliases and repeated fields in a document',
    'GraphQL 문서의 별칭과 반복 필드 수',
    '`QUERY_TOO_COMPLEX`',
  ),
  tokens: setting(
    'MAX_QUERY_TOKENS',
    integer(2_000, 100, 100_000, 'tokens'),
    'tokens in a document',
    'GraphQL 문서의 토큰 수',
    '`QUERY_TOO_COMPLEX`',
  ),
  cost: setting(
    'MAX_QUERY_COST',
    integer(60_000, 1_000, 10_000_000, 'fields'),
    'estimated fields of a response or event',
    '응답 또는 이벤트의 추정 필드 수',
    '`QUERY_TOO_COMPLEX`',
  ),
  rows: setting(
    'MAX_QUERY_ROWS',
    integer(5_000, 1, 100_000, 'rows'),
    'rows, gaps and log entries per operation',
    '작업 하나의 행, 누락 구간, 로그 수',
    '`QUERY_TOO_COMPLEX`',
  ),
  pageSize: setting(
    'MAX_PAGE_SIZE',
    integer(1_000, 1, 10_000, 'items'),
    'items per page (`first`)',
    '한 페이지의 항목 수(`first`)',
    '`BAD_USER_INPUT`',
  ),
} as const;

function addressesOf(exchange: Exchange) {
  const { koreanName, wsUrl, restUrl } = EXCHANGE_FACTS[exchange];
  return {
    wsUrl: setting(
      `${exchange}_WS_URL`,
      url(wsUrl, ['wss:', 'ws:']),
      `full WebSocket URL of ${exchange}`,
      `${koreanName} WebSocket 전체 주소`,
    ),
    restUrl: setting(
      `${exchange}_REST_URL`,
      url(restUrl, ['https:', 'http:']),
      `REST base URL of ${exchange}`,
      `${koreanName} REST 기본 주소`,
    ),
  };
}

/** The addresses of the exchanges. */
export const URL_SETTINGS = Object.fromEntries(
  EXCHANGES.map((exchange) => [exchange, addressesOf(exchange)]),
) as Readonly<Record<Exchange, ReturnType<typeof addressesOf>>>;

/** Every setting in documentation order, in groups. */
export const ALL_SETTINGS: readonly (readonly Setting[])[] = [
  Object.values(SETTINGS),
  Object.values(LIMIT_SETTINGS),
  Object.values(URL_SETTINGS).flatMap((urls) => Object.values(urls)),
];
