import { editDistance } from '../market/edit-distance.js';

/** Names up to this length count as similar only if they differ just in case and underscores. */
const SHORT_NAME = 5;

/** `UPBIT_WSURL`, `upbit_ws_url`: spellings of the same name. */
const bare = (name: string): string => name.toUpperCase().replace(/[^A-Z0-9]/g, '');

/**
 * The setting that a wrong name resembles; null when none.
 * @param most maximum edit distance, ignoring case and underscores
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
