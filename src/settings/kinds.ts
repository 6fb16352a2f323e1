/** What a setting may be, and how its text is parsed. */
export interface Kind<T> {
  /** Its text when unset; empty when it has none. */
  readonly fallback: string;
  /** Its range, in a compact form for the tables; empty where its description gives it. */
  readonly range: string;
  /** Set when empty text is a value rather than the default. */
  readonly takesEmpty?: true;
  /** Parses a trimmed text. @param problems receives a line for each mistake, which voids the result */
  readonly read: (text: string, variable: string, problems: string[]) => T;
}

/** A setting in the table: an environment variable, its kind, and its meaning in words. */
export type Setting<K extends Kind<unknown> = Kind<unknown>> = K & {
  readonly variable: string;
  readonly en: string;
  readonly ko: string;
  /** How a client notices that it hit an API limit; empty for other settings. */
  readonly refusal: string;
};

/** The values of a table of settings. */
export type Values<T> = {
  readonly [K in keyof T]: T[K] extends Kind<infer V> ? V : never;
};

/** An entry of the table. @param en @param ko its meaning, in one line of Markdown each */
export function setting<K extends Kind<unknown>>(
  variable: string,
  kind: K,
  en: string,
  ko: string,
  refusal = '',
): Setting<K> {
  return { ...kind, variable, en, ko, refusal };
}

/** The error line for a wrong value. */
const wrong = (variable: string, was: string, right: string): string =>
  `${variable} is ${JSON.stringify(was)}; it must be ${right}`;

/** An integer from `least` to `most`. @param unit what it counts: `milliseconds` */
export function integer(
  fallback: number,
  least: number,
  most: number,
  unit = '',
): Kind<number> & { readonly least: number; readonly most: number } {
  const what = unit === '' ? 'a whole number' : `a whole number of ${unit}`;
  return {
    fallback: String(fallback),
    range: `${least}–${most}`,
    least,
    most,
    read: (text, variable, problems) => {
      const number = /^\d{1,15}$/.test(text) ? Number.parseInt(text, 10) : Number.NaN;
      if (!(number >= least && number <= most)) {
        const right = `${what} from ${least} to ${most}, for example ${fallback}`;
        problems.push(wrong(variable, text, right));
      }
      return number;
    },
  };
}

/** Bytes, written as a decimal number of GB (10^9 bytes); 0 for unlimited. */
export function gigabytes(fallback: string, least: number, most: number): Kind<number> {
  return {
    fallback,
    range: `0, ${least}–${most}`,
    read: (text, variable, problems) => {
      const number = /^\d{1,9}(\.\d{1,9})?$/.test(text) ? Number.parseFloat(text) : Number.NaN;
      if (number !== 0 && !(number >= least && number <= most)) {
        const right = `0 for unlimited, or a number of GB from ${least} to ${most}, for example 20`;
        problems.push(wrong(variable, text, right));
      }
      return Math.round(number * 1e9);
    },
  };
}

/** One of several words, case-insensitive. */
export function choice<const T extends string>(fallback: T, choices: readonly T[]): Kind<T> {
  return {
    fallback,
    range: choices.map((word) => `\`${word}\``).join(' '),
    read: (text, variable, problems) => {
      const found = choices.find((word) => word === text.toLowerCase());
      if (found === undefined) {
        problems.push(wrong(variable, text.toLowerCase(), `one of ${choices.join(', ')}`));
      }
      return found ?? fallback;
    },
  };
}

/** An on/off switch, off by default. */
export const flag: Kind<boolean> = {
  fallback: '0',
  range: '`0` `1`',
  read: (text, variable, problems) => {
    if (text !== '0' && text !== '1') problems.push(wrong(variable, text, '0 or 1'));
    return text === '1';
  },
};

const hasExtras = ({ username, password, hash }: URL): boolean =>
  username !== '' || password !== '' || hash !== '';
const EXTRAS = 'has a user name, a password or a #fragment; write it without';

/** A comma list of words, case-insensitive; at least one. */
export function choices<const T extends string>(
  fallback: T,
  words: readonly T[],
): Kind<readonly T[]> {
  return {
    fallback,
    range: words.map((word) => `\`${word}\``).join(' '),
    read: (text, variable, problems) => {
      const named = text.split(',').flatMap((entry) => entry.trim().toLowerCase() || []);
      const right = `a comma list of ${words.join(', ')}, for example ${words.join(',')}`;
      const wrongWords = named.filter((word) => !(words as readonly string[]).includes(word));
      if (named.length === 0) problems.push(wrong(variable, text, right));
      for (const word of wrongWords) {
        problems.push(`${variable} has ${JSON.stringify(word)}; it must be ${right}`);
      }
      return words.filter((word) => named.includes(word));
    },
  };
}

