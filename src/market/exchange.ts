/** The five Korean exchanges, in upper case everywhere but on the wire. */
export const EXCHANGES = ['BITHUMB', 'COINONE', 'GOPAX', 'KORBIT', 'UPBIT'] as const;

/** Name of an exchange. */
export type Exchange = (typeof EXCHANGES)[number];

/** Whether `text` is the exact (upper case) name of an exchange. */
export function isExchange(text: string): text is Exchange {
  return (EXCHANGES as readonly string[]).includes(text);
}
