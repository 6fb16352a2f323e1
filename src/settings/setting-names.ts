import { editDistance } from '../market/edit-distance.js';

/** Names up to this length are only alike when they differ in case and underscores alone. */
const SHORT_NAME = 5;

/** `UPBIT_WSURL`, `upbit_ws_url`: names that say the same. */
const bare = (name: string): string => name.toUpperCase().replace(/[^A-Z0-9]/g, '');

/**
 * The setting that a wrong name resembles; null when none.
 * @param most edits between the two at most, case and underscores aside
 */
export function resembledSetting(
  name: string,
  settings: ReadonlySet<string>,
  most: number,
): string | null {
  if (settings.has(name)) return null;
  const asked = bare(name);
  let best: { name: string; distance: number } | null = null;
  for (const setting of settings) {
    const short = Math.min(asked.length, bare(setting).length) <= SHORT_NAME;
    const distance = editDistance(asked, bare(setting));
    if (distance > (short ? 0 : most) || (best !== null && best.distance <= distance)) continue;
    best = { name: setting, distance };
  }
  return best?.name ?? null;
}
