import { t } from './texts.js';

/** Name of a source of prices: an exchange in the page's language, another one as it calls itself. */
export function sourceName(source: string): string {
  const names: Readonly<Record<string, string>> = t.value.exchange;
  return names[source] ?? source;
}
