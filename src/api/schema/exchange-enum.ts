import { builder } from './builder.js';

/** The five exchanges. */
export const ExchangeEnum = builder.enumType('Exchange', {
  description: 'A Korean crypto exchange whose order books are recorded.',
  values: {
    BITHUMB: { description: 'Bithumb, 빗썸.' },
    COINONE: { description: 'Coinone, 코인원.' },
    GOPAX: { description: 'GOPAX, 고팍스.' },
    KORBIT: { description: 'Korbit, 코빗.' },
    UPBIT: { description: 'Upbit, 업비트.' },
  } as const,
});
