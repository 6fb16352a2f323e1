/** The signed handshake of GOPAX (`gopax.auth.signature`). */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { restError } from './frames.js';

/** The key that the simulator accepts unless others are set. */
export const SIMULATED_GOPAX_KEY =
  'simulated-gopax-key-0123456789abcdef0123456789abcdef0123456789ab';

/** Its secret: base64 of the bytes 0x00 to 0x3F, as in `gopax.auth.check-vector`. */
export const SIMULATED_GOPAX_SECRET =
  'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==';

/** Characters of a key; older ones of 36 are refused on the WebSocket. */
const KEY_LENGTH = 64;
/** Greatest distance from the server's clock, ms. */
const CLOCK_MS = 5000;

/** Signature of a timestamp: base64 of HMAC-SHA512 over `t<ms>` with the decoded secret. */
export function gopaxSignature(secret: string, timestamp: string): string {
  return createHmac('sha512', Buffer.from(secret, 'base64'))
    .update(`t${timestamp}`)
    .digest('base64');
}

/**
 * Body of the refusal of a handshake with these query parameters, or null when it is accepted: with
 * no auth parameters, or with a valid signature. `keys` maps keys to base64 secrets.
 */
export function refuseHandshake(
  query: URLSearchParams,
  keys: ReadonlyMap<string, string>,
  now: number,
): string | null {
  const key = query.get('apiKey');
  const timestamp = query.get('timestamp');
  const signature = query.get('signature');
  if (key === null && timestamp === null && signature === null) return null;
  if (key === null) return restError('No API key', 10230);
  const secret = keys.get(key);
  if (key.length !== KEY_LENGTH || secret === undefined) return restError('Invalid API key', 10155);
  if (timestamp === null || !/^\d+$/.test(timestamp)) {
    return restError('No nonce and timestamp', 10231);
  }
  if (Number(timestamp) < now - CLOCK_MS) return restError('Timestamp too low', 10263);
  if (Number(timestamp) > now + CLOCK_MS) return restError('Timestamp too high', 10264);
  const right = Buffer.from(gopaxSignature(secret, timestamp));
  const given = Buffer.from(signature ?? '');
  if (given.length !== right.length || !timingSafeEqual(given, right)) {
    return restError('Invalid signature', 10229);
  }
  return null;
}
