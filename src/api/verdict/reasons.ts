import { EXCHANGE_FACTS, type Exchange } from '../../market/exchange.js';
import type { Market } from '../../market/market.js';
import { inKorean } from '../../market/own-words.js';
import { gigabytes } from '../../util/gigabytes.js';

/** The recorder's states, worst last. `NOTE` is for a reason that is not a problem. */
export const SEVERITIES = ['NOTE', 'ATTENTION', 'FAILING'] as const;

/** How bad a reason is. */
export type Severity = (typeof SEVERITIES)[number];

/** What a reason concerns, so that a page can link to it. */
export type Subject =
  'SERVER' | 'STORE' | 'DISK' | 'CLOCK' | 'LOG' | 'SETTINGS' | 'EXCHANGE' | 'MARKET';

/** Parameters of each reason's text. */
export interface ReasonParams {
  SHUTTING_DOWN: Record<never, never>;
  DATABASE_UNREADABLE: { reason: string };
  DATABASE_UNWRITABLE: { reason: string };
  EXCHANGES_DOWN: { exchanges: readonly Exchange[]; of: number };
  EXCHANGE_DOWN: { markets: number; forMs: number; reason: string | null };
  LIST_UNAVAILABLE: { patterns: string; reason: string };
  DISK_FILLING: { days: number | null; freeBytes: number };
  BOOKS_DROPPED: { books: number };
  RECORDS_DROPPED: { records: number };
  NOTHING_RECORDED: { stopped: number };
  CLOCK_WRONG: { aheadMs: number };
  CLOCK_STEPPED: { steps: number };
  RETENTION_HELD: { clock: number; believed: number };
  ARCHIVE_FAILING: { reason: string };
  GAPS_MANY: { gaps: number; markets: number };
  MARKETS_FAILED: { count: number; names: string };
  MARKETS_INTERRUPTED: { count: number; names: string };
  CONSOLE_BLOCKED: { lines: number };
  STARTING: { markets: number };
  STOPPED_BY_USER: { markets: number };
}

/** Code of a reason. */
export type ReasonCode = keyof ReasonParams;

/** A reason for the recorder's state. */
export interface Reason {
  readonly code: ReasonCode;
  readonly severity: Severity;
  readonly about: Subject;
  readonly exchange: Exchange | null;
  readonly market: Market | null;
  /** The text for users. */
  readonly ko: string;
  readonly en: string;
}

interface Kind<P> {
  /** Meaning of the code, for the schema. */
  readonly means: string;
  readonly about: Subject;
  readonly ko: (params: P, name: string) => string;
  readonly en: (params: P, name: string) => string;
}

/** `1 market`, `2 markets`. */
const counted = (count: number, noun: string): string =>
  `${count} ${noun}${count === 1 ? '' : 's'}`;
const seconds = (ms: number): number => Math.round(Math.abs(ms) / 1000);
const time = (ms: number): string => new Date(ms).toISOString();
const because = (reason: string | null): string => (reason === null ? '' : `: ${reason}`);
const names = (exchanges: readonly Exchange[], of: 'name' | 'koreanName'): string =>
  exchanges.map((exchange) => EXCHANGE_FACTS[exchange][of]).join(', ');

/**
 * The reasons, in this order within a severity. `name` is the exchange's, in the text's language.
 */
