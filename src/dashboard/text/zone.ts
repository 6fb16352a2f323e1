import { zone } from '../data/settings.js';

/** Korea has had no daylight saving time since 1988. */
const KST_OFFSET = 9 * 3_600_000;

/** How far the selected zone is ahead of UTC at a moment, ms. */
function offsetAt(ms: number): number {
  if (zone.value === 'kst') return KST_OFFSET;
  if (zone.value === 'utc') return 0;
  return -new Date(ms).getTimezoneOffset() * 60_000;
}

/** A date whose UTC fields are the moment's in the selected zone. */
export function inZone(ms: number): Date {
  return new Date(ms + offsetAt(ms));
}

/** The moment, Unix ms, named by `text` in the selected zone: `2026-09-01T20:32`; NaN when it is not one. */
export function fromZone(text: string): number {
  const asUtc = Date.parse(`${text}Z`);
  // Near a clock change the offset at the moment itself counts.
  return asUtc - offsetAt(asUtc - offsetAt(asUtc));
}

/** Short name of the selected zone: `KST`, `UTC`, `UTC+2`. */
export function zoneName(ms = Date.now()): string {
  return zone.value === 'kst' ? 'KST' : offsetName(offsetAt(ms) / 60_000);
}

/** Short name of the browser's own zone: `UTC+9`. */
export function localZoneName(): string {
  return offsetName(-new Date().getTimezoneOffset());
}

function offsetName(minutes: number): string {
  if (minutes === 0) return 'UTC';
  const sign = minutes < 0 ? '-' : '+';
  const rest = Math.abs(minutes) % 60;
  const hours = Math.floor(Math.abs(minutes) / 60);
  return `UTC${sign}${hours}${rest === 0 ? '' : `:${String(rest).padStart(2, '0')}`}`;
}

/** A heading for times with their zone: `Time (KST)`. */
export function withZone(heading: string): string {
  return `${heading} (${zoneName()})`;
}
