/**
 * Deviations of an exchange from docs/exchanges that are not errors. `SLOW_FRAME`: a book that the
 * fast reader left to the general one; `UNKNOWN_KEY`, `UNKNOWN_MESSAGE`: an unknown member or kind
 * of message; `TIME_DIGITS`, `LEVEL_COUNT`: a time with other digits, a book with more levels;
 * `NO_FIRST_BOOK`: a pair without one; `SHORT_CONNECTION`: one that ended within 5 s of
 * subscribing; `REFUSAL`: a REST response other than 200, or an HTTP response in place of a
 * WebSocket; `TRADE_ZERO`: a trade whose price or volume is 0; `TRADE_ID_BACK`: one with a lower id
 * than an earlier one.
 */
export const ODDITIES = [
  'SLOW_FRAME',
  'UNKNOWN_KEY',
  'UNKNOWN_MESSAGE',
  'TIME_DIGITS',
  'LEVEL_COUNT',
  'NO_FIRST_BOOK',
  'SHORT_CONNECTION',
  'REFUSAL',
  'TRADE_ZERO',
  'TRADE_ID_BACK',
] as const;

/** One kind of deviation. */
export type Oddity = (typeof ODDITIES)[number];

/** Display names in Korean and English. */
const WORDS: Readonly<Record<Oddity, { readonly ko: string; readonly en: string }>> = {
  SLOW_FRAME: { ko: '표기가 다른 호가', en: 'an order book in an unusual form' },
  UNKNOWN_KEY: { ko: '알 수 없는 필드', en: 'an unknown member' },
  UNKNOWN_MESSAGE: { ko: '알 수 없는 메시지', en: 'an unknown message' },
  TIME_DIGITS: { ko: '시각의 자릿수 변경', en: 'a time with other digits' },
  LEVEL_COUNT: { ko: '호가 단계 수 변경', en: 'an order book with more levels' },
  NO_FIRST_BOOK: { ko: '첫 호가가 오지 않은 마켓', en: 'a market without a first order book' },
  SHORT_CONNECTION: {
    ko: '구독 직후 끊긴 연결',
    en: 'a connection that ended soon after subscribing',
  },
  REFUSAL: { ko: '요청 거부', en: 'a request refused' },
  TRADE_ZERO: { ko: '가격이나 수량이 0인 체결', en: 'a trade whose price or volume is 0' },
  TRADE_ID_BACK: {
    ko: '앞선 체결보다 작은 체결 번호',
    en: 'a trade id less than that of an earlier trade',
  },
};

/** Display names of a kind in a log record; one from another version of this program is shown as is. */
export function oddityWords(kind: string): { readonly ko: string; readonly en: string } {
  return (
    (WORDS as Readonly<Record<string, (typeof WORDS)[Oddity]>>)[kind] ?? { ko: kind, en: kind }
  );
}

/** One instance of a kind, such as one unknown member, as first seen. */
export interface OddThing {
  /** What identifies it, such as the name of a member or the status of a refusal. */
  readonly what: string;
  /** What the exchange sent when it was first seen, cut at {@link MOST_OF_ODDITY} characters. */
  readonly text: string;
  /** When that was, Unix ms. */
  readonly at: number;
}

/** Occurrences of one kind since the process started. */
export interface OddityTally {
  readonly kind: Oddity;
  readonly count: number;
  /** What was sent most recently, cut at {@link MOST_OF_ODDITY} characters. */
  readonly lastText: string;
  /** When that was, Unix ms. */
  readonly lastAt: number;
  /** The distinct instances, oldest first; at most as many as are logged. */
  readonly things: readonly OddThing[];
}

/** Maximum characters kept of what was sent: a refusal is kept whole. */
export const MOST_OF_ODDITY = 65_536;
