import { type ExactJson, parseExactJson } from '../../market/exact-json.js';

/** A JSON value; a number in it is a double, unless it was read exactly (see `ExactJson`). */
export type Json = ExactJson | number | Json[] | { [key: string]: Json };

/** Thrown where text is read and a double stands, which may have lost digits. */
export class BareNumberError extends Error {
  constructor() {
    super('a number stands where text was promised');
  }
}

/**
 * Reads a message of an exchange that writes prices and volumes as strings: `JSON.parse` is faster than
 * the exact reader and loses nothing of them. Where a bare number is read as text all the same, the
 * message is read again exactly; so it is where it is no JSON, to say what is wrong with it.
 * @param read must do nothing that lasts before it has read all that it needs
 * @throws {JsonFormatError}
 */
export function readQuotedJson(text: string, read: (message: Json) => void): void {
  try {
    read(JSON.parse(text) as Json);
  } catch (error) {
    if (!(error instanceof SyntaxError || isBareNumber(error))) throw error;
    read(parseExactJson(text));
  }
}

function isBareNumber(error: unknown): boolean {
  return (
    error instanceof BareNumberError ||
    (error instanceof Error && error.cause instanceof BareNumberError)
  );
}
