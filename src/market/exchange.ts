/** What the program knows of an exchange before it has asked it anything. */
export interface ExchangeFacts {
  readonly name: string;
  readonly koreanName: string;
  /** Its place among the exchanges, from 0: by what is traded there. */
  readonly order: number;
  /** `#rrggbb` on a light and on a dark ground, with a contrast of 4.5 to 1 at least on both. */
  readonly color: { readonly light: string; readonly dark: string };
  /** Its whole WebSocket URL, unless the settings name another. */
  readonly wsUrl: string;
  /** Its REST base, without a slash at its end, unless the settings name another. */
  readonly restUrl: string;
}

/**
 * The exchanges by their names, in upper case everywhere but on the wire. An entry here is all that
 * settings, API, export, log files and dashboard need of an exchange; what speaks its protocol is in
 * the registries of the collectors and the simulators, where the type check asks for it
 * (docs/add-an-exchange.md). Addresses: the `endpoint` facts in docs/exchanges.
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
    // The hosts after its renaming to Digital X.
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

/** The exchanges in the order in which people are shown them. */
export const EXCHANGES_IN_ORDER: readonly Exchange[] = [...EXCHANGES].sort(
  (a, b) => FACTS[a].order - FACTS[b].order,
);

/** Whether `text` is the exact (upper case) name of an exchange. */
export function isExchange(text: string): text is Exchange {
  return Object.hasOwn(FACTS, text);
}
