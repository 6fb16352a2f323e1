import { t } from './texts.js';

/** Name of a price source: an exchange in the page's language, another one under its own name. */
export function sourceName(source: string): string {
  const names: Readonly<Record<string, string>> = t.value.exchange;
  return names[source] ?? source;
}
