import { lstatSync, readFileSync, type Stats, statSync } from 'node:fs';
import { parse } from 'dotenv';
import { danglingTarget, specialKind } from '../util/file-kind.js';

/** A file larger than this is not a settings file, bytes. */
const MAX_BYTES = 1_000_000;

/** The variables in a settings file, and what is wrong with it, one line each. */
interface SettingsFile {
  readonly values: Readonly<Record<string, string>>;
  readonly problems: readonly string[];
}

const none = (...problems: string[]): SettingsFile => ({ values: {}, problems });

/**
 * Reads a settings file with dotenv, if there is one, and checks what dotenv silently accepts: a
 * file that is not text, and lines that yield a value other than the one written. No value is
 * repeated in a problem: it may be a secret.
 */
export function readSettingsFile(path: string): SettingsFile {
  let stats: Stats | undefined;
  try {
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return none();
    stats = statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    return none(
      `${path} cannot be inspected: ${(error as Error).message}; make it readable or remove it`,
    );
  }
  if (stats === undefined) {
    return none(
      `${path} is a link to ${danglingTarget(path)}, which does not exist; create that file or remove the link`,
    );
  }
  const kind = stats.isDirectory() ? 'a folder' : specialKind(stats);
  if (kind !== null) {
    return none(`${path} is ${kind}; it must be a text file with lines NAME=value, or absent`);
  }
  if (stats.size > MAX_BYTES) {
    return none(`${path} has ${stats.size} bytes; it must be a text file with lines NAME=value`);
  }
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    return none(
      `${path} cannot be read: ${(error as Error).message}; make it readable for this user or remove it`,
    );
  }
  const [first, second] = bytes;
  if (
    (first === 0xff && second === 0xfe) ||
    (first === 0xfe && second === 0xff) ||
    bytes.includes(0)
  ) {
    return none(`${path} is in UTF-16, or not text; save it as UTF-8`);
  }
  // A byte order mark would become part of the first name.
  const text = bytes.toString('utf8').replace(/^\uFEFF/, '');
  return { values: parse(text), problems: problemsOf(path, text) };
}

const ASSIGNMENT = /^\s*(?:export\s+)?([\w.-]+)\s*(?:=|:\s)(.*)$/;

/** Lines that dotenv reads differently from what the eye sees. */
function problemsOf(path: string, text: string): string[] {
  const problems: string[] = [];
  const lines = text.split(/\r\n?|\n/);
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    if (/^\s*(#|$)/.test(line)) continue;
    const where = `line ${i + 1} of ${path}`;
    const [, name, rest = ''] = ASSIGNMENT.exec(line) ?? [];
    if (name === undefined) {
      problems.push(
        `${where} is not NAME=value; write it like that, or turn it into a comment with #`,
      );
      continue;
    }
    if (/\uFFFD/.test(rest))
      problems.push(`${name} in ${where} is not UTF-8; save the file as UTF-8`);
    const value = rest.trimStart();
    const quote = /^['"`]/.exec(value)?.[0];
    if (quote === undefined) {
      if (isCut(rest)) {
        problems.push(
          `${name} in ${where} has a # that cuts its value; put the whole value in quotes, ${name}="…", or blanks around the # of a comment`,
        );
      }
      continue;
    }
    // A quoted value may span several lines.
    let tail = closing(value.slice(1), quote);
    const start = i;
    while (tail === null && i + 1 < lines.length) tail = closing(lines[++i]!, quote);
    if (tail !== null && /^\s*(#|$)/.test(tail)) continue;
    i = start;
    problems.push(
      `${name} in ${where} has quotes that do not enclose its whole value; put it in one pair of quotes`,
    );
  }
  return problems;
}

/** Whether dotenv treats part of an unquoted value as a comment that does not look like one. */
function isCut(rest: string): boolean {
  const at = rest.indexOf('#');
  if (at === -1) return false;
  if (at === 0 || !/\s/.test(rest[at - 1]!)) return true;
  // `NAME= #value`: with nothing before it, it is a comment only if written as one.
  return rest.slice(0, at).trim() === '' && !/^#+(\s|$)/.test(rest.slice(at));
}

/** What follows the closing quote of a text; null when there is none. */
function closing(text: string, quote: string): string | null {
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === quote) return text.slice(i + 1);
  }
  return null;
}
