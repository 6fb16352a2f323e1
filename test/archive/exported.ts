import type { Reader } from '../../src/store/reader.js';
import type { ExportOptions } from '../../src/store/reader-types.js';

/** The text of an export. */
export async function exported(reader: Reader, options: ExportOptions): Promise<string> {
  const { id } = await reader.exportBegin(options);
  let text = '';
  for (
    let chunk = await reader.exportNext(id);
    chunk !== null;
    chunk = await reader.exportNext(id)
  ) {
    text += chunk.text;
  }
  return text;
}
