import type { LogLevel } from '../market/log-record.js';
import { type GapCause, GAP_CAUSES_KO } from '../market/gap.js';
import { oddityWords } from '../market/oddity.js';
import { inKorean } from '../market/own-words.js';
import { gigabytes } from '../util/gigabytes.js';

/** A kind of event: its severity and its text in both languages. */
interface EventKind<P> {
  readonly level: LogLevel;
  readonly ko: (p: P) => string;
  readonly en: (p: P) => string;
}

/** The reason of an event in Korean, where it is in our words. */
function withKoreanReason<P>(params: P): P {
  const { reason } = (params ?? {}) as { readonly reason?: unknown };
  return typeof reason === 'string' ? { ...params, reason: inKorean(reason) } : params;
}

function event<P = void>(
  level: LogLevel,
  ko: (p: P) => string,
  en: (p: P) => string,
): EventKind<P> {
  return { level, ko: (p) => ko(withKoreanReason(p)), en };
}

const seconds = (ms: number): string => (ms / 1000).toFixed(1);

/** How many equal events a line stands for. */
const leftOut = {
  ko: (suppressed = 0): string => (suppressed > 0 ? ` (같은 오류 ${suppressed}건 생략)` : ''),
  en: (suppressed = 0): string => (suppressed > 0 ? ` (${suppressed} more suppressed)` : ''),
};

