/** The five Korean exchanges, in upper case everywhere but on the wire. */
export const EXCHANGES = ['BITHUMB', 'COINONE', 'GOPAX', 'KORBIT', 'UPBIT'] as const;

/** Name of an exchange. */
export type Exchange = (typeof EXCHANGES)[number];

/** Whether `text` is the exact (upper case) name of an exchange. */
export function isExchange(text: string): text is Exchange {
  return (EXCHANGES as readonly string[]).includes(text);
}

/** How an exchange is shown to people. */
export interface ExchangeFace {
  readonly name: string;
  readonly koreanName: string;
  /** Its place among the exchanges, from 0: by what is traded there. */
  readonly order: number;
  /** `#rrggbb` on a light and on a dark ground, with a contrast of 4.5 to 1 at least on both. */
  readonly color: { readonly light: string; readonly dark: string };
}

/** How each exchange is shown: the one place for it, which the API hands on to whoever draws. */
export const EXCHANGE_FACES: Readonly<Record<Exchange, ExchangeFace>> = {
  UPBIT: {
    name: 'Upbit',
    koreanName: '업비트',
    order: 0,
    color: { light: '#1a58cc', dark: '#77aaff' },
  },
  BITHUMB: {
    name: 'Bithumb',
    koreanName: '빗썸',
    order: 1,
    color: { light: '#b8500c', dark: '#ff9d5c' },
  },
  COINONE: {
    name: 'Coinone',
    koreanName: '코인원',
    order: 2,
    color: { light: '#0d766c', dark: '#45cfc0' },
  },
  KORBIT: {
    name: 'Korbit',
    koreanName: '코빗',
    order: 3,
    color: { light: '#7a35c9', dark: '#bb98ff' },
  },
  GOPAX: {
    name: 'GOPAX',
    koreanName: '고팍스',
    order: 4,
    color: { light: '#8a6a00', dark: '#e3c14c' },
  },
};