export const REASONS: { readonly [C in ReasonCode]: Kind<ReasonParams[C]> } = {
  SHUTTING_DOWN: {
    means: 'The server is shutting down.',
    about: 'SERVER',
    ko: () => '서버 종료 중',
    en: () => 'the server is shutting down',
  },
  DATABASE_UNREADABLE: {
    means: 'The database does not answer.',
    about: 'STORE',
    ko: ({ reason }) => `데이터베이스를 읽을 수 없음: ${reason}`,
    en: ({ reason }) => `the database cannot be read: ${reason}`,
  },
  DATABASE_UNWRITABLE: {
    means: 'Nothing can be stored.',
    about: 'STORE',
    ko: ({ reason }) => `데이터베이스에 저장할 수 없음: ${reason}`,
    en: ({ reason }) => `the database cannot be written: ${reason}`,
  },
  EXCHANGES_DOWN: {
    means: 'Half or more of the exchanges that should be recorded send nothing.',
    about: 'SERVER',
    ko: ({ exchanges, of }) =>
      `거래소 ${of}곳 중 ${exchanges.length}곳 수신 없음 (${names(exchanges, 'koreanName')}); 인터넷 연결 확인 필요`,
    en: ({ exchanges, of }) =>
      `${exchanges.length} of ${of} exchanges send nothing (${names(exchanges, 'name')}); look at the internet connection`,
  },
  EXCHANGE_DOWN: {
    means: 'None of the markets of an exchange is recorded, though some should be.',
    about: 'EXCHANGE',
    ko: ({ markets, forMs, reason }, name) =>
      `${name}: ${seconds(forMs)}초 동안 마켓 ${markets}개 모두 수신 없음${because(reason)}`,
    en: ({ markets, forMs, reason }, name) =>
      `${name}: ${markets === 1 ? 'its only market has sent nothing' : `none of ${markets} markets has sent anything`} for ${seconds(forMs)} s${because(reason)}`,
  },
  LIST_UNAVAILABLE: {
    means:
      'The market list of an exchange cannot be fetched, so patterns of `COLLECT` match nothing.',
    about: 'EXCHANGE',
    ko: ({ patterns, reason }, name) =>
      `${name}: 마켓 목록을 조회할 수 없어 ${patterns}에 해당하는 마켓을 수집하지 못함: ${reason}`,
    en: ({ patterns, reason }, name) =>
      `${name}: nothing is collected for ${patterns} because its market list cannot be fetched: ${reason}`,
  },
  DISK_FILLING: {
    means: 'The disk of the database is nearly full, or soon will be.',
    about: 'DISK',
    ko: ({ days, freeBytes }) =>
      `${days === null ? '디스크 공간 부족' : `약 ${days.toFixed(1)}일 후 디스크 소진 예상`} (여유 ${gigabytes(freeBytes)}GB); 공간을 확보하거나 MAX_DB_GB 또는 RETENTION_DAYS 설정 필요`,
    en: ({ days, freeBytes }) =>
      `${days === null ? 'the disk of the database is nearly full' : `the disk of the database will be full in ${days.toFixed(1)} days`} (${gigabytes(freeBytes)} GB free); free some space or set MAX_DB_GB or RETENTION_DAYS`,
  },
  BOOKS_DROPPED: {
    means: 'Books could not be kept in the last ten minutes.',
    about: 'STORE',
    ko: ({ books }) => `최근 10분 동안 호가 ${books}건이 저장되지 않아 누락 구간으로 기록됨`,
    en: ({ books }) =>
      `${counted(books, 'book')} could not be kept in the last ten minutes; the gaps say so`,
  },
  RECORDS_DROPPED: {
    means: 'Records of gaps, coverage or the log could not be kept in the last ten minutes.',
    about: 'STORE',
    ko: ({ records }) => `최근 10분 동안 누락 구간·수집률·로그 기록 ${records}건이 저장되지 않음`,
    en: ({ records }) =>
      `${counted(records, 'record')} of gaps, coverage or the log could not be kept in the last ten minutes`,
  },
  NOTHING_RECORDED: {
    means: 'No market is recorded: all are stopped, or none is wanted.',
    about: 'SETTINGS',
    ko: ({ stopped }) =>
      stopped > 0
        ? `수집 중인 마켓 없음: 마켓 ${stopped}개를 사용자가 중지함`
        : '수집 중인 마켓 없음: COLLECT에 해당하는 마켓이 없음',
    en: ({ stopped }) =>
      stopped > 0
        ? `nothing is being recorded: ${counted(stopped, 'market')} stopped by a user`
        : 'nothing is being recorded: COLLECT wants no market',
  },
  CLOCK_WRONG: {
    means: "The system clock differs from the exchanges' times by more than a minute.",
    about: 'CLOCK',
    ko: ({ aheadMs }) =>
      `시스템 시계가 거래소 시각보다 ${seconds(aheadMs)}초 ${aheadMs > 0 ? '빠름' : '느림'}; 시계를 맞춰야 함`,
    en: ({ aheadMs }) =>
      `the system clock is ${seconds(aheadMs)} s ${aheadMs > 0 ? 'ahead of' : 'behind'} the exchanges' times; correct it`,
  },
  CLOCK_STEPPED: {
    means: 'The system clock was set by more than a second in the last ten minutes.',
    about: 'CLOCK',
    ko: ({ steps }) => `최근 10분 동안 시스템 시계가 ${steps}번 변경됨; 시각 동기화 확인 필요`,
    en: ({ steps }) =>
      `the system clock was set ${steps === 1 ? 'once' : `${steps} times`} in the last ten minutes; look at the time service`,
  },
  RETENTION_HELD: {
    means: 'The system clock has jumped and is not yet used to delete books.',
    about: 'CLOCK',
    ko: ({ clock, believed }) =>
      `시스템 시계(${time(clock)})를 아직 믿을 수 없어 RETENTION_DAYS는 ${time(believed)} 기준으로 적용`,
    en: ({ clock, believed }) =>
      `the system clock (${time(clock)}) has jumped and is not trusted yet; RETENTION_DAYS counts from ${time(believed)}`,
  },
  ARCHIVE_FAILING: {
    means: 'Closed days cannot be archived; none of them is deleted meanwhile.',
    about: 'STORE',
    ko: ({ reason }) => `지난 날짜를 보관 파일로 옮기지 못함, 그동안 삭제하지 않음: ${reason}`,
    en: ({ reason }) => `archiving fails, and the days concerned are not deleted: ${reason}`,
  },
  GAPS_MANY: {
    means: 'The markets of an exchange are interrupted repeatedly.',
    about: 'EXCHANGE',
    ko: ({ gaps, markets }, name) =>
      `${name}: 최근 10분 동안 마켓 ${markets}개에서 누락 구간 ${gaps}건`,
    en: ({ gaps, markets }, name) =>
      `${name}: ${counted(gaps, 'gap')} in ${counted(markets, 'market')} in the last ten minutes`,
  },
  MARKETS_FAILED: {
    means: 'Markets that need manual action: unknown or refused.',
    about: 'MARKET',
    ko: (p, name) => `${name}: 마켓 ${p.count}개 수집 불가 (${p.names})`,
    en: (p, name) => `${name}: ${counted(p.count, 'market')} cannot be recorded (${p.names})`,
  },
  MARKETS_INTERRUPTED: {
    means: 'Markets whose recording is interrupted.',
    about: 'MARKET',
    ko: (p, name) => `${name}: 확인이 필요한 마켓 ${p.count}개 (${p.names})`,
    en: (p, name) =>
      `${name}: ${p.count === 1 ? '1 market needs' : `${p.count} markets need`} attention (${p.names})`,
  },
  CONSOLE_BLOCKED: {
    means: 'The console dropped lines in the last ten minutes; the log files have them.',
    about: 'LOG',
    ko: ({ lines }) =>
      `최근 10분 동안 콘솔이 출력을 받지 않아 로그 ${lines}줄 생략 (로그 파일에는 있음)`,
    en: ({ lines }) =>
      `the console did not take ${counted(lines, 'line')} of the log in the last ten minutes; the log files have them`,
  },
  STARTING: {
    means: 'Markets that wait for their first book.',
    about: 'SERVER',
    ko: ({ markets }) => `마켓 ${markets}개 수집 시작 중`,
    en: ({ markets }) => `${markets === 1 ? '1 market is' : `${markets} markets are`} starting`,
  },
  STOPPED_BY_USER: {
    means: 'Markets of an exchange stopped by a user although `COLLECT` wants them.',
    about: 'EXCHANGE',
    ko: ({ markets }, name) => `${name}: 사용자가 마켓 ${markets}개 수집을 중지함`,
    en: ({ markets }, name) => `${name}: ${counted(markets, 'market')} stopped by a user`,
  },
};

/** The codes in order. */
export const REASON_CODES = Object.keys(REASONS) as readonly ReasonCode[];

/** The exchange or market a reason concerns, if it is a single one. */
export interface ReasonPlace {
  readonly exchange?: Exchange;
  readonly market?: Market | undefined;
}

/** The parameters with their reason translated to Korean where it is in our words. */
function inOurKorean<P extends object>(params: P): P {
  const { reason } = params as { readonly reason?: unknown };
  return typeof reason === 'string' ? { ...params, reason: inKorean(reason) } : params;
}

/** Makes a reason with its texts. */
export function reasonOf<C extends ReasonCode>(
  code: C,
  severity: Severity,
  params: ReasonParams[C],
  { exchange, market }: ReasonPlace = {},
): Reason {
  const kind: Kind<ReasonParams[C]> = REASONS[code];
  const face = exchange === undefined ? null : EXCHANGE_FACTS[exchange];
  return {
    code,
    severity,
    about: kind.about,
    exchange: exchange ?? null,
    market: market ?? null,
    ko: kind.ko(inOurKorean(params), face?.koreanName ?? ''),
    en: kind.en(params, face?.name ?? ''),
  };
}