/** Every event that the program logs. The key is `LogEntry.event` of the API. */
export const EVENTS = {
  // The program
  STARTED: event<{ url: string }>(
    'info',
    (p) => `서버 시작: ${p.url}`,
    (p) => `server started: ${p.url}`,
  ),
  STOPPING: event<{ signal: string }>(
    'info',
    (p) => `종료 중 (${inKorean(p.signal)})`,
    (p) => `stopping (${p.signal})`,
  ),
  STOPPED: event<void>(
    'info',
    () => '종료 완료',
    () => 'stopped',
  ),
  PREVIOUS_RUN_UNFINISHED: event<{ since: string }>(
    'warn',
    (p) => `이전 실행이 비정상 종료됨, 마지막 기록 ${p.since}`,
    (p) => `the previous run did not shut down cleanly; it was last alive at ${p.since}`,
  ),
  STANDSTILL: event<{ lastedMs: number }>(
    'warn',
    (p) => `프로그램이 ${seconds(p.lastedMs)}초 동안 멈춰 있었음, 해당 시간은 누락 구간으로 기록`,
    (p) =>
      `the program stood still for ${seconds(p.lastedMs)} s; that time is a gap in every market`,
  ),
  CLOCK_SET: event<{ byMs: number }>(
    'warn',
    (p) => `시스템 시계가 ${seconds(Math.abs(p.byMs))}초 ${p.byMs < 0 ? '뒤로' : '앞으로'} 변경됨`,
    (p) =>
      `the system clock was set ${p.byMs < 0 ? 'back' : 'forward'} by ${seconds(Math.abs(p.byMs))} s`,
  ),
  NOTHING_TO_COLLECT: event<void>(
    'warn',
    () => '수집할 마켓이 없음 (COLLECT가 비어 있음)',
    () => 'nothing to collect (COLLECT is empty)',
  ),
  PATTERN_MATCHES_NOTHING: event<{ pattern: string }>(
    'warn',
    (p) => `COLLECT 패턴과 일치하는 마켓 없음: ${p.pattern}`,
    (p) => `no market matches the COLLECT pattern ${p.pattern}`,
  ),
  WISHES_OUTRANK_COLLECT: event<{
    stopped: number;
    stoppedNames: string;
    started: number;
    startedNames: string;
  }>(
    'warn',
    (p) =>
      `저장된 시작·중지 설정을 COLLECT보다 우선 적용${p.stopped === 0 ? '' : `; 중지 ${p.stopped}개: ${p.stoppedNames}`}${p.started === 0 ? '' : `; 추가 수집 ${p.started}개: ${p.startedNames}`} (resetExchange로 초기화)`,
    (p) =>
      `manual starts and stops outrank COLLECT${p.stopped === 0 ? '' : `; ${p.stopped} stopped: ${p.stoppedNames}`}${p.started === 0 ? '' : `; ${p.started} recorded in addition: ${p.startedNames}`} (resetExchange lets COLLECT decide again)`,
  ),
  // Several nodes
  NODE_STARTED: event<{ node: string; roles: string; url: string }>(
    'info',
    (p) => `노드 ${p.node} 시작 (${p.roles})${p.url === '' ? '' : `: ${p.url}`}`,
    (p) => `node ${p.node} started (${p.roles})${p.url === '' ? '' : `: ${p.url}`}`,
  ),
  BUS_LOST: event<{ bus: string }>(
    'error',
    (p) => `버스 연결 끊김, 자동으로 재연결: ${p.bus}`,
    (p) => `the bus is unreachable, reconnecting: ${p.bus}`,
  ),
  BUS_BACK: event<{ lastedMs: number }>(
    'info',
    (p) => `버스 재연결 (${seconds(p.lastedMs)}초 만에)`,
    (p) => `the bus is back after ${seconds(p.lastedMs)} s`,
  ),
  BUS_FULL: event<void>(
    'error',
    () => '버스가 받지 못해 대기 한도에 도달, 새 호가는 누락 구간으로 기록',
    () => 'the bus accepts no books and too many are waiting: new ones are dropped and become gaps',
  ),
  BUS_DRAINED: event<{ books: number; minutes?: number }>(
    'info',
    (p) =>
      `버스 정상화, 누락된 호가 ${p.books}건${(p.minutes ?? 0) > 0 ? `, 누락된 분 단위 수신 기록 ${p.minutes}건` : ''}`,
    (p) =>
      `the bus accepts books again; ${p.books} were dropped${(p.minutes ?? 0) > 0 ? `, and ${p.minutes} records of what a market received in a minute` : ''}`,
  ),
  BUS_RECORDS_LEFT_OUT: event<{ records: number }>(
    'warn',
    (p) =>
      `버스가 멈춘 동안 이 노드의 로그 ${p.records}건이 공통 로그에 남지 않음 (노드의 로그 파일에는 있음)`,
    (p) =>
      `${p.records} log records of this node, the oldest waiting for the bus, are only in its log files`,
  ),
  BUS_TROUBLE: event<{ reason: string }>(
    'warn',
    (p) => `버스의 로그를 읽을 수 없음, 재시도: ${p.reason}`,
    (p) => `the log cannot be read, retrying: ${p.reason}`,
  ),
  BUS_UNREADABLE: event<{
    subject: string;
    seq?: number | undefined;
    reason: string;
    more: number;
  }>(
    'warn',
    (p) =>
      `읽을 수 없는 버스 메시지 제외: ${p.subject}${p.seq === undefined ? '' : ` ${p.seq}번`} (${p.reason})${p.more > 0 ? `, 그 밖에 ${p.more}건` : ''}`,
    (p) =>
      `a message on the bus cannot be read and is left out: ${p.subject}${p.seq === undefined ? '' : ` ${p.seq}`} (${p.reason})${p.more > 0 ? `; ${p.more} more before` : ''}`,
  ),
  LOG_HOLE: event<{ messages: number }>(
    'error',
    (p) => `저장하기 전에 버스의 로그에서 삭제된 메시지 ${p.messages}건 (BUS_MAX_GB 참고)`,
    (p) => `${p.messages} messages left the log before they were stored (see BUS_MAX_GB)`,
  ),
  SHARD_STANDBY: event<{ primary: string }>(
    'info',
    (p) => `대기 노드로 수신 시작 (주 노드 ${p.primary})`,
    (p) => `following as standby (primary: ${p.primary})`,
  ),
  SHARD_TAKEN: event<{ tookMs: number }>(
    'info',
    (p) => `주 노드로 전환, 이 노드가 기록을 이어받음 (${p.tookMs}ms)`,
    (p) => `this node records now (taken over in ${p.tookMs} ms)`,
  ),
  SHARD_LOST: event<{ reason: string }>(
    'warn',
    (p) => `이 노드는 더 이상 주 노드가 아님: ${p.reason}`,
    (p) => `this node no longer records: ${p.reason}`,
  ),
  SHARD_LEFT: event<void>(
    'info',
    () => '다른 노드가 담당하므로 수신 중지',
    () => 'other nodes have it; no longer following',
  ),
  RECORDER_ACTIVE: event<{ offset: number }>(
    'info',
    (p) => `저장 담당 노드가 됨, 로그 ${p.offset}번부터 저장`,
    (p) => `this node stores the log from message ${p.offset} on`,
  ),
  RECORDER_STANDBY: event<{ active: string }>(
    'info',
    (p) => `저장 대기 중 (저장 담당 노드 ${p.active})`,
    (p) => `ready to store; ${p.active} is storing`,
  ),
  NODE_WAITS: event<{ what: string }>(
    'warn',
    (p) => `대기 중: ${inKorean(p.what)}`,
    (p) => `waiting: ${p.what}`,
  ),
  STORE_FAILED: event<{ reason: string }>(
    'error',
    (p) => `저장 실패, 공간이 생기거나 원인이 사라지면 재시도: ${p.reason}`,
    (p) => `cannot store, retrying until it works: ${p.reason}`,
  ),
  STORE_RECOVERED: event<void>(
    'info',
    () => '저장 재개',
    () => 'storing again',
  ),
  QUEUE_OVERFLOW: event<{ suppressed: number }>(
    'warn',
    (p) =>
      `저장 대기열 초과, 여유가 생길 때까지 호가를 누락 구간으로 기록${leftOut.ko(p.suppressed)}`,
    (p) =>
      `books arrive faster than they can be written; those dropped until there is room become gaps${leftOut.en(p.suppressed)}`,
  ),
  QUEUE_DRAINED: event<{ books: number }>(
    'warn',
    (p) => `저장 대기열에 여유 생김, 호가 ${p.books}건이 저장되지 않음`,
    (p) => `there is room for books again; ${p.books} were dropped`,
  ),
  DATABASE_PUT_BACK: event<{ reason: string; aside: string | null }>(
    'warn',
    (p) =>
      `데이터베이스 파일 복구, 저장된 데이터는 모두 보존됨${p.aside === null ? '' : ` (그 자리에 있던 파일은 ${p.aside}(으)로 옮김)`}: ${p.reason}; 파일을 바꾸거나 지우려면 먼저 종료할 것`,
    (p) =>
      `the database was restored in full${p.aside === null ? '' : `, the file in its place was moved to ${p.aside}`}: ${p.reason}; stop the recorder before its files are moved or removed`,
  ),
  CONSOLE_BLOCKED: event<void>(
    'warn',
    () => '콘솔이 출력을 받지 않음, 그동안의 로그는 파일에만 기록',
    () => 'the console is stalled; until it recovers, lines go to the log files only',
  ),
  CONSOLE_RESUMED: event<{ lines: number }>(
    'warn',
    (p) => `콘솔 출력 재개, ${p.lines}줄 생략 (로그 파일에는 있음)`,
    (p) => `the console accepts lines again; ${p.lines} were dropped (the log files have them)`,
  ),
  API_UNEXPECTED_ERROR: event<{ reason: string }>(
    'error',
    (p) => `API 처리 중 예기치 못한 오류: ${p.reason}`,
    (p) => `unexpected error in the API: ${p.reason}`,
  ),
  READER_IDLE: event<{ reader: string; idleMs: number }>(
    'warn',
    (p) => `${seconds(p.idleMs)}초 동안 아무것도 받아 가지 않은 구독자 종료: ${p.reader}`,
    (p) => `client disconnected, it read nothing for ${seconds(p.idleMs)} s: ${p.reader}`,
  ),
  BOOKS_RETIRED: event<{ books: number; setting: string }>(
    'info',
    (p) => `오래된 호가 ${p.books}건 삭제 (${p.setting})`,
    (p) => `${p.books} old books deleted (${p.setting})`,
  ),
  RETENTION_WAITS: event<{ setting: string }>(
    'error',
    (p) =>
      `${p.setting} 초과, 아카이브되지 않은 데이터는 삭제하지 않음: 아카이브 오류를 해결해야 함`,
    (p) =>
      `${p.setting} is exceeded, but unarchived days are not deleted: check why the archive is behind`,
  ),
  DAY_ARCHIVED: event<{
    date: string;
    books: number;
    /** Absent in records of older versions. */
    trades?: number;
    bytes: number;
    lastedMs: number;
  }>(
    'info',
    (p) =>
      `${p.date} 아카이브 완료: 호가 ${p.books}건, 체결 ${p.trades ?? 0}건, ${p.bytes}바이트, ${seconds(p.lastedMs)}초`,
    (p) =>
      `${p.date} archived: ${p.books} books, ${p.trades ?? 0} trades, ${p.bytes} bytes, in ${seconds(p.lastedMs)} s`,
  ),
  ARCHIVE_FAILED: event<{ reason: string }>(
    'error',
    (p) => `아카이브 실패, 수집은 계속되며 나중에 다시 시도: ${p.reason}`,
    (p) => `archiving failed; recording continues, and archiving is retried later: ${p.reason}`,
  ),
  ARCHIVE_RECOVERED: event<void>(
    'info',
    () => '아카이브 재개',
    () => 'archiving again',
  ),
  RETENTION_HELD: event<{ clock: string; believed: string }>(
    'warn',
    (p) =>
      `시스템 시계(${p.clock})를 아직 믿을 수 없어 RETENTION_DAYS는 ${p.believed} 기준으로 적용; 거래소 시각과 일치하거나 하루가 지나면 재개`,
    (p) =>
      `the system clock (${p.clock}) has jumped and is not trusted yet; RETENTION_DAYS counts from ${p.believed} until the exchanges' times agree with it, or none contradict it for a day`,
  ),
  RETENTION_RESUMED: event<void>(
    'info',
    () => '시스템 시계 확인됨, RETENTION_DAYS 정상 적용',
    () => 'the system clock is trusted again; RETENTION_DAYS counts from it',
  ),
  DISK_FILLING: event<{ days: number; freeBytes: number; growthBytesPerDay: number }>(
    'warn',
    (p) =>
      `디스크가 ${p.days.toFixed(1)}일 후 가득 참: 여유 ${gigabytes(p.freeBytes)}GB, 하루 ${gigabytes(p.growthBytesPerDay)}GB 증가; 공간을 확보하거나 MAX_DB_GB 또는 RETENTION_DAYS를 설정`,
    (p) =>
      `the disk will be full in ${p.days.toFixed(1)} days: ${gigabytes(p.freeBytes)} GB free, growing by ${gigabytes(p.growthBytesPerDay)} GB a day; free some space or set MAX_DB_GB or RETENTION_DAYS`,
  ),
  // Alerts
  ALERT_FAILED: event<{ reason: string }>(
    'error',
    (p) => `알림 전송 실패, 전송될 때까지 재시도: ${p.reason}`,
    (p) => `an alert could not be sent, retrying until it is: ${p.reason}`,
  ),
  ALERT_SENT_AGAIN: event<void>(
    'info',
    () => '알림 전송 재개',
    () => 'alerts are being sent again',
  ),
  ALERT_DROPPED: event<{ reason: string; suppressed: number }>(
    'error',
    (p) => `알림을 전송하지 못하고 버림: ${p.reason}${leftOut.ko(p.suppressed)}`,
    (p) => `an alert was given up: ${p.reason}${leftOut.en(p.suppressed)}`,
  ),
  ALERTS_UNSENT: event<{ count: number }>(
    'warn',
    (p) => `종료로 알림 ${p.count}건을 전송하지 못함`,
    (p) => `${p.count} alert(s) were not sent before shutdown`,
  ),
  // Market lists
  MARKETS_LISTED: event<{ count: number; added: number; removed: number }>(
    'info',
    (p) => `마켓 목록 갱신: ${p.count}개 (추가 ${p.added}, 제외 ${p.removed})`,
    (p) => `market list refreshed: ${p.count} markets (${p.added} new, ${p.removed} removed)`,
  ),
  MARKET_ROWS_SKIPPED: event<{ skipped: number; rows: string }>(
    'warn',
    (p) => `마켓 목록에서 마켓이 아닌 행 ${p.skipped}개 제외: ${p.rows}`,
    (p) => `skipped ${p.skipped} row(s) of the market list that are not markets: ${p.rows}`,
  ),
  MARKETS_LIST_FAILED: event<{ reason: string; waitMs: number }>(
    'warn',
    (p) => `마켓 목록 조회 실패: ${p.reason}, ${seconds(p.waitMs)}초 후 재시도`,
    (p) => `cannot fetch the market list: ${p.reason}; next attempt in ${seconds(p.waitMs)} s`,
  ),
  MARKET_UNKNOWN: event<{ close: string }>(
    'error',
    (p) => `거래소에 없는 마켓${p.close === '' ? '' : ` (비슷한 마켓: ${p.close})`}`,
    (p) => `the exchange does not list this market${p.close === '' ? '' : `; similar: ${p.close}`}`,
  ),
  MARKET_MISSING: event<void>(
    'warn',
    () => '거래소 목록에 없지만 호가가 계속 수신되어 수집 계속',
    () =>
      'the market list lacks this market, but its order books still arrive; recording continues',
  ),
  MARKET_DELISTED: event<void>(
    'warn',
    () => '거래소 목록에서 제외되어 수집 중지',
    () => 'the exchange no longer lists this market; collection stopped',
  ),
  // Collection of a market
  COLLECTION_STARTED: event<void>(
    'info',
    () => '데이터 수집 시작',
    () => 'collection started',
  ),
  COLLECTION_STOPPED: event<void>(
    'info',
    () => '데이터 수집 중지',
    () => 'collection stopped',
  ),
  NO_FIRST_BOOK: event<{ afterMs: number }>(
    'warn',
    (p) => `구독 후 ${seconds(p.afterMs)}초 동안 첫 호가를 받지 못함`,
    (p) => `no first order book ${seconds(p.afterMs)} s after subscribing`,
  ),
  TIME_DOUBTED: event<{ time: string; suppressed: number }>(
    'warn',
    (p) => `거래소 시각을 믿을 수 없어 시각 없이 저장: ${p.time}${leftOut.ko(p.suppressed)}`,
    (p) =>
      `the exchange's time of a book is implausible, the book is kept without it: ${p.time}${leftOut.en(p.suppressed)}`,
  ),
  TRADE_UNREADABLE: event<{ reason: string; frame: string; suppressed: number }>(
    'error',
    (p) => `읽을 수 없는 체결 메시지: ${p.reason}; 메시지 ${p.frame}${leftOut.ko(p.suppressed)}`,
    (p) =>
      `a trade message could not be read: ${p.reason}; message ${p.frame}${leftOut.en(p.suppressed)}`,
  ),
  TRADE_ID_REUSED: event<{ id: string; time: string; suppressed: number }>(
    'warn',
    (p) =>
      `같은 체결 번호 ${p.id}에 다른 내용, 별도 체결로 저장: ${p.time}${leftOut.ko(p.suppressed)}`,
    (p) =>
      `the trade id ${p.id} recurred with different contents, it is kept as another trade: ${p.time}${leftOut.en(p.suppressed)}`,
  ),
  TRADE_TIME_ABSURD: event<{ id: string; time: string; suppressed: number }>(
    'error',
    (p) => `체결 ${p.id}의 시각을 믿을 수 없어 저장하지 않음: ${p.time}${leftOut.ko(p.suppressed)}`,
    (p) =>
      `the time of the trade ${p.id} is implausible, it is not kept: ${p.time}${leftOut.en(p.suppressed)}`,
  ),
  TRADES_UNCHECKED: event<{ reason: string; suppressed: number }>(
    'warn',
    (p) =>
      `저장된 체결과 대조할 수 없어 이력 검사에서 채움: ${p.reason}${leftOut.ko(p.suppressed)}`,
    (p) =>
      `stored trades could not be looked up; the history check will fill in what is missing: ${p.reason}${leftOut.en(p.suppressed)}`,
  ),
  TRADES_FILLED: event<{ count: number; suppressed: number }>(
    'info',
    (p) => `빠진 체결을 거래소 체결 내역으로 채움: ${p.count}건${leftOut.ko(p.suppressed)}`,
    (p) =>
      `missing trades were backfilled from the exchange's history: ${p.count}${leftOut.en(p.suppressed)}`,
  ),
  TRADES_UNREACHED: event<{ from: string; to: string; reason: string; suppressed: number }>(
    'warn',
    (p) =>
      `체결 내역으로 확인할 수 없는 구간: ${p.from} ~ ${p.to}; ${p.reason}${leftOut.ko(p.suppressed)}`,
    (p) =>
      `trades from ${p.from} to ${p.to} cannot be checked against the exchange's history: ${p.reason}${leftOut.en(p.suppressed)}`,
  ),
  TRADE_HISTORY_ODD: event<{ what: string; suppressed: number }>(
    'warn',
    (p) =>
      `거래소 체결 내역이 저장된 체결과 맞지 않음: ${inKorean(p.what)}${leftOut.ko(p.suppressed)}`,
    (p) =>
      `the exchange's trade history does not agree with what is stored: ${p.what}${leftOut.en(p.suppressed)}`,
  ),
  TRADE_HISTORY_FAILED: event<{ reason: string; suppressed: number }>(
    'warn',
    (p) => `체결 내역 조회 실패, 나중에 다시 시도: ${p.reason}${leftOut.ko(p.suppressed)}`,
    (p) =>
      `the trade history could not be fetched and is retried later: ${p.reason}${leftOut.en(p.suppressed)}`,
  ),
  TRADES_LOST: event<{ reason: string; suppressed: number }>(
    'error',
    (p) =>
      `체결을 저장하지 못함, 체결 내역으로 다시 채울 예정: ${p.reason}${leftOut.ko(p.suppressed)}`,
    (p) =>
      `trades could not be stored and will be fetched again: ${p.reason}${leftOut.en(p.suppressed)}`,
  ),
  TRADE_VOLUME_DIFFERS: event<{
    minute: string;
    exchange: string;
    stored: string;
    suppressed: number;
  }>(
    'warn',
    (p) =>
      `${p.minute} 1분 거래량 불일치: 거래소 ${p.exchange}, 저장 ${p.stored}${leftOut.ko(p.suppressed)}`,
    (p) =>
      `the volume of the minute ${p.minute} differs: ${p.exchange} at the exchange, ${p.stored} stored${leftOut.en(p.suppressed)}`,
  ),
  SUBSCRIPTION_REFUSED: event<{ reason: string }>(
    'error',
    (p) => `구독 거부: ${p.reason}`,
    (p) => `subscription refused: ${p.reason}`,
  ),
  STALE: event<{ silentMs: number }>(
    'warn',
    (p) => `갱신 지연: ${seconds(p.silentMs)}초 동안 수신 없음`,
    (p) => `no data for ${seconds(p.silentMs)} s`,
  ),
  AUDIT_DIFFERS: event<void>(
    'warn',
    () => 'REST 호가와 실시간 호가가 일치하지 않음',
    () => 'the REST book differs from the streamed ones of the same time',
  ),
  CHECK_FAILED: event<{ reason: string; suppressed: number }>(
    'warn',
    (p) => `REST 호가 확인 실패: ${p.reason}${leftOut.ko(p.suppressed)}`,
    (p) => `cannot check the book by REST: ${p.reason}${leftOut.en(p.suppressed)}`,
  ),
  GAP_CLOSED: event<{ cause: GapCause; lastedMs: number }>(
    'info',
    (p) => `누락 구간 종료: ${GAP_CAUSES_KO[p.cause]}, ${seconds(p.lastedMs)}초`,
    (p) => `gap closed: ${p.cause}, ${seconds(p.lastedMs)} s`,
  ),
  BOOK_CROSSED: event<{ lastedMs: number }>(
    'warn',
    (p) => `호가 역전이 ${seconds(p.lastedMs)}초 지속되어 재동기화`,
    (p) => `the book stayed crossed for ${seconds(p.lastedMs)} s, resynchronising`,
  ),
  PROTOCOL_ODD: event<{ kind: string; detail: string }>(
    'warn',
    (p) => `알려진 프로토콜과 다름: ${oddityWords(p.kind).ko}: ${inKorean(p.detail)}`,
    (p) => `deviates from the known protocol: ${oddityWords(p.kind).en}: ${p.detail}`,
  ),
  BOOKS_REQUESTED_AGAIN: event<{ count: number }>(
    'warn',
    (p) => `읽을 수 없는 메시지가 있어 호가 ${p.count}건을 다시 요청`,
    (p) => `requesting ${p.count} order books again after an unreadable message`,
  ),
  // WebSocket
  WS_CONNECTED: event<{ url: string }>(
    'info',
    (p) => `WebSocket 연결: ${p.url}`,
    (p) => `WebSocket connected: ${p.url}`,
  ),
  WS_ERROR: event<{ reason: string }>(
    'error',
    (p) => `WebSocket 에러: ${p.reason}`,
    (p) => `WebSocket error: ${p.reason}`,
  ),
  WS_CLOSED: event<{ code: number; reason: string }>(
    'warn',
    (p) => `WebSocket 종료: ${p.code}${p.reason === '' ? '' : ` ${p.reason}`}`,
    (p) => `WebSocket closed: ${p.code}${p.reason === '' ? '' : ` ${p.reason}`}`,
  ),
  WS_SILENT: event<{ silentMs: number }>(
    'warn',
    (p) => `${seconds(p.silentMs)}초 동안 소켓 응답 없음, 다시 연결`,
    (p) => `the socket was silent for ${seconds(p.silentMs)} s, reconnecting`,
  ),
  RECONNECTING: event<{ waitMs: number; attempt: number }>(
    'info',
    (p) => `${seconds(p.waitMs)}초 후 재연결 (${p.attempt}번째 시도)`,
    (p) => `reconnecting in ${seconds(p.waitMs)} s (attempt ${p.attempt})`,
  ),
  API_ERROR: event<{ reason: string; frame: string; suppressed: number }>(
    'error',
    (p) => `API 에러: ${p.reason}; 메시지 ${p.frame}${leftOut.ko(p.suppressed)}`,
    (p) => `API error: ${p.reason}; message ${p.frame}${leftOut.en(p.suppressed)}`,
  ),
  EXCHANGE_ERROR: event<{ reason: string; suppressed?: number }>(
    'error',
    (p) => `거래소 오류 응답: ${p.reason}${leftOut.ko(p.suppressed)}`,
    (p) => `the exchange answered with an error: ${p.reason}${leftOut.en(p.suppressed)}`,
  ),
  LIMIT_NARROWED: event<{ name: string; value: number; atStart: number; reason: string }>(
    'warn',
    (p) => `자체 한도 축소: ${p.name} ${p.value} (처음 ${p.atStart}), 거래소 응답: ${p.reason}`,
    (p) => `own limit lowered: ${p.name} ${p.value} (initially ${p.atStart}): ${p.reason}`,
  ),
  LIMIT_WIDENED: event<{ name: string; value: number; atStart: number }>(
    'info',
    (p) => `자체 한도 확대: ${p.name} ${p.value} (처음 ${p.atStart})`,
    (p) => `own limit raised: ${p.name} ${p.value} (initially ${p.atStart})`,
  ),
  GOPAX_UNSIGNED: event<void>(
    'info',
    () => 'API 키가 없어 서명 없이 연결',
    () => 'no API key is set; connecting unsigned',
  ),
  // REST polling
  POLLING_STARTED: event<{ everyMs: number }>(
    'info',
    (p) => `폴링 시작: ${p.everyMs}ms 간격`,
    (p) => `polling started, every ${p.everyMs} ms`,
  ),
  POLLING_API_ERROR: event<{ reason: string; suppressed: number }>(
    'error',
    (p) => `폴링 API 에러: ${p.reason}${leftOut.ko(p.suppressed)}`,
    (p) => `polling API error: ${p.reason}${leftOut.en(p.suppressed)}`,
  ),
  POLLING_UNHANDLED: event<{ reason: string; suppressed: number }>(
    'error',
    (p) => `폴링 처리되지 않은 예외: ${p.reason}${leftOut.ko(p.suppressed)}`,
    (p) => `polling: unhandled exception: ${p.reason}${leftOut.en(p.suppressed)}`,
  ),
  POLLING_STOPPED: event<void>(
    'info',
    () => '폴링 중지',
    () => 'polling stopped',
  ),
} satisfies Record<string, EventKind<never>>;

/** Name of an event. */
export type EventName = keyof typeof EVENTS;

/** The parameters of event `E`'s texts. */
export type EventParams<E extends EventName> = Parameters<(typeof EVENTS)[E]['en']>[0];
