import type { Market } from './market.js';

/** Why a wanted market was not covered. */
export const GAP_CAUSES = [
  'CONNECT_FAILED',
  'DISCONNECTED',
  'STALE',
  'REFUSED',
  'RATE_LIMITED',
  'MAINTENANCE',
  'RESYNC',
  'PARSE_FAILED',
  'QUEUE_OVERFLOW',
  'STORE_FAILED',
  'BUS_FAILED',
  'PROCESS_DOWN',
  'STANDSTILL',
  'RETIRED',
  'ARCHIVE_MISSING',
  'UNLISTED',
  'UNREACHED',
] as const;

/** Cause of a gap. */
export type GapCause = (typeof GAP_CAUSES)[number];

/** The causes in Korean, for the log and the dashboard. */
export const GAP_CAUSES_KO: Readonly<Record<GapCause, string>> = {
  CONNECT_FAILED: '연결 실패',
  DISCONNECTED: '연결 끊김',
  MAINTENANCE: '점검',
  PARSE_FAILED: '읽을 수 없는 메시지',
  PROCESS_DOWN: '기록기 중단',
  STANDSTILL: '기록기 일시 멈춤',
  QUEUE_OVERFLOW: '대기열 초과',
  RATE_LIMITED: '요청 제한',
  REFUSED: '거절됨',
  RESYNC: '재동기화',
  UNLISTED: '거래 중단 후 목록 복귀',
  UNREACHED: '체결 내역에 없음',
  RETIRED: '보관 기간 지나 삭제됨',
  ARCHIVE_MISSING: '아카이브에 없음',
  STALE: '장시간 수신 없음',
  STORE_FAILED: '저장 실패',
  BUS_FAILED: '버스 실패',
};

/** An interval in which a wanted market was not covered. Identified by its market and start. */
export interface Gap {
  readonly market: Market;
  /** The last proof that the market was covered, Unix ms. */
  readonly start: number;
  /** Receive time of the first book after the gap, Unix ms; null while the gap is open. */
  readonly end: number | null;
  readonly cause: GapCause;
  /** A detail in words: the close code, the error text, …; null when there is none. */
  readonly detail: string | null;
  /** Attempts made to close the gap (connects, polls); 0 when none was needed yet. */
  readonly attempts: number;
}
