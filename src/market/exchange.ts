/** What the program knows about an exchange before contacting it. */
export interface ExchangeFacts {
  readonly name: string;
  readonly koreanName: string;
  /** Display order among the exchanges, from 0: by what is traded there. */
  readonly order: number;
  /** `#rrggbb` for a light and a dark background, each with a contrast of at least 4.5 to 1. */
  readonly color: { readonly light: string; readonly dark: string };
  /** Its full WebSocket URL, unless the settings override it. */
  readonly wsUrl: string;
  /** Its REST base without a trailing slash, unless the settings override it. */
  readonly restUrl: string;
}

/**
 * The exchanges by name, upper case everywhere but on the wire. An entry here is all that settings,
 * API, export, log files and dashboard need; its protocol is in the registries of the collectors
 * and the simulators, where the type check requires it (docs/add-an-exchange.md). Addresses: the
 * `endpoint` facts in docs/exchanges.
 */
const FACTS = {
  UPBIT: {
    name: 'Upbit',
    koreanName: '업비트',
    order: 0,
    color: { light: '#1a58cc', dark: '#77aaff' },
    wsUrl: 'wss://api.upbit.com/websocket/v1',
    restUrl: 'https://api.upbit.com',
  },
  BITHUMB: {
    name: 'Bithumb',
    koreanName: '빗썸',
    order: 1,
    color: { light: '#b8500c', dark: '#ff9d5c' },
    wsUrl: 'wss://ws-api.bithumb.com/websocket/v1',
    restUrl: 'https://api.bithumb.com',
  },
  COINONE: {
    name: 'Coinone',
    koreanName: '코인원',
    order: 2,
    color: { light: '#0d766c', dark: '#45cfc0' },
    wsUrl: 'wss://stream.coinone.co.kr',
    restUrl: 'https://api.coinone.co.kr',
  },
  KORBIT: {
    name: 'Korbit',
    koreanName: '코빗',
    order: 3,
    color: { light: '#7a35c9', dark: '#bb98ff' },
    // The hosts since its renaming to Digital X.
    wsUrl: 'wss://ws-api.digitalx.miraeasset.com/v2/public',
    restUrl: 'https://api.digitalx.miraeasset.com',
  },
  GOPAX: {
    name: 'GOPAX',
    koreanName: '고팍스',
    order: 4,
    color: { light: '#8a6a00', dark: '#e3c14c' },
    wsUrl: 'wss://wsapi.gopax.co.kr',
    restUrl: 'https://api.gopax.co.kr',
  },
} satisfies Record<string, ExchangeFacts>;

/** Name of an exchange. */
export type Exchange = keyof typeof FACTS;

/** What is known of each exchange. */
export const EXCHANGE_FACTS: Readonly<Record<Exchange, ExchangeFacts>> = FACTS;

/** The exchanges by name, as the API and the exports list them. */
export const EXCHANGES = (Object.keys(FACTS) as Exchange[]).sort() as readonly Exchange[];

/** The exchanges in display order. */
export const EXCHANGES_IN_ORDER: readonly Exchange[] = [...EXCHANGES].sort(
  (a, b) => FACTS[a].order - FACTS[b].order,
);

/** Whether `text` is the exact (upper case) name of an exchange. */
export function isExchange(text: string): text is Exchange {
  return Object.hasOwn(FACTS, text);
}