/** A URL with one of several protocols (`wss:`), without user name, password and fragment. */
export function url(fallback: string, protocols: readonly string[]): Kind<string> {
  const prefixes = protocols.map((protocol) => `${protocol}//`);
  return {
    fallback,
    range: prefixes.map((prefix) => `\`${prefix}\``).join(' '),
    read: (text, variable, problems) => {
      const parsed = URL.canParse(text) ? new URL(text) : null;
      if (parsed === null || !protocols.includes(parsed.protocol)) {
        problems.push(wrong(variable, text, `a URL that starts with ${prefixes.join(' or ')}`));
      } else if (hasExtras(parsed)) {
        // The value is not repeated: it may contain a password.
        problems.push(`${variable} ${EXTRAS}`);
      }
      // Paths are appended to a REST base.
      return text.startsWith('http') ? text.replace(/\/+$/, '') : text;
    },
  };
}

/** A URL that is never printed, since its path may be a password; null when empty. */
export function secretUrl(protocols: readonly string[]): Kind<string | null> {
  const prefixes = protocols.map((protocol) => `${protocol}//`);
  return {
    fallback: '',
    range: prefixes.map((prefix) => `\`${prefix}\``).join(' '),
    read: (text, variable, problems) => {
      if (text === '') return null;
      const parsed = URL.canParse(text) ? new URL(text) : null;
      if (parsed === null || !protocols.includes(parsed.protocol)) {
        problems.push(`${variable} is not a URL that starts with ${prefixes.join(' or ')}`);
      } else if (hasExtras(parsed)) problems.push(`${variable} ${EXTRAS}`);
      return text;
    },
  };
}

/** The address of a PostgreSQL database, never printed because of its password; null when empty. */
export function databaseUrl(): Kind<string | null> {
  const right =
    'it must be postgresql://user:password@host:port/database, or empty for SQLite at DB_PATH';
  return {
    fallback: '',
    range: '`postgresql://`',
    read: (text, variable, problems) => {
      if (text === '') return null;
      const scheme = /^[a-z][a-z0-9+.-]*(?=:)/i.exec(text)?.[0];
      const parsed = URL.canParse(text) ? new URL(text) : null;
      if (scheme === undefined) problems.push(`${variable} is not an address; ${right}`);
      else if (!/^postgres(ql)?$/.test(scheme)) {
        problems.push(`${variable} starts with ${scheme}:; ${right}`);
      } else if (!/^postgres(ql)?:\/\//.test(text) || parsed === null) {
        problems.push(
          `${variable} is not a URL (special characters in a password must be escaped as %40 and so on); ${right}`,
        );
      } else if (parsed.pathname.length < 2) {
        problems.push(`${variable} names no database; ${right}`);
      }
      return text;
    },
  };
}

/** A text checked by `problemOf`, which returns the error line, or null. */
export function text(
  fallback: string,
  problemOf: (text: string, variable: string) => string | null,
): Kind<string> {
  return {
    fallback,
    range: '',
    read: (text, variable, problems) => {
      const problem = problemOf(text, variable);
      if (problem !== null) problems.push(problem);
      return text;
    },
  };
}

/** A text that is never printed, or null. @param right its form. @param problem what is wrong */
export function secret(right: RegExp, problem: string): Kind<string | null> {
  return {
    fallback: '',
    range: '',
    read: (text, variable, problems) => {
      if (text !== '' && !right.test(text)) problems.push(`${variable} ${problem}`);
      return text === '' ? null : text;
    },
  };
}

/** A comma list of texts checked by `problemOf`. @param clean normalises an entry */
export function list(
  problemOf: (entry: string, variable: string) => string | null,
  clean: (entry: string) => string = (entry) => entry,
): Kind<readonly string[]> {
  return {
    fallback: '',
    range: '',
    read: (text, variable, problems) => {
      const entries = text.split(',').flatMap((entry) => clean(entry.trim()) || []);
      problems.push(...entries.flatMap((entry) => problemOf(entry, variable) ?? []));
      return entries;
    },
  };
}
