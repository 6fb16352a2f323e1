import { isObject } from '../simulator.js';

/** What Upbit and Bithumb word differently. */
export interface Wording {
  /** The message does not have the shape of a request. */
  readonly format: string;
  /** A request without any type, or a type object without `type`. */
  readonly noType: string;
  /** Whether options may also be written in snake case. */
  readonly snakeCase: boolean;
  /** A `type` that does not exist. */
  unsupported(type: string): string;
}

/** Refusals that both word alike (`upbit.error.close-1000`, `bithumb.error.close-1000`). */
const NO_TICKET =
  '{"error":{"name":"NO_TICKET","message":"티켓이 존재하지 않거나, 유효하지 않습니다."}}';
const NO_CODES = '{"error":{"name":"NO_CODES","message":"codes 필드가 존재하지 않습니다."}}';
const EMPTY_CODES = '{"error":{"name":"INVALID_PARAM","message":"codes 필드가 비어 있습니다."}}';

/** Types that are simulated. */
export type Channel = (typeof CHANNELS)[number];

const CHANNELS = ['orderbook', 'trade'] as const;

/** A code of one type. */
export interface Wanted {
  readonly channel: Channel;
  /** As sent, known to the exchange or not. */
  readonly code: string;
  /** Only the SNAPSHOT, or only what follows it, is wanted; respected for trades. */
  readonly only: 'snapshot' | 'realtime' | null;
}

/** A client's message: what it wants, or the frame that refuses it. */
export type TicketRequest = { readonly wanted: readonly Wanted[] } | { readonly refusal: string };

/** Reads a message (anything but `PING`). */
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
  const wanted = new Map<string, Wanted>();
  for (const part of types) {
    const { type, codes } = part;
    if (typeof type !== 'string') return { refusal: wording.noType };
    const channel = CHANNELS.find((known) => known === type);
    if (channel === undefined) return { refusal: wording.unsupported(type) };
    if (codes === undefined || codes === null) return { refusal: NO_CODES };
    if (!Array.isArray(codes)) return { refusal: wording.format };
    if (codes.length === 0) return { refusal: EMPTY_CODES };
    const only = onlyOf(part, wording.snakeCase);
    for (const code of codes as unknown[]) {
      if (typeof code === 'string') wanted.set(`${type} ${code}`, { channel, code, only });
    }
  }
  return { wanted: [...wanted.values()] };
}

function onlyOf(part: Record<string, unknown>, snakeCase: boolean): Wanted['only'] {
  const says = (camel: string, snake: string): boolean =>
    part[camel] === true || (snakeCase && part[snake] === true);
  if (says('isOnlySnapshot', 'is_only_snapshot')) return 'snapshot';
  return says('isOnlyRealtime', 'is_only_realtime') ? 'realtime' : null;
}
