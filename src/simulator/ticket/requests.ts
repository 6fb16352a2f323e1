import { isObject } from '../simulator.js';

/** The refusals that Upbit and Bithumb word differently. */
export interface Wording {
  /** The message has not the shape of a request. */
  readonly format: string;
  /** A request without any type, or a type object without `type`. */
  readonly noType: string;
  /** A `type` that does not exist. */
  unsupported(type: string): string;
}

/** Refusals that both word alike (`upbit.error.close-1000`, `bithumb.error.close-1000`). */
const NO_TICKET =
  '{"error":{"name":"NO_TICKET","message":"티켓이 존재하지 않거나, 유효하지 않습니다."}}';
const NO_CODES = '{"error":{"name":"NO_CODES","message":"codes 필드가 존재하지 않습니다."}}';
const EMPTY_CODES = '{"error":{"name":"INVALID_PARAM","message":"codes 필드가 비어 있습니다."}}';

/** Types that can be subscribed to. Only order books are simulated, the others stay silent. */
const TYPES = ['orderbook', 'ticker', 'trade'];

/** A client's message: the codes whose order books it wants, or the frame that refuses it. */
export type TicketRequest = { readonly codes: readonly string[] } | { readonly refusal: string };

/** Reads a message (anything but `PING`). `codes` are as sent, known to the exchange or not. */
export function parseTicketRequest(text: string, wording: Wording): TicketRequest {
  let parts: unknown;
  try {
    parts = JSON.parse(text);
  } catch {
    return { refusal: wording.format };
  }
  if (!Array.isArray(parts) || !parts.every(isObject)) return { refusal: wording.format };
  const ticket = parts.find((part) => 'ticket' in part)?.['ticket'];
  if (typeof ticket !== 'string' || ticket === '') return { refusal: NO_TICKET };
  const types = parts.filter(
    (part) => !('ticket' in part) && (!('format' in part) || 'type' in part),
  );
  if (types.length === 0) return { refusal: wording.noType };
  const wanted = new Set<string>();
  for (const { type, codes } of types) {
    if (typeof type !== 'string') return { refusal: wording.noType };
    if (!TYPES.includes(type)) return { refusal: wording.unsupported(type) };
    if (codes === undefined || codes === null) return { refusal: NO_CODES };
    if (!Array.isArray(codes)) return { refusal: wording.format };
    if (codes.length === 0) return { refusal: EMPTY_CODES };
    if (type !== 'orderbook') continue;
    for (const code of codes as unknown[]) if (typeof code === 'string') wanted.add(code);
  }
  return { codes: [...wanted] };
}
