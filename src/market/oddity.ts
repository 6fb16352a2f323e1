/**
 * What an exchange did otherwise than docs/exchanges says, without being wrong. `SLOW_FRAME`: a book that
 * the fast reader left to the general one; `UNKNOWN_KEY`, `UNKNOWN_MESSAGE`: a member or a kind of message
 * that is not known; `TIME_DIGITS`, `LEVEL_COUNT`: a time in other digits, a book of more levels;
 * `NO_FIRST_BOOK`: a pair without one; `SHORT_CONNECTION`: one that ended within 5 s of subscribing;
 * `REFUSAL`: a REST answer that was none of 200, or an HTTP answer in place of a WebSocket;
 * `TRADE_ZERO`: a trade whose price or volume is 0; `TRADE_ID_BACK`: one whose id is less than that of
 * an earlier one.
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

/** One kind of these. */
export type Oddity = (typeof ODDITIES)[number];

/** What each is called, in Korean and English. */
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

/** What a kind is called in a log record; one of another version of this program is named as it is. */
export function oddityWords(kind: string): { readonly ko: string; readonly en: string } {
  return (
    (WORDS as Readonly<Record<string, (typeof WORDS)[Oddity]>>)[kind] ?? { ko: kind, en: kind }
  );
}

/** One thing of a kind, such as one unknown member, as it was first met. */
export interface OddThing {
  /** The thing itself, such as the name of a member or the status of a refusal. */
  readonly what: string;
  /** What the exchange sent when it was first met, cut at {@link MOST_OF_ODDITY} characters. */
  readonly text: string;
  /** When that was, Unix ms. */
  readonly at: number;
}

/** What was met of one kind since the process began. */
export interface OddityTally {
  readonly kind: Oddity;
  readonly count: number;
  /** What was sent the last time, cut at {@link MOST_OF_ODDITY} characters. */
  readonly lastText: string;
  /** When that was, Unix ms. */
  readonly lastAt: number;
  /** The different things, oldest first; at most as many as are logged. */
  readonly things: readonly OddThing[];
}

/** Most characters that are kept of what was sent: a refusal is kept whole. */
export const MOST_OF_ODDITY = 65_536;
